#include "moestro/data/record.h"

#include <tuple>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/source.h"

namespace moestro::testing {
namespace {

DataRecord labelled_texts() {
  DataRecord record;
  record.name = "reviews";
  record.sample_shape = {128};
  record.classes = 2;
  record.class_names = {"neg", "pos"};
  record.text.emplace();
  record.text->layout.format = "tsv";
  record.text->longest = 128;
  record.text->vocabulary = 40;
  TableSchema& table = record.text->table;
  table.columns.emplace_back();
  table.columns[0].name = "1";
  table.columns[0].kind = TableColumn::Kind::text;
  table.target = "2";
  table.target_position = 1;
  table.class_names = record.class_names;
  table.file_names = {"1", "2"};
  return record;
}

TEST(Record, of_texts_that_was_edited_by_hand_is_refused) {
  using Json = nlohmann::json;
  const Json json = labelled_texts().to_json();
  const auto refusal = [&](const std::string& place, const Json& value, const Json& of) {
    Json edited = of;
    edited[Json::json_pointer(place)] = value;
    return thrown<UserError>([&] { DataRecord::from_json(edited, "runs/x/data.json"); });
  };
  const std::vector<std::tuple<std::string, Json, std::string>> edits = {
      {"/classes", 3, "2 class names; expected as many as classes, 3"},
      {"/classes", -1, "classes = -1"},
      {"/class_names", {"pos"}, "1 class names; expected as many as classes, 2"},
      {"/text/table/class_names", {"a", "b", "c"}, "3 class names in its table"},
      {"/text/table/columns/0/position", 7, "is at position 7; expected 0 to 1"},
      {"/text/table/columns/0/position", -1, "is at position -1; expected 0 to 1"},
      {"/text/table/columns/0/kind", "categorical", "categories"},
      {"/text/table/columns", Json::array(), "no columns in its table"},
      {"/text/table/target_position", 2, "is at position 2; expected 0 to 1"},
      {"/text/table/separator", "x", "separator \"x\"; expected one of auto"},
      {"/text/layout/format", "xml", "format \"xml\"; expected one of tsv"},
      {"/text/layout/format", "parallel", "2 classes of a translation"},
      {"/text/layout/encoding", "utf-16", "encoding \"utf-16\"; expected one of utf-8"},
      {"/sample_shape", {64}, "sample_shape [64]; expected longest, 128"},
      {"/text/longest", 2, "longest = 2; expected at least 3"},
      {"/text/vocabulary", 0, "vocabulary = 0; expected at least 1"},
      {"/normaliser/mean", {1.0}, "expected none for texts"},
      {"/normaliser/deviation", {1.0}, "expected none for texts"}};
  for (const auto& [place, value, said] : edits)
    EXPECT_TRUE(
        says(refusal(place, value, json), {"runs/x/data.json: not a data record of a run: ", said}))
        << place;
  DataRecord pairs = labelled_texts();
  pairs.classes = 0;
  pairs.class_names.clear();
  pairs.text->layout.format = "parallel";
  pairs.text->layout.languages = {"en"};
  EXPECT_TRUE(says(refusal("/name", "x", pairs.to_json()), {"languages [en]; expected two"}));
  pairs.text->layout.languages = {"en", "de"};
  EXPECT_EQ(DataRecord::from_json(pairs.to_json(), "data.json"), pairs);
}

TEST(Record, of_a_table_has_as_many_inputs_as_its_columns_become) {
  const TemporaryFolder folder;
  put(folder / "rows.csv", "age,job,y\n1,a,yes\n2,b,no\n3,a,yes\n4,b,no\n");
  DataConfig config;
  config.path = folder / "rows.csv";
  config.format = "csv";
  config.validation = 0;
  const DataRecord record = load_data(config, {}, 1).record();
  const auto refusal = [&](const std::string& place, const nlohmann::json& value) {
    nlohmann::json edited = record.to_json();
    edited[nlohmann::json::json_pointer(place)] = value;
    return thrown<UserError>([&] { DataRecord::from_json(edited, "data.json"); });
  };
  EXPECT_EQ(refusal("/name", record.name), "(nothing thrown)");
  EXPECT_TRUE(says(refusal("/sample_shape", {4}),
                   {"sample_shape [4]; expected 3, the inputs of its table"}));
  EXPECT_TRUE(says(refusal("/table/columns/1/categories", {"a", "b", "c"}),
                   {"sample_shape [3]; expected 4, the inputs of its table"}));
  nlohmann::json short_mean = record.to_json();
  short_mean["normaliser"]["mean"] = {1., 2.};
  short_mean["normaliser"]["deviation"] = {1., 2.};
  EXPECT_TRUE(says(thrown<UserError>([&] { DataRecord::from_json(short_mean, "data.json"); }),
                   {"2 means; expected 3, one for each input of its table"}));
}

}  // namespace
}  // namespace moestro::testing
