// Every way in which input can be bad: one line that says what, where and what was expected, the
// exit code of who can mend it, and nothing half written.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <zlib.h>

#include "cli/program_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/digest.h"
#include "moestro/store/file.h"
#include "moestro/store/json_file.h"
#include "store/expect_error.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::fails;
using testing::get;
using testing::Outcome;
using testing::put;
using testing::succeeds;

class BadInput : public testing::ProgramTest {
 protected:
  void replace_in_recipe(const std::string& from, const std::string& to) {
    replace_in("toy.toml", from, to);
  }
  void replace_in(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = get(folder_ / file);
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    put(folder_ / file, text);
  }
  void use_images() {
    testing::put_images(folder_ / "set", "train", 60, 8, 3);
    testing::put_images(folder_ / "set", "t10k", 30, 8, 3);
    std::string recipe = testing::corners_recipe(".");
    recipe.erase(0, recipe.find("batch"));
    recipe = "[data]\npath = \"set\"\nformat = \"idx\"\n" + recipe;
    put(folder_ / "toy.toml", recipe);
  }
  void gzip_images(size_t broken_byte) {
    const fs::path file = folder_ / "set/train-images-idx3-ubyte";
    const std::string bytes = get(file);
    fs::remove(file);
    const std::string name = file.string() + ".gz";
    const gzFile out = gzopen(name.c_str(), "wb");
    gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(out);
    std::string packed = get(name);
    packed[broken_byte] ^= 0x55;
    put(name, packed);
  }
  // The message, and that no run folder is left.
  ::testing::AssertionResult refused(const std::vector<std::string>& parts) {
    const ::testing::AssertionResult result = fails(train(), kExitUser, parts);
    if (!result || !fs::exists(folder_ / "runs")) return result;
    return ::testing::AssertionFailure() << "a run folder is left";
  }
  fs::path checkpoint() const { return CheckpointStore(folder_ / "runs/toy/checkpoints").path(20); }
  bool temporaries_left() const {
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
      if (is_temporary(entry.path())) return true;
    return false;
  }
};

TEST_F(BadInput, unknown_key) {
  replace_in_recipe("count = 2", "cuont = 2");
  EXPECT_TRUE(
      refused({"toy.toml:7: unknown key \"expert.cuont\"; did you mean \"expert.count\"?"}));
  EXPECT_TRUE(fails(train({"--set", "train.epoch=2"}), kExitUser, {"toy.toml:7"}));
}

TEST_F(BadInput, unknown_key_of_the_command_line) {
  EXPECT_TRUE(fails(train({"--set", "train.epoch=2"}), kExitUser,
                    {"--set: unknown key \"train.epoch\"; did you mean \"train.epochs\"?"}));
}

TEST_F(BadInput, recipe_that_is_no_toml_or_not_there) {
  EXPECT_TRUE(fails(moestro({"train", "none.toml"}), kExitUser, {"none.toml: no such file"}));
  replace_in_recipe("count = 2", "count = = 2");
  EXPECT_TRUE(refused({"toy.toml:7: not valid TOML"}));
}

TEST_F(BadInput, wrong_type) {
  replace_in_recipe("count = 2", "count = \"two\"");
  EXPECT_TRUE(refused({"toy.toml:7: expert.count = \"two\"; expected an integer"}));
}

TEST_F(BadInput, value_out_of_range) {
  replace_in_recipe("count = 2", "count = 0");
  EXPECT_TRUE(refused({"toy.toml:7: expert.count = 0; expected an integer, at least 1"}));
}

TEST_F(BadInput, key_without_effect) {
  replace_in_recipe("count = 2", "count = 2\n[data.x]\n");
  EXPECT_TRUE(refused({"toy.toml:", "data.x"}));
  put(folder_ / "toy.toml", testing::corners_recipe(".") + "momentum = 0.9\n");
  EXPECT_TRUE(refused({"train.momentum has no effect here"}));
}

TEST_F(BadInput, impossible_layer_list) {
  replace_in_recipe("\"linear 6\", \"relu\"", "\"linear 6\", \"conv 3 3\"");
  EXPECT_TRUE(refused({"toy.toml:8: expert.layers[1] \"conv 3 3\": needs images"}));
}

TEST_F(BadInput, missing_data_file) {
  fs::remove(folder_ / "train.csv");
  EXPECT_TRUE(refused({"train.csv", "no such file"}));
}

TEST_F(BadInput, missing_named_set) {
  EXPECT_TRUE(fails(train({"--set", "data.path=", "--set", "data.test_path=", "--set",
                           "data.format=", "--set", "data.name=cifar-100", "--data-root", "."}),
                    kExitUser, {"cifar-100"}));
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
}

TEST_F(BadInput, truncated_idx) {
  use_images();
  const fs::path file = folder_ / "set/train-images-idx3-ubyte";
  fs::resize_file(file, fs::file_size(file) - 5);
  EXPECT_TRUE(refused({"set/train-images-idx3-ubyte: truncated: 3835 of the 3840 bytes"}));
}

TEST_F(BadInput, corrupted_gzip) {
  use_images();
  gzip_images(/*broken_byte=*/700);
  EXPECT_TRUE(refused({"set/train-images-idx3-ubyte.gz: "}));
}

TEST_F(BadInput, file_that_is_no_idx) {
  use_images();
  put(folder_ / "set/train-images-idx3-ubyte", "<html>404: no such page</html>");
  EXPECT_TRUE(refused({"set/train-images-idx3-ubyte: "}));
}

TEST_F(BadInput, csv_with_a_ragged_row) {
  put(folder_ / "train.csv", get(folder_ / "train.csv") + "1,2,red\n");
  EXPECT_TRUE(refused({"train.csv:162: ", "3", "4"}));
}

TEST_F(BadInput, csv_with_an_unknown_category) {
  put(folder_ / "test.csv", get(folder_ / "test.csv") + "1,2,violet,agree\n");
  EXPECT_TRUE(refused({"test.csv:62: ", "\"colour\"", "violet"}));
}

TEST_F(BadInput, label_out_of_range) {
  use_images();
  std::string labels = get(folder_ / "set/t10k-labels-idx1-ubyte");
  labels.back() = 9;
  put(folder_ / "set/t10k-labels-idx1-ubyte", labels);
  EXPECT_TRUE(refused({"set/t10k-labels-idx1-ubyte: label 9 of row 29", "expected 0 to 2"}));
}

TEST_F(BadInput, nan_in_the_data) {
  const std::string train = get(folder_ / "train.csv"), test = get(folder_ / "test.csv");
  put(folder_ / "train.csv", train + "inf,2,red,agree\n");
  EXPECT_TRUE(refused({"train.csv:162: column \"x\": \"inf\"; expected a finite number"}));
  put(folder_ / "train.csv", train + "1,2,red,nan\n");
  EXPECT_TRUE(refused({"train.csv:162: column \"label\": the target is missing"}));
  put(folder_ / "train.csv", train);
  put(folder_ / "test.csv", test + "1e999,2,red,agree\n");
  EXPECT_TRUE(refused({"test.csv:62: column \"x\": \"1e999\"; expected a finite number"}));
}

TEST_F(BadInput, nan_in_a_safetensors_set) {
  Tensor inputs_ND = at::zeros({20, 2});
  inputs_ND[7][1] = std::nan("");
  write_safetensors(folder_ / "rows.safetensors",
                    {{"inputs", inputs_ND}, {"targets", at::arange(20).remainder(2)}});
  EXPECT_TRUE(fails(train({"--set", "data.path=rows.safetensors", "--set",
                           "data.format=safetensors", "--set", "data.test_path="}),
                    kExitUser, {"rows.safetensors", "inputs"}));
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
}

TEST_F(BadInput, nan_in_the_loss) {
  EXPECT_TRUE(fails(train({"--set", "train.optimiser=sgd", "--set", "train.rate=1e30"}),
                    kExitSystem,
                    {"step 2: the loss is not finite (term \"expectation\")",
                     "the checkpoint of step 1 is kept"}));
  EXPECT_EQ(read_json_file(folder_ / "runs/toy/manifest.json")["status"], "failed");
  EXPECT_TRUE(succeeds(moestro({"report", "runs/toy"})));  // what is there can be looked at
  const Outcome evaluated = moestro({"eval", "runs/toy"});
  EXPECT_EQ(evaluated.exit_code, kExitSystem);
  EXPECT_TRUE(contains(evaluated.err, "weights after step 1\nerror: the answers for 60 of 60"));
  EXPECT_FALSE(temporaries_left());
}

TEST_F(BadInput, checkpoint_of_other_shapes) {
  ASSERT_TRUE(succeeds(train()));
  replace_in("runs/toy/recipe.toml", "linear 6", "linear 7");
  EXPECT_TRUE(fails(moestro({"eval", "runs/toy"}), kExitUser,
                    {"step-00000020.safetensors: not a checkpoint of this model", "expected"}));
}

TEST_F(BadInput, corrupted_safetensors_header) {
  ASSERT_TRUE(succeeds(train({"--set", "train.keep=1", "--set", "data.validation=0"})));
  std::string bytes = get(checkpoint());
  bytes[9] = '\xff';
  put(checkpoint(), bytes);
  const Outcome damaged = moestro({"inspect", "runs/toy"});
  EXPECT_EQ(damaged.exit_code, kExitUser);
  EXPECT_TRUE(contains(damaged.err,
                       "warning: runs/toy/checkpoints/step-00000020.safetensors: "
                       "damaged or half written"));
  EXPECT_TRUE(contains(damaged.err, "\nerror: runs/toy: "));

  // The same file with a digest that agrees: the header itself is looked at.
  write_digest(checkpoint(), sha256_of_file(checkpoint()));
  EXPECT_TRUE(fails(moestro({"inspect", "runs/toy"}), kExitUser, {"step-00000020.safetensors: "}));
}

TEST_F(BadInput, corrupted_json_of_a_run) {
  ASSERT_TRUE(succeeds(train()));
  put(folder_ / "runs/toy/data.json", "{\"name\": ");
  EXPECT_TRUE(
      fails(moestro({"eval", "runs/toy"}), kExitUser, {"runs/toy/data.json: not valid JSON"}));
}

TEST_F(BadInput, run_folder_that_is_none) {
  EXPECT_TRUE(fails(moestro({"eval", "runs/none"}), kExitUser, {"runs/none: no such run folder"}));
  EXPECT_TRUE(fails(moestro({"report", "."}), kExitUser, {". is neither a run folder nor"}));
  EXPECT_TRUE(fails(moestro({"inspect", "toy.toml"}), kExitUser, {"toy.toml is a file"}));
}

TEST_F(BadInput, run_folder_that_exists) {
  ASSERT_TRUE(succeeds(train()));
  const std::string summary = get(folder_ / "runs/toy/summary.json");
  EXPECT_TRUE(fails(train(), kExitUser,
                    {"runs/toy exists; use --force to replace it or --resume to go on"}));
  EXPECT_TRUE(fails(train({"--resume", "--seed", "5"}), kExitUser,
                    {"another recipe", "here: seed = 5, there: seed = 0"}));
  EXPECT_EQ(get(folder_ / "runs/toy/summary.json"), summary);
}

TEST_F(BadInput, full_disk_keeps_the_last_whole_checkpoint) {
  testing::ProgramOptions full = options();
  full.file_limit = 2500;  // the recipe has room, a checkpoint has not
  EXPECT_TRUE(fails(testing::run_program({"train", "toy.toml"}, full), kExitSystem,
                    {"cannot write runs/toy/checkpoints/", "File too large"}));
  EXPECT_EQ(read_json_file(folder_ / "runs/toy/manifest.json")["status"], "failed");
  EXPECT_TRUE(CheckpointStore(folder_ / "runs/toy/checkpoints").steps().empty());
  EXPECT_FALSE(temporaries_left());
  EXPECT_TRUE(succeeds(train({"--resume"})));  // with room again
}

TEST_F(BadInput, folder_that_is_not_writable) {
  fs::create_directory(folder_ / "locked");
  chmod((folder_ / "locked").c_str(), 0555);
  testing::ProgramOptions user = options();
  user.keep_out = true;
  EXPECT_TRUE(fails(testing::run_program({"train", "toy.toml", "--out", "locked/run"}, user),
                    kExitSystem, {"cannot create folder locked/run: Permission denied"}));
  EXPECT_TRUE(fs::is_empty(folder_ / "locked"));
}

TEST_F(BadInput, predictions_without_a_place_or_of_another_kind) {
  ASSERT_TRUE(succeeds(train()));
  EXPECT_TRUE(fails(moestro({"predict", "runs/toy", "--data", "test.csv", "--out", "a.txt"}),
                    kExitUser, {"a.txt: unknown kind of file", ".csv or .safetensors"}));
  EXPECT_TRUE(fails(moestro({"predict", "runs/toy", "--data", "test.csv", "--out", "no/a.csv"}),
                    kExitSystem, {"cannot write no/a.csv: No such file or directory"}));
  EXPECT_TRUE(fails(moestro({"predict", "runs/toy", "--data", "none.csv", "--out", "a.csv"}),
                    kExitUser, {"none.csv: no such file"}));
  EXPECT_FALSE(fs::exists(folder_ / "a.csv"));
  EXPECT_FALSE(fs::exists(folder_ / "a.txt"));
}

}  // namespace
}  // namespace moestro
