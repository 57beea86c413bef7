#include "moestro/lifecycle/embeddings.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "lifecycle/tiny_encoder.h"
#include "moestro/core/error.h"
#include "moestro/store/hugging_face.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::contains;
using testing::message_of;
using testing::TemporaryFolder;

const std::filesystem::path kModel = testing::kTinyBert;

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

TEST(Embeddings, of_a_text_file_are_those_of_its_ids) {
  const TemporaryFolder folder;
  testing::put_tiny_encoder(folder.path());
  // The third text is cut at the model's 12 positions.
  testing::put(folder / "texts.txt", "A b, z\r\n\na b c d e f g h i j k l\n");
  write_safetensors(
      folder / "ids.safetensors",
      {{"ids", at::tensor({2, 4, 5, 1, 29, 3, 2, 3, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 3})},
       {"offsets", at::tensor({0, 6, 8, 20})}});
  EmbeddingOptions options{.model = folder.path(), .out = folder / "out.safetensors"};
  const auto vectors = [&](const char* texts) {
    options.texts = folder / texts;
    EXPECT_EQ(embed_file(options), 3);
    return SafetensorsFile(options.out).tensor("embeddings").clone();
  };
  EXPECT_TRUE(at::equal(vectors("texts.txt"), vectors("ids.safetensors")));
  testing::put(folder / "sentence_bert_config.json", R"({"max_seq_length": 5})");
  const Tensor cut = vectors("texts.txt");
  testing::put(folder / "texts.txt", "a b,\n\na b c\n");
  EXPECT_TRUE(at::equal(cut, vectors("texts.txt")));
}

TEST(Embeddings, of_texts_need_a_tokenizer_that_fits) {
  const TemporaryFolder folder;
  testing::put_tiny_encoder(folder.path());
  EmbeddingOptions options{
      .model = folder.path(), .texts = folder / "texts.txt", .out = folder / "vectors.safetensors"};
  const auto refusal = [&] { return message_of<UserError>([&] { embed_file(options); }); };
  testing::put(options.texts, "");
  EXPECT_TRUE(contains(refusal(), "texts.txt: no lines; expected one text a line"));
  testing::put(options.texts, "a\nb \xff\n");
  EXPECT_TRUE(contains(refusal(), "texts.txt:2: byte 3 is no UTF-8"));
  testing::put(options.texts, "a\n");
  testing::put(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\n" + std::string(38, '\n'));
  EXPECT_TRUE(contains(refusal(), "has 41 pieces; expected at most 40, the model's vocabulary"));
  std::filesystem::remove(folder / "vocab.txt");
  EXPECT_TRUE(contains(refusal(), "neither tokenizer.json nor vocab.txt"));
  EXPECT_FALSE(std::filesystem::exists(options.out));
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
