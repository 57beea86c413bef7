#include "moestro/report/layer_record.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/report/layer_finding.h"
#include "report/transformer_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using nlohmann::json;
using testing::MadeUpTransformer;

json layers(const MadeUpTransformer& run = {}) {
  return testing::layers_inspection(run)["layers"];
}

std::string error_of(const json& list) {
  return testing::thrown<UserError>([&] { layer_records(list, "x.json"); });
}

TEST(LayerRecords, are_read_whole) {
  const std::vector<LayerRecord> records = layer_records(layers(), "x.json");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].layer, "encoder.3");
  EXPECT_EQ(records[0].experts, 4);
  EXPECT_EQ(records[0].decisions, 54321);
  EXPECT_EQ(records[0].usage, (std::vector<double>{.1, .2, .3, .4}));
  EXPECT_EQ(records[0].position_from, (std::vector<int64_t>{0, 1, 2, 4, 8}));
  EXPECT_EQ(records[0].positions.size(), 5u);
  EXPECT_EQ(records[0].tokens[1][0].token, "▁the");
  EXPECT_EQ(records[0].tokens[1][0].count, 980);
  EXPECT_TRUE(records[0].tokens[0].empty());
}

TEST(LayerRecords, whose_lengths_disagree_are_refused) {
  json list = layers();
  list[1]["usage"].push_back(0);
  EXPECT_EQ(error_of(list), "x.json: layer 1: key \"usage\" has 5 entries, expected 4");
  list = layers();
  list[0]["positions"][2].erase(0);
  EXPECT_EQ(error_of(list), "x.json: layer 0: key \"positions\": row 2 is no list of 4 numbers");
  list = layers();
  list[0]["position_from"].erase(4);
  EXPECT_EQ(error_of(list), "x.json: layer 0: key \"position_from\" has 4 entries, expected 5");
  list[0]["position_from"] = {0, 2, 1, 4, 8};
  EXPECT_EQ(error_of(list),
            "x.json: layer 0: key \"position_from\" holds no places that rise from 0");
  list = layers();
  list[0]["tokens"].erase(0);
  EXPECT_EQ(error_of(list), "x.json: layer 0: key \"tokens\" has 3 entries, expected 4");
  list[0]["tokens"] = {1, 2, 3, 4};
  EXPECT_EQ(error_of(list), "x.json: layer 0: key \"tokens\" holds no lists of tokens");
  list[0].erase("experts");
  EXPECT_EQ(error_of(list), "x.json: layer 0: key \"experts\" is 0, expected 1 or more");
}

TEST(LayerRecords, have_what_was_probed) {
  EXPECT_FALSE(layer_records(layers(), "x")[0].probing);
  json list = layers({.probing = true});
  EXPECT_EQ(layer_records(list, "x")[1].probing->others_loss, std::vector<double>(4, 1.7654));
  list[1]["probing"]["own_loss"].push_back(0);
  EXPECT_EQ(error_of(list), "x.json: layer 1: probing: key \"own_loss\" has 5 entries, expected 4");
  list = layers({.probing = true, .split = false});
  EXPECT_TRUE(layer_records(list, "x")[0].probing->share.empty());
  list[0]["probing"].erase("all_error");
  EXPECT_EQ(error_of(list), "x.json: layer 0: probing: key \"all_error\" is missing");
}

TEST(LayerRecord, counts_experts_with_a_hundredth_or_a_tenth_of_an_even_share) {
  LayerRecord layer;
  layer.experts = 4;
  layer.usage = {.5, .48, .01, .009};
  EXPECT_EQ(layer.experts_used(), 3);
  layer.experts = 100;
  layer.usage.assign(100, .01);
  layer.usage[0] = .0011;
  layer.usage[1] = .0009;
  EXPECT_EQ(layer.experts_used(), 99);
}

TEST(LayerFinding, says_usage_and_the_most_selective_token) {
  EXPECT_EQ(layer_finding(layer_records(layers(), "x")[0]),
            "4 of 4 experts used; expert 3 gets most, 40.0 % of the choices; most selective about "
            "“▁the”: 97 % of it goes to expert 1.");
  EXPECT_EQ(layer_finding(layer_records(layers({.kind = "vit"}), "x")[0]),
            "4 of 4 experts used; expert 3 gets most, 40.0 % of the choices.");
}

TEST(LayerFinding, says_when_no_token_is_typical) {
  LayerRecord layer = layer_records(layers(), "x")[0];
  for (auto& list : layer.tokens) list.clear();
  EXPECT_TRUE(
      layer_finding(layer).ends_with("; no token goes to one expert more often than chance would "
                                     "have it."));
}

TEST(RangeName, says_where_a_range_begins_and_ends) {
  const LayerRecord text = layer_records(layers(), "x")[0];
  EXPECT_EQ(range_name(text, 0), "place 0");
  EXPECT_EQ(range_name(text, 3), "places 4–7");
  EXPECT_EQ(range_name(text, 4), "places 8 on");
  LayerRecord image = layer_records(layers({.kind = "vit"}), "x")[0];
  EXPECT_EQ(range_name(image, 3), "patches 4–7");
  image.position_from = {0, 1, 8, 15, 22};
  EXPECT_EQ(range_name(image, 0), "class token");
  EXPECT_EQ(range_name(image, 1), "patches 0–6");
  EXPECT_EQ(range_name(image, 4), "patches 21 on");
}

}  // namespace
}  // namespace moestro
