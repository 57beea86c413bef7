// `moestro predict` with a pre-trained encoder in the place of a run.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cli/program_fixture.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

using testing::fails;
using testing::kSourceDir;
using testing::Outcome;
using testing::succeeds;

class Encoder : public testing::ProgramTest {
 protected:
  // tests/reference/tiny_bert.py
  const std::string model_ = std::string(kSourceDir) + "/tests/reference/tiny_bert";

  Outcome predict(const std::string& data, const std::string& out, const Words& more = {}) const {
    Words arguments = {"predict", model_, "--data", data, "--out", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return moestro(arguments);
  }
};

TEST_F(Encoder, gives_the_vectors_of_texts) {
  const Outcome outcome = predict(model_ + "/ids.safetensors", "vectors.safetensors");
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "vectors.safetensors: 6 embeddings\n");
  const Tensor found = SafetensorsFile(folder_ / "vectors.safetensors").tensor("embeddings");
  const Tensor expected = SafetensorsFile(model_ + "/embeddings.safetensors").tensor("embeddings");
  EXPECT_TRUE(at::allclose(found, expected, 0, 1e-6));
  EXPECT_TRUE(succeeds(predict(model_ + "/ids.safetensors", "half.safetensors",
                               {"--precision", "bf16", "--threads", "1"})));
}

TEST_F(Encoder, takes_texts_as_they_are_written) {
  for (const char* file : {"config.json", "model.safetensors"})
    std::filesystem::copy_file(model_ + "/" + file, folder_ / file);
  testing::put(folder_ / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n##b\n");
  testing::put(folder_ / "texts.txt", "Ab a\n\nb\n");
  const Outcome outcome =
      moestro({"predict", ".", "--data", "texts.txt", "--out", "vectors.safetensors"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "vectors.safetensors: 3 embeddings\n");
}

TEST_F(Encoder, says_what_does_not_fit) {
  EXPECT_TRUE(fails(predict(model_ + "/ids.safetensors", "vectors.csv"), 2,
                    {"vectors.csv", "expected a name that ends in .safetensors"}));
  EXPECT_TRUE(fails(predict(model_ + "/embeddings.safetensors", "vectors.safetensors"), 2,
                    {"no tensor \"ids\"", "scripts/tokenize.py"}));
  testing::put(folder_ / "texts.txt", "a text\n");
  EXPECT_TRUE(fails(predict("texts.txt", "vectors.safetensors"), 2,
                    {"tiny_bert", "neither tokenizer.json nor vocab.txt"}));
  EXPECT_TRUE(fails(predict("none.safetensors", "vectors.safetensors"), 2, {"none.safetensors"}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "vectors.safetensors"));
}

TEST_F(Encoder, has_a_precision_and_a_run_has_that_of_its_recipe) {
  ASSERT_TRUE(succeeds(train()));
  EXPECT_TRUE(fails(moestro({"predict", "runs/toy", "--data", "test.csv", "--out", "answers.csv",
                             "--precision", "bf16"}),
                    2, {"--precision", "expected it with a pre-trained encoder only"}));
}

}  // namespace
}  // namespace moestro
