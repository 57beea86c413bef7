#include "moestro/data/source.h"

#include <fstream>

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class Source : public ::testing::Test {
 protected:
  // 60 + 6 images of 3 classes.
  DataConfig images() {
    put_idx_set(folder_.path(), "train", 60);
    put_idx_set(folder_.path(), "t10k", 6);
    DataConfig config;
    config.path = folder_.path();
    config.format = "idx";
    return config;
  }

  DataConfig table(const std::string& name = "rows.csv") {
    std::string text = "age,job,y\n";
    for (int i = 0; i < 40; ++i)
      text += fmt::format("{},{},{}\n", i % 8 ? fmt::format("{}", i) : "?", i % 2 ? "a" : "b",
                          i % 3 ? "yes" : "no");
    put(folder_ / name, text);
    DataConfig config;
    config.path = folder_ / name;
    config.format = "csv";
    return config;
  }

  std::string error_of(const DataConfig& config) {
    return thrown<UserError>([&] { load_data(config, {}, 1); });
  }

  std::string error_of_new(const DataRecord& record, const fs::path& path,
                           Targets targets = Targets::required) {
    return thrown<UserError>([&] { load_new_rows(record, path, {}, targets); });
  }

  TemporaryFolder folder_;
};

TEST_F(Source, rows_are_split_by_seed_and_the_test_rows_are_the_files_own) {
  const DataConfig config = images();
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.train.rows(), 54);
  EXPECT_EQ(source.valid.rows(), 6);
  EXPECT_EQ(source.test.rows(), 6);
  EXPECT_EQ(load_data(config, {}, 1).digest(), source.digest());
  EXPECT_NE(load_data(config, {}, 2).valid.digest(), source.valid.digest());
  EXPECT_EQ(load_data(config, {}, 2).test.digest(), source.test.digest());
}

TEST_F(Source, validation_and_training_rows_are_disjoint) {
  const DataSource source = load_data(images(), {}, 1);
  // The first pixel of row n is 7 n mod 256: different in all 60 rows.
  const auto first = [](const Dataset& set) { return set.inputs.flatten(1).select(1, 0); };
  const Tensor all = at::cat({first(source.train), first(source.valid)});
  EXPECT_EQ(std::get<0>(at::_unique(all)).numel(), 60);
}

TEST_F(Source, without_validation_every_row_trains) {
  DataConfig config = images();
  config.validation = 0;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.train.rows(), 60);
  EXPECT_EQ(source.valid.rows(), 0);
}

TEST_F(Source, without_test_files_a_share_is_split_off_that_no_validation_moves) {
  DataConfig config = images();
  fs::remove(folder_ / "t10k-images-idx3-ubyte");
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.test.rows(), 12);
  EXPECT_EQ(source.train.rows() + source.valid.rows(), 48);
  config.validation = 0;
  EXPECT_EQ(load_data(config, {}, 1).test.digest(), source.test.digest());
}

TEST_F(Source, a_test_share_beside_test_rows_has_no_effect_and_is_refused) {
  DataConfig config = images();
  config.test = .3;
  EXPECT_TRUE(says(error_of(config), {"data.test = 0.3 has no effect"}));
}

TEST_F(Source, a_subset_is_class_balanced_and_leaves_validation_alone) {
  DataConfig config = images();
  const DataSource all = load_data(config, {}, 1);
  config.rows = 12;
  const DataSource some = load_data(config, {}, 1);
  EXPECT_EQ(some.train.class_counts(), (Ints{4, 4, 4}));
  EXPECT_EQ(some.valid.digest(), all.valid.digest());
}

TEST_F(Source, normalisation_is_fitted_on_training_rows_only) {
  const DataSource source = load_data(images(), {}, 1);
  const double mean = source.train.inputs.to(at::kDouble).mean().item<double>() / 255;
  EXPECT_NEAR(source.normaliser.mean()[0], mean, 1e-12);
  Dataset every = source.train;
  every.inputs = at::cat({source.train.inputs, source.valid.inputs});
  EXPECT_NE(source.normaliser.mean()[0], Normaliser::fit(every).mean()[0]);
}

TEST_F(Source, gaps_in_a_table_get_the_mean_of_training_rows_only) {
  DataConfig config = table();
  config.rows = 10;
  const DataSource source = load_data(config, {}, 1);
  const Tensor known = source.train.inputs.select(1, 1).eq(0);
  const double mean =
      source.train.inputs.select(1, 0).masked_select(known).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(source.table->columns[0].mean, mean, 1e-9);
  const Tensor gaps_in_test = source.test.inputs.select(1, 1).eq(1);
  ASSERT_GT(gaps_in_test.sum().item<int64_t>(), 0);
  for (const Tensor& value : source.test.inputs.select(1, 0).masked_select(gaps_in_test).unbind())
    EXPECT_FLOAT_EQ(value.item<float>(), static_cast<float>(mean));
}

TEST_F(Source, class_names_of_an_idx_folder_bound_its_labels) {
  DataConfig config = images();
  put(folder_ / "classes.txt", "zero\none\ntwo\nthree\n");
  EXPECT_EQ(load_data(config, {}, 1).train.class_names, (Strings{"zero", "one", "two", "three"}));
  put(folder_ / "classes.txt", "zero\none\n");
  EXPECT_TRUE(says(error_of(config), {"label 2 of row 2"}));
}

TEST_F(Source, an_images_file_is_read_with_the_labels_beside_it) {
  DataConfig config = images();
  config.path = folder_ / "train-images-idx3-ubyte";
  config.test_path = folder_ / "t10k-images-idx3-ubyte";
  EXPECT_EQ(load_data(config, {}, 1).test.rows(), 6);
  fs::remove(folder_ / "train-labels-idx1-ubyte");
  EXPECT_TRUE(says(error_of(config), {"no labels beside it"}));
}

TEST_F(Source, an_idx_set_that_is_not_there_is_said_to_be_so) {
  DataConfig config = images();
  const std::string none = folder_ / "none";
  config.test_path = none;
  EXPECT_EQ(error_of(config),
            none +
                ": no such file or folder; expected a folder with t10k-images-idx3-ubyte (or .gz), "
                "or a file of images");
  config.path = none;
  EXPECT_TRUE(says(error_of(config), {none + ": no such file or folder; expected a folder with "
                                             "train-images-idx3-ubyte (or .gz)"}));
  config.path = folder_.path();
  config.test_path = folder_.path() / "empty";
  fs::create_directory(config.test_path);
  EXPECT_EQ(error_of(config),
            config.test_path + ": no t10k-images-idx3-ubyte (or .gz) in this folder");
}

TEST_F(Source, a_safetensors_set_is_read_by_tensor_names) {
  write_safetensors(folder_ / "set.safetensors",
                    {{"features", at::arange(40).view({20, 2}).to(at::kFloat)},
                     {"price", at::arange(20).to(at::kFloat)}});
  DataConfig config;
  config.path = folder_ / "set.safetensors";
  config.format = "safetensors";
  config.inputs = "features";
  config.target = "price";
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.train.classes, 0);
  EXPECT_GT(source.normaliser.target_deviation(), 1);
  config.target = "prize";
  EXPECT_TRUE(says(error_of(config), {"tensor \"prize\"; there is none"}));
}

TEST_F(Source, a_named_set_is_found_below_the_data_root) {
  put_idx_set(folder_ / "mnist", "train", 30, 28, 28, 10);
  put_idx_set(folder_ / "mnist", "t10k", 10, 28, 28, 10);
  DataConfig config;
  config.name = "mnist";
  const DataSource source = load_data(config, folder_.path(), 1);
  EXPECT_EQ(source.train.sample_shape(), (Shape{1, 28, 28}));
  EXPECT_EQ(source.train.class_names.size(), 10u);
  EXPECT_EQ(source.train.name, "mnist");
}

TEST_F(Source, labels_out_of_range_of_a_named_set_are_refused) {
  put_idx_set(folder_ / "mnist", "train", 30, 28, 28, 11);
  put_idx_set(folder_ / "mnist", "t10k", 10, 28, 28, 10);
  DataConfig config;
  config.name = "mnist";
  EXPECT_TRUE(says(thrown<UserError>([&] { load_data(config, folder_.path(), 1); }),
                   {"label 10 of row 10 (counted from 0); expected 0 to 9"}));
}

TEST_F(Source, settings_that_do_not_fit_are_refused) {
  DataConfig config = table();
  config.augment = {"flip"};
  EXPECT_TRUE(says(error_of(config), {"data.augment works on images"}));
  config = table();
  config.format = "";
  EXPECT_TRUE(says(error_of(config), {"data.format is not set"}));
  config = table();
  config.rows = 1000;
  EXPECT_TRUE(says(error_of(config), {"data.rows = 1000; expected at most"}));
  config = table();
  config.path += ".none";
  EXPECT_TRUE(says(error_of(config), {"rows.csv.none: no such file"}));
}

TEST_F(Source, test_rows_of_another_shape_or_category_are_refused) {
  DataConfig config = images();
  put_idx_set(folder_.path(), "t10k", 6, 5, 3);
  EXPECT_TRUE(says(error_of(config), {"the test rows are 1x5x3; expected 1x4x3"}));
  config = table();
  put(folder_ / "test.csv", "age,job,y\n1,c,yes\n");
  config.test_path = folder_ / "test.csv";
  EXPECT_TRUE(says(error_of(config), {"test.csv:2: column \"job\": unknown category \"c\""}));
}

TEST_F(Source, a_record_survives_json_and_reads_new_rows_as_training_rows) {
  const DataSource source = load_data(table(), {}, 1);
  const std::string text = source.record().to_json().dump();
  const DataRecord record = DataRecord::from_json(nlohmann::json::parse(text), "data.json");
  EXPECT_EQ(record, source.record());
  put(folder_ / "new.csv", "job,age\na,?\n");
  const Dataset rows = load_new_rows(record, folder_ / "new.csv", {}, Targets::optional);
  EXPECT_FLOAT_EQ(rows.inputs[0][0].item<float>(),
                  static_cast<float>(source.table->columns[0].mean));
  EXPECT_FALSE(rows.has_targets());
  EXPECT_EQ(rows.class_names, (Strings{"no", "yes"}));
}

TEST_F(Source, a_record_that_is_none_is_refused) {
  EXPECT_TRUE(says(thrown<UserError>([] {
                     DataRecord::from_json({{"name", 3}}, "runs/x/data.json");
                   }),
                   {"runs/x/data.json: not a data record of a run"}));
}

TEST_F(Source, new_images_come_from_folders_files_and_tensors) {
  const DataRecord record = load_data(images(), {}, 1).record();
  EXPECT_EQ(load_new_rows(record, folder_.path(), {}, Targets::required).rows(), 6);
  const fs::path file = folder_ / "t10k-images-idx3-ubyte";
  EXPECT_EQ(load_new_rows(record, file, {}, Targets::required).rows(), 6);
  fs::remove(folder_ / "t10k-labels-idx1-ubyte");
  EXPECT_FALSE(load_new_rows(record, file, {}, Targets::optional).has_targets());
  EXPECT_TRUE(says(error_of_new(record, file), {"no labels beside it"}));
  write_safetensors(folder_ / "new.safetensors", {{"inputs", image_set(5).inputs}});
  EXPECT_EQ(load_new_rows(record, folder_ / "new.safetensors", {}, Targets::optional).rows(), 5);
}

TEST_F(Source, rows_that_the_run_was_trained_on_are_not_new) {
  put_idx_set(folder_ / "notmnist", "t10k", 40, 4, 4, 10);
  DataConfig config;
  config.name = "notmnist";
  const DataRecord record = load_data(config, folder_.path(), 1).record();
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     load_new_rows(record, "notmnist", folder_.path(), Targets::required);
                   }),
                   {"notmnist has no test files and the run was trained on its rows"}));
}

TEST_F(Source, new_rows_of_another_shape_or_more_classes_are_refused) {
  const DataRecord record = load_data(images(), {}, 1).record();
  const fs::path other = folder_ / "other";
  put_idx_set(other, "t10k", 4, 7, 7);
  EXPECT_TRUE(says(error_of_new(record, other), {"rows of 1x7x7 pixels; expected 1x4x3 pixels"}));
  put_idx_set(other, "t10k", 4, 4, 3, 4);
  EXPECT_TRUE(says(error_of_new(record, other), {"label 3 of row 3"}));
  EXPECT_TRUE(says(error_of_new(record, folder_ / "none"), {"no such file"}));
}

}  // namespace
}  // namespace moestro::testing
