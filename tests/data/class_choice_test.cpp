#include "moestro/data/class_choice.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/stderr_capture.h"
#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/source.h"
#include "moestro/store/safetensors.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

Ints kept(const Strings& texts) {
  return ClassChoice::parse(texts)->kept;
}

// Which rows of a fixture these are: the first pixel of row n is 7 n.
Ints row_numbers(const Dataset& set) {
  return list(set.inputs.flatten(1).select(1, 0).to(at::kLong).floor_divide(7));
}

class ClassChoices : public ::testing::Test {
 protected:
  // 30 + 6 images of 3 classes, of which the classes 2 and 0 are kept, in that order.
  DataConfig images() {
    put_idx_set(folder_.path(), "train", 30);
    put_idx_set(folder_.path(), "t10k", 6);
    DataConfig config;
    config.path = folder_.path();
    config.format = "idx";
    config.classes = {"2", "0"};
    config.validation = 0;
    return config;
  }

  // 12 rows; row n is of class "a", "b" or "c" in turn, and its x is n.
  DataConfig table() {
    std::string text = "x,y\n";
    for (int n = 0; n < 12; ++n) text += fmt::format("{},{}\n", n, "abc"[n % 3]);
    put(folder_ / "rows.csv", text);
    DataConfig config;
    config.path = folder_ / "rows.csv";
    config.format = "csv";
    config.classes = {"1-2"};
    config.test_path = folder_ / "rows.csv";
    config.validation = 0;
    return config;
  }

  DataConfig labelled_texts() {
    std::string text;
    for (int n = 0; n < 30; ++n) text += fmt::format("text {}\t{}\n", n, "abc"[n % 3]);
    put(folder_ / "train.tsv", text);
    put(folder_ / "valid.tsv", "v\ta\nw\tb\nx\tc\n");
    DataConfig config;
    config.path = folder_ / "train.tsv";
    config.valid_path = folder_ / "valid.tsv";
    config.format = "tsv";
    config.vocabulary = 30;
    config.classes = {"2", "0"};
    return config;
  }

  Dataset new_rows(const DataRecord& record, const std::string& name,
                   Targets targets = Targets::required) {
    return load_new_rows(record, is_here(name) ? (folder_ / name).string() : name, folder_.path(),
                         targets);
  }

  std::string error_of(const DataConfig& config) {
    return thrown<UserError>([&] { load_data(config, folder_.path(), 1); });
  }

  TemporaryFolder folder_;

 private:
  bool is_here(const std::string& name) { return fs::is_regular_file(folder_ / name); }
};

TEST_F(ClassChoices, are_numbers_and_ranges_in_their_order) {
  EXPECT_EQ(kept({"0-2", "7"}), (Ints{0, 1, 2, 7}));
  EXPECT_EQ(kept({"7", "1-2", "0"}), (Ints{7, 1, 2, 0}));
  EXPECT_EQ(kept({"4-4", "3"}), (Ints{4, 3}));
  EXPECT_FALSE(ClassChoice::parse({}));
}

TEST_F(ClassChoices, of_another_form_are_refused_before_files_are_read) {
  DataConfig config;
  config.path = "/no/such/file";
  for (const char* text : {"", "x", "-1", "3-", "-", "5-2", "1-2-3", "1,2", " 1", "1.5", "+1",
                           "0x1", "1 - 2", "0-1000000", "99999999999999999999"}) {
    config.classes = {"0-9", text};
    EXPECT_EQ(error_of(config),
              fmt::format("data.classes[1] = \"{}\"; expected a class by its number, \"7\", or a "
                          "range, \"0-59\"",
                          text));
  }
  config.classes = {"0-5", "9", "3-4"};
  EXPECT_EQ(error_of(config), "data.classes: class 3 is there twice; expected every class once");
  config.classes = {"7"};
  EXPECT_EQ(error_of(config), "data.classes = [\"7\"]: one class; expected at least 2");
}

TEST_F(ClassChoices, keep_their_rows_in_the_order_of_the_file_and_number_them_anew) {
  const DataSource source = load_data(images(), {}, 1);
  EXPECT_EQ(source.train.rows(), 20);
  EXPECT_EQ(source.train.classes, 2);
  EXPECT_EQ(source.train.class_names, (Strings{"2", "0"}));
  EXPECT_EQ(source.train.class_counts(), (Ints{10, 10}));
  EXPECT_EQ(row_numbers(source.test), (Ints{0, 2, 3, 5}));
  EXPECT_EQ(list(source.test.targets_N), (Ints{1, 0, 1, 0}));
  EXPECT_EQ(source.test.class_names, (Strings{"2", "0"}));
}

TEST_F(ClassChoices, are_made_before_any_split) {
  DataConfig config = images();
  fs::remove(folder_ / "t10k-images-idx3-ubyte");
  config.validation = .25;
  config.label_noise = .5;
  config.rows = 10;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.test.rows(), 4);
  EXPECT_EQ(source.valid.rows(), 4);
  EXPECT_EQ(source.train.rows(), 10);
  for (const Dataset* part : {&source.train, &source.valid, &source.test}) {
    for (const int64_t n : row_numbers(*part)) EXPECT_NE(n % 3, 1);
    for (const int64_t label : list(part->targets_N)) EXPECT_TRUE(label == 0 || label == 1);
  }
}

TEST_F(ClassChoices, all_of_them_in_their_order_change_no_row) {
  DataConfig config = images();
  config.classes = {"0-2"};
  const DataSource some = load_data(config, {}, 1);
  config.classes = {};
  EXPECT_EQ(some.digest(), load_data(config, {}, 1).digest());
}

TEST_F(ClassChoices, of_cifar_100_leave_its_files_those_of_cifar_100) {
  std::vector<std::string> labels, others;
  for (int c = 0; c < 100; ++c) labels.push_back({static_cast<char>(c / 5), static_cast<char>(c)});
  for (const int c : {59, 60, 3}) others.push_back({'\1', static_cast<char>(c)});
  fs::create_directories(folder_ / "cifar-100");
  put(folder_ / "cifar-100/train.bin", cifar_bytes(labels));
  put(folder_ / "cifar-100/test.bin", cifar_bytes(others));
  DataConfig config;
  config.name = "cifar-100";
  config.classes = {"0-59"};
  config.validation = 0;
  const DataSource source = load_data(config, folder_.path(), 1);
  EXPECT_EQ(source.train.rows(), 60);
  EXPECT_EQ(source.train.class_names.size(), 60u);
  EXPECT_EQ(source.train.class_names[0], "apple");
  EXPECT_EQ(list(source.train.targets_N), list(at::arange(60)));
  EXPECT_EQ(list(source.test.targets_N), (Ints{59, 3}));
  for (const char* name : {"cifar-100", "cifar-100/test.bin"}) {
    const Dataset again = new_rows(source.record(), name);
    EXPECT_EQ(again.digest(), source.test.digest());
    EXPECT_EQ(again.class_names, source.train.class_names);
  }
}

TEST_F(ClassChoices, hold_for_new_images_and_tensors) {
  const DataSource source = load_data(images(), {}, 1);
  EXPECT_EQ(new_rows(source.record(), "t10k-images-idx3-ubyte").digest(), source.test.digest());
  Dataset set = image_set(6);
  write_safetensors(folder_ / "new.safetensors",
                    {{"inputs", set.inputs}, {"targets", set.targets_N}});
  EXPECT_EQ(new_rows(source.record(), "new.safetensors").digest(), source.test.digest());
  write_safetensors(folder_ / "bare.safetensors", {{"inputs", set.inputs}});
  EXPECT_EQ(new_rows(source.record(), "bare.safetensors", Targets::optional).rows(), 6);
  write_safetensors(folder_ / "wrong.safetensors",
                    {{"inputs", set.inputs}, {"targets", set.targets_N + 1}});
  EXPECT_TRUE(says(thrown<UserError>([&] { new_rows(source.record(), "wrong.safetensors"); }),
                   {"label 3 of row 2 (counted from 0); expected 0 to 2"}));
}

TEST_F(ClassChoices, hold_for_new_rows_of_a_table) {
  const DataSource source = load_data(table(), {}, 1);
  EXPECT_EQ(source.train.class_names, (Strings{"b", "c"}));
  EXPECT_EQ(list(source.test.targets_N), (Ints{0, 1, 0, 1, 0, 1, 0, 1}));
  EXPECT_NEAR(source.table->columns[0].mean, 6, 1e-9);  // of 1, 2, 4, 5, 7, 8, 10, 11
  const DataRecord record = source.record();
  EXPECT_EQ(new_rows(record, "rows.csv").digest(), source.test.digest());
  put(folder_ / "bare.csv", "x\n1\n2\n3\n");
  EXPECT_EQ(new_rows(record, "bare.csv", Targets::optional).rows(), 3);
  put(folder_ / "others.csv", "x,y\n1,a\n2,a\n");
  EXPECT_EQ(thrown<UserError>([&] { new_rows(record, "others.csv"); }),
            "others.csv: no row is of the 2 classes that data.classes keeps");
}

TEST_F(ClassChoices, of_new_rows_are_said) {
  const DataRecord record = load_data(table(), {}, 1).record();
  set_log_level(LogLevel::info);
  StderrCapture said;
  new_rows(record, "rows.csv");
  EXPECT_TRUE(says(said.text(),
                   {"rows.csv: 4 of 12 rows are of classes that the run left out (data.classes)"}));
  set_log_level(LogLevel::quiet);
}

TEST_F(ClassChoices, of_texts_come_before_the_tokenizer) {
  if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  const DataSource source = load_data(labelled_texts(), {}, 1);
  EXPECT_EQ(source.train.rows() + source.test.rows(), 20);
  EXPECT_EQ(source.train.class_names, (Strings{"c", "a"}));
  EXPECT_EQ(source.valid.texts, (Strings{"v", "x"}));
  EXPECT_EQ(list(source.valid.targets_N), (Ints{1, 0}));
  for (size_t n = 0; n < source.test.texts.size(); ++n)
    EXPECT_EQ(std::stoi(source.test.texts[n].substr(5)) % 3,
              source.test.targets_N[n].item<int64_t>() == 0 ? 2 : 0);
  const std::string json = source.record().to_json().dump();
  const DataRecord record = DataRecord::from_json(nlohmann::json::parse(json), "data.json");
  const Dataset again =
      load_new_rows(record, folder_ / "valid.tsv", {}, Targets::required, source.tokenizer);
  EXPECT_EQ(again.digest(), source.valid.digest());
}

TEST_F(ClassChoices, of_token_ids_hold_for_every_file) {
  write_safetensors(folder_ / "ids.safetensors",
                    {{"ids", at::arange(9, at::kLong)},
                     {"offsets", at::arange(10, at::kLong)},
                     {"targets", at::arange(9, at::kLong).remainder(3)}},
                    {{"vocabulary", "50"}, {"class_names", "[\"a\", \"b\", \"c\"]"}});
  DataConfig config;
  config.path = config.test_path = folder_ / "ids.safetensors";
  config.format = "ids";
  config.classes = {"2", "1"};
  config.validation = 0;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.train.class_names, (Strings{"c", "b"}));
  EXPECT_EQ(list(source.test.inputs.flatten().to(at::kLong)), (Ints{1, 2, 4, 5, 7, 8}));
  EXPECT_EQ(list(source.test.targets_N), (Ints{1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(new_rows(source.record(), "ids.safetensors").digest(), source.test.digest());
}

TEST_F(ClassChoices, without_classes_or_out_of_range_are_refused) {
  DataConfig config = images();
  config.classes = {"0-3"};
  const std::string name = folder_.path().filename().stem().string();
  EXPECT_EQ(error_of(config),
            "data.classes: class 3; expected numbers from 0 to 2, the classes of " + name);
  config = table();
  config.task = "values";
  config.target = "x";
  EXPECT_EQ(error_of(config), "data.classes: the targets of rows are values; expected classes");
  put(folder_ / "pairs.en", "a man\na dog\n");
  put(folder_ / "pairs.de", "ein Mann\nein Hund\n");
  config = DataConfig();
  config.path = folder_ / "pairs";
  config.format = "parallel";
  config.languages = {"en", "de"};
  config.classes = {"0-1"};
  EXPECT_EQ(error_of(config),
            "data.classes: the targets of pairs are translations; expected classes");
}

TEST_F(ClassChoices, of_a_record_survive_json_and_are_checked) {
  const DataRecord record = load_data(table(), {}, 1).record();
  const nlohmann::json json = nlohmann::json::parse(record.to_json().dump());
  EXPECT_EQ(json["choice"], nlohmann::json::parse(R"({"kept": [1, 2], "names": ["a", "b", "c"]})"));
  EXPECT_EQ(DataRecord::from_json(json, "data.json"), record);
  const auto refusal = [&](const std::string& place, const nlohmann::json& value) {
    nlohmann::json edited = json;
    edited[nlohmann::json::json_pointer(place)] = value;
    return thrown<UserError>([&] { DataRecord::from_json(edited, "data.json"); });
  };
  EXPECT_TRUE(says(refusal("/choice/kept", {1, 3}), {"keeps class 3; expected 0 to 2"}));
  EXPECT_TRUE(says(refusal("/choice/kept", {-1, 2}), {"keeps class -1; expected 0 to 2"}));
  EXPECT_TRUE(says(refusal("/choice/kept", {0, 2}), {"keeps the classes a, c; expected b, c"}));
  EXPECT_TRUE(says(refusal("/choice/names", {"b", "c"}), {"keeps class 2; expected 0 to 1"}));
  EXPECT_TRUE(says(refusal("/choice/names", {"a", "b", "c", "d"}),
                   {"3 class names in its table; expected as many as classes, 4"}));
}

TEST_F(ClassChoices, leave_a_record_without_them_as_it_was) {
  DataConfig config = table();
  config.classes = {};
  const DataRecord record = load_data(config, {}, 1).record();
  EXPECT_FALSE(record.choice);
  EXPECT_FALSE(record.to_json().contains("choice"));
  EXPECT_EQ(record.file_classes(), 3);
  EXPECT_EQ(DataRecord::from_json(record.to_json(), "data.json"), record);
}

}  // namespace
}  // namespace moestro::testing
