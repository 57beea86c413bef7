#include "moestro/report/folded_table.h"

#include <gtest/gtest.h>

#include "report/student_fixture.h"

namespace moestro {
namespace {

using Cells = std::vector<std::string>;

NotedTable table_of(const testing::MadeUpStudent& run) {
  return folded_table(student_record(testing::student_json(run), "x").layers);
}

TEST(FoldedTable, of_chosen_units_says_how_many_and_how_strong) {
  const NotedTable table = table_of({});
  EXPECT_EQ(table.headings, (Cells{"layer", "units kept", "strength", "scale", "residual"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[1], (Cells{"encoder.3", "24 each", "28.0 %", "0.25", "12.5 %"}));
  EXPECT_NE(table.note.find("Units kept:"), std::string::npos);
  EXPECT_EQ(table.note.find("Rank:"), std::string::npos);
}

TEST(FoldedTable, of_singular_directions_says_rank_energy_and_likeness) {
  const NotedTable table = table_of({.gather = "svd", .layers = 1});
  EXPECT_EQ(table.headings, (Cells{"layer", "rank", "energy", "alike before", "after", "at most",
                                   "scale", "residual"}));
  EXPECT_EQ(table.rows.front(),
            (Cells{"encoder.1", "12", "50.0–62.5 %", "0.015", "0.250", "0.375", "0.25", "12.5 %"}));
}

TEST(FoldedTable, of_whole_networks_has_their_hidden_layers_below) {
  const NotedTable table = table_of({.gather = "topk", .layers = 0});
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0], (Cells{"whole network", "", "", "0.25", "12.5 %"}));
  EXPECT_EQ(table.rows[2], (Cells{"hidden layer 2", "24 each", "28.0 %", "", ""}));
}

TEST(FoldedTable, of_whole_networks_with_one_hidden_layer_is_one_row) {
  FoldedLayerRecord layer;
  layer.layer = "experts";
  layer.hidden = {{{1, 2}, {.5, .5}}};
  const NotedTable table = folded_table({layer});
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows.front().front(), "whole network");
  EXPECT_EQ(hidden_name(layer, 0), "whole network");
}

TEST(FoldedTable, lists_uneven_counts_of_few_experts_and_ranges_of_many) {
  FoldedLayerRecord layer;
  layer.layer = "encoder.1";
  layer.hidden = {{{0, 1, 3}, {0, .1, .9}}};
  EXPECT_EQ(folded_table({layer}).rows.front(), (Cells{"encoder.1", "0, 1, 3", "0.0–90.0 %"}));
  layer.hidden = {{std::vector<int64_t>(64, 2), std::vector<double>(64, kNotKnown)}};
  layer.hidden.front().units[5] = 0;
  EXPECT_EQ(folded_table({layer}).rows.front(), (Cells{"encoder.1", "0–2"}));
}

TEST(FoldedTable, names_the_experts_that_were_taken) {
  const NotedTable table = table_of({.gather = "best", .layers = 1});
  EXPECT_EQ(table.headings, (Cells{"layer", "experts taken", "scale", "residual"}));
  EXPECT_EQ(table.rows.front()[1], "2");
}

TEST(FoldedTable, of_names_alone_is_empty) {
  FoldedLayerRecord layer;
  layer.layer = "encoder.1";
  EXPECT_TRUE(folded_table({layer}).rows.empty());
  EXPECT_TRUE(folded_table({}).rows.empty());
}

}  // namespace
}  // namespace moestro
