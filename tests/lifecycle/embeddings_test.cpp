#include "moestro/lifecycle/embeddings.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/hugging_face.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"
#include "test_paths.h"

namespace moestro {
namespace {

using testing::contains;
using testing::message_of;
using testing::TemporaryFolder;

// tests/reference/tiny_bert.py
const std::filesystem::path kModel =
    std::filesystem::path(testing::kSourceDir) / "tests" / "reference" / "tiny_bert";

Tensor expected() {
  return SafetensorsFile(kModel / "embeddings.safetensors").tensor("embeddings").clone();
}

TEST(Embeddings, are_in_the_order_of_the_texts_whatever_a_batch_holds) {
  const PretrainedEncoder encoder(HuggingFaceFolder(kModel), at::kCPU);
  const TokenIds texts = read_token_ids(kModel / "ids.safetensors", 40, 12);
  for (const int64_t tokens : {0, 1, 13, 20, 1000})
    EXPECT_TRUE(at::allclose(embed_texts(encoder, texts, tokens), expected(), 0, 1e-6)) << tokens;
}

TEST(Embeddings, of_a_file_become_a_file) {
  const TemporaryFolder folder;
  EmbeddingOptions options{.model = kModel,
                           .texts = kModel / "ids.safetensors",
                           .out = folder / "vectors.safetensors",
                           .device = "cpu"};
  EXPECT_EQ(embed_file(options), 6);
  const Tensor found = SafetensorsFile(options.out).tensor("embeddings");
  EXPECT_TRUE(at::allclose(found, expected(), 0, 1e-6));
  options.precision = "bf16";
  embed_file(options);
  const Tensor rounded = SafetensorsFile(options.out).tensor("embeddings");
  EXPECT_FALSE(at::allclose(rounded, expected(), 0, 1e-6));
  EXPECT_GT((rounded * expected()).sum(1).min().item<double>(), .995);
}

TEST(Embeddings, leave_no_file_where_something_does_not_fit) {
  const TemporaryFolder folder;
  EmbeddingOptions options{
      .model = kModel, .texts = kModel / "ids.safetensors", .out = folder / "vectors.csv"};
  const auto refusal = [&] { return message_of<UserError>([&] { embed_file(options); }); };
  EXPECT_TRUE(contains(refusal(), "expected a name that ends in .safetensors"));
  options.out = folder / "vectors.safetensors";
  write_safetensors(folder / "ids.safetensors", {{"ids", at::full({2}, 40, at::kLong)},
                                                 {"offsets", at::tensor({0, 2}, at::kLong)}});
  options.texts = folder / "ids.safetensors";
  EXPECT_TRUE(contains(refusal(), "id 40 in text 0 (counted from 0); expected 0 to 39"));
  EXPECT_FALSE(std::filesystem::exists(options.out));
}

}  // namespace
}  // namespace moestro
