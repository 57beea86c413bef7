#include "moestro/train/pretrained_encoder.h"

#include <cmath>
#include <functional>
#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/data/token_ids.h"
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
namespace fs = std::filesystem;

// tests/reference/tiny_bert.py: a model, texts, and what transformers makes of each text alone.
const fs::path kModel = fs::path(testing::kSourceDir) / "tests" / "reference" / "tiny_bert";

Tensor expected() {
  return SafetensorsFile(kModel / "embeddings.safetensors").tensor("embeddings").clone();
}

Tensor embedded(const PretrainedEncoder& encoder, const TokenIds& texts, const Tensor& texts_B) {
  const TokenBatch batch = select_texts(texts, texts_B);
  return encoder.embed(batch.ids_N, Packing(batch.lengths_B, at::kCPU));
}

TEST(PretrainedEncoder, agrees_with_transformers_alone_and_beside_others) {
  const PretrainedEncoder encoder(HuggingFaceFolder(kModel), at::kCPU);
  const TokenIds texts =
      read_token_ids(kModel / "ids.safetensors", encoder.vocabulary(), encoder.longest());
  const Tensor all = at::arange(texts.texts(), at::kLong);
  EXPECT_TRUE(at::allclose(embedded(encoder, texts, all), expected(), 0, 1e-6));
  for (int64_t text = 0; text < texts.texts(); ++text)
    EXPECT_TRUE(at::allclose(embedded(encoder, texts, all.narrow(0, text, 1)),
                             expected().narrow(0, text, 1), 0, 1e-6))
        << text;
}

TEST(PretrainedEncoder, of_half_precision_points_the_same_way) {
  const PretrainedEncoder encoder(HuggingFaceFolder(kModel), at::kCPU, at::kBFloat16);
  const TokenIds texts = read_token_ids(kModel / "ids.safetensors", 40, 12);
  const Tensor found = embedded(encoder, texts, at::arange(texts.texts(), at::kLong));
  EXPECT_GT((found * expected()).sum(1).min().item<double>(), .995);
}

// A copy of the model with another config or other tensors.
class Changed {
 public:
  Changed() {
    for (const auto& entry : fs::directory_iterator(kModel))
      fs::copy_file(entry.path(), folder_ / entry.path().filename().string());
  }
  std::string opening() const {
    return message_of<UserError>(
        [&] { PretrainedEncoder encoder(HuggingFaceFolder(folder_.path()), at::kCPU); });
  }
  const fs::path& path() const { return folder_.path(); }
  void keys(const std::string& json) { testing::put(folder_ / "config.json", json); }
  void tensors(const NamedTensors& tensors) {
    write_safetensors(folder_ / "model.safetensors", tensors);
  }

 private:
  TemporaryFolder folder_;
};

TEST(PretrainedEncoder, names_every_tensor_that_does_not_fit) {
  Changed model;
  NamedTensors kept;
  const SafetensorsFile file(kModel / "model.safetensors");
  for (const std::string& name : file.names())
    if (name != "encoder.layer.1.output.dense.bias") kept.emplace_back(name, file.tensor(name));
  for (auto& [name, tensor] : kept)
    if (name == "embeddings.LayerNorm.weight") tensor = at::ones({15});
  model.tensors(kept);
  const std::string message = model.opening();
  EXPECT_TRUE(contains(message, "\"embeddings.LayerNorm.weight\" has shape 15; expected 16"));
  EXPECT_TRUE(contains(message, "no tensor \"encoder.layer.1.output.dense.bias\""));
}

NamedTensors changed(const std::function<void(std::string&, Tensor&)>& change) {
  NamedTensors tensors;
  const SafetensorsFile file(kModel / "model.safetensors");
  for (const std::string& name : file.names()) {
    tensors.emplace_back(name, file.tensor(name));
    change(tensors.back().first, tensors.back().second);
  }
  return tensors;
}

TEST(PretrainedEncoder, refuses_numbers_that_are_not_finite) {
  Changed model;
  model.tensors(changed([](std::string& name, Tensor& tensor) {
    if (name != "encoder.layer.0.attention.self.query.weight") return;
    tensor = tensor.clone();
    tensor[1][2] = std::nan("");
  }));
  EXPECT_TRUE(contains(model.opening(),
                       "\"encoder.layer.0.attention.self.query.weight\" holds "
                       "numbers that are not finite"));
}

TEST(PretrainedEncoder, refuses_layers_that_its_config_does_not_know) {
  Changed model;
  NamedTensors tensors = changed([](std::string&, Tensor&) {});
  tensors.emplace_back("encoder.layer.2.output.dense.weight", at::zeros({16, 32}));
  model.tensors(tensors);
  EXPECT_TRUE(contains(model.opening(),
                       "\"encoder.layer.2.output.dense.weight\" is of a layer above "
                       "num_hidden_layers = 2; expected as many in both"));
}

TEST(PretrainedEncoder, reads_half_types_and_names_behind_bert) {
  Changed model;
  model.tensors(changed([](std::string& name, Tensor& tensor) {
    name = "bert." + name;
    tensor = tensor.to(at::kHalf);
  }));
  const PretrainedEncoder encoder(HuggingFaceFolder(model.path()), at::kCPU);
  const TokenIds texts = read_token_ids(kModel / "ids.safetensors", 40, 12);
  const Tensor found = embedded(encoder, texts, at::arange(texts.texts(), at::kLong));
  EXPECT_TRUE(at::allclose(found, expected(), 0, 5e-3));
}

TEST(PretrainedEncoder, refuses_quantised_weights) {
  Changed model;
  model.tensors(changed([](std::string& name, Tensor& tensor) {
    if (name == "encoder.layer.0.output.dense.weight") tensor = tensor.to(at::kChar);
  }));
  EXPECT_TRUE(
      contains(model.opening(),
               "\"encoder.layer.0.output.dense.weight\" is Char; expected float or bfloat16"));
}

TEST(PretrainedEncoder, refuses_another_pooling) {
  Changed model;
  const fs::path folder = model.path() / "1_Pooling";
  fs::create_directory(folder);
  const auto pooling = [&](const std::string& json) { testing::put(folder / "config.json", json); };
  pooling(R"({"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false, "size": 16})");
  EXPECT_NO_THROW(PretrainedEncoder(HuggingFaceFolder(model.path()), at::kCPU));
  pooling(R"({"pooling_mode_mean_tokens": false, "pooling_mode_cls_token": true})");
  EXPECT_TRUE(contains(model.opening(), "expected the mean of the tokens alone"));
}

// Sizes that the file does not hold are found before anything as large is made.
TEST(PretrainedEncoder, believes_no_size_that_the_file_does_not_have) {
  for (const auto& [key, value] :
       std::map<std::string, std::string>{{"hidden_size", "1000000000"},
                                          {"num_hidden_layers", "1000000000"},
                                          {"intermediate_size", "1000000000"},
                                          {"max_position_embeddings", "512"},
                                          {"vocab_size", "41"},
                                          {"num_attention_heads", "3"},
                                          {"layer_norm_eps", "-1"}}) {
    Changed model;
    std::string json = testing::get(kModel / "config.json");
    const size_t at = json.find(key) + key.size() + 3;
    json.replace(at, json.find_first_of(",\n", at) - at, value);
    model.keys(json);
    EXPECT_TRUE(contains(model.opening(), "; expected") || contains(model.opening(), "no tensor"))
        << key;
  }
}

TEST(PretrainedEncoder, takes_berts_alone) {
  Changed model;
  model.keys(R"({"model_type": "roberta"})");
  EXPECT_TRUE(contains(model.opening(), "\"model_type\" = \"roberta\"; expected \"bert\""));
  model.keys(R"({"model_type": "bert", "hidden_act": "relu"})");
  EXPECT_TRUE(contains(model.opening(), "\"hidden_act\" = \"relu\"; expected \"gelu\""));
  model.keys(R"({"model_type": "bert"})");
  EXPECT_TRUE(contains(model.opening(), "; expected a whole number"));
}

}  // namespace
}  // namespace moestro
