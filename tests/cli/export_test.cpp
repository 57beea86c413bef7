// Dense runs as files for other programs, through the program.
#include <gtest/gtest.h>

#include "cli/program_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class ExportProgram : public ProgramTest {
 protected:
  Outcome train_dense() const {
    Words more;
    for (const char* setting : {"expert.count=1", "gate.kind=fixed",
                                "gate.layers=", "loss.importance=", "train.epochs=1"})
      more.insert(more.end(), {"--set", setting});
    return train(more);
  }
  Outcome export_to(const std::string& out, const Words& more = {}) const {
    Words words = {"export", "runs/toy", "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return moestro(words);
  }
};

TEST_F(ExportProgram, writes_what_the_ending_says) {
  ASSERT_TRUE(succeeds(train_dense()));
  for (const std::string name : {"toy.onnx", "toy.safetensors"}) {
    const Outcome outcome = export_to(name);
    ASSERT_TRUE(succeeds(outcome));
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, name + ": written\n");
  }
  EXPECT_TRUE(contains(get(folder_ / "toy.onnx"), "moestro"));
  EXPECT_TRUE(SafetensorsFile(folder_ / "toy.safetensors").contains("0.weight"));
}

TEST_F(ExportProgram, replaces_a_file_by_force_alone) {
  ASSERT_TRUE(succeeds(train_dense()));
  put(folder_ / "toy.onnx", "old");
  EXPECT_TRUE(
      fails(export_to("toy.onnx"), kExitUser, {"toy.onnx exists; use --force to replace it"}));
  EXPECT_EQ(get(folder_ / "toy.onnx"), "old");
  EXPECT_TRUE(succeeds(export_to("toy.onnx", {"--force"})));
  EXPECT_NE(get(folder_ / "toy.onnx"), "old");
}

TEST_F(ExportProgram, refuses_what_it_cannot_write) {
  EXPECT_TRUE(fails(export_to("toy.onnx"), kExitUser, {"runs/toy", "no such run folder"}));
  ASSERT_TRUE(succeeds(train({"--set", "train.epochs=1"})));
  EXPECT_TRUE(fails(export_to("toy.onnx"), kExitUser,
                    {"runs/toy: a mixture of 2 experts; expected a dense run (moestro densify "
                     "makes one)"}));
  EXPECT_TRUE(fails(export_to("toy.pb"), kExitUser,
                    {"toy.pb: unknown kind of file; expected a name that ends in .onnx or "
                     ".safetensors"}));
  EXPECT_TRUE(fails(moestro({"export", "runs/toy"}), kExitUser, {"--out is required"}));
  for (const char* name : {"toy.onnx", "toy.pb"}) EXPECT_FALSE(fs::exists(folder_ / name));
}

TEST_F(ExportProgram, a_disk_that_is_full_leaves_nothing) {
  ASSERT_TRUE(succeeds(train_dense()));
  for (const std::string name : {"toy.onnx", "toy.safetensors"}) {
    ProgramOptions full = options();
    full.file_limit = 200;
    EXPECT_TRUE(fails(run_program({"export", "runs/toy", "--out", name, "--quiet"}, full),
                      kExitSystem, {name, "File too large"}));
    EXPECT_FALSE(fs::exists(folder_ / name));
  }
}

}  // namespace
}  // namespace moestro::testing
