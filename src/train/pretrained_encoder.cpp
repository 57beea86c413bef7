#include "moestro/train/pretrained_encoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/store/hugging_face.h"
#include "moestro/store/json_file.h"

namespace moestro {
namespace {

constexpr uint64_t kSeed = 0;  // what is drawn is overwritten

void require_text(const HuggingFaceFolder& folder, const std::string& key, const std::string& found,
                  const std::string& expected) {
  if (found != expected)
    throw UserError("{}: \"{}\" = \"{}\"; expected \"{}\"", folder.config_path().string(), key,
                    found, expected);
}

// Where sentence-transformers says how a sentence's vector is made, it must be as ours is.
void require_mean(const HuggingFaceFolder& folder) {
  const std::filesystem::path path = folder.path() / "1_Pooling" / "config.json";
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return;
  const nlohmann::json pooling = read_json_file(path);
  for (const auto& [key, value] : pooling.items())
    if (key.starts_with("pooling_mode_") && value != (key == "pooling_mode_mean_tokens"))
      throw UserError("{}: \"{}\" = {}; expected the mean of the tokens alone", path.string(), key,
                      value.dump());
}

void require_bert(const HuggingFaceFolder& folder) {
  require_text(folder, "model_type", folder.text("model_type"), "bert");
  require_text(folder, "hidden_act", folder.text("hidden_act", "gelu"), "gelu");
  require_text(folder, "position_embedding_type",
               folder.text("position_embedding_type", "absolute"), "absolute");
  require_mean(folder);
}

std::string prefix_of(const HuggingFaceFolder& folder) {
  return folder.contains("bert.embeddings.word_embeddings.weight") ? "bert." : "";
}

// Before anything as large as the configuration says is made: does the file hold as much?
void check_sizes(const HuggingFaceFolder& folder, const TransformerShape& shape) {
  const std::string prefix = prefix_of(folder), last = std::to_string(shape.depth - 1);
  const auto require = [&](const std::string& name, const Shape& expected) {
    if (folder.shape(prefix + name) != expected)
      throw UserError("{}: \"{}\" has shape {}; expected {}, as config.json says",
                      folder.path().string(), prefix + name,
                      shape_text(folder.shape(prefix + name)), shape_text(expected));
  };
  require("embeddings.word_embeddings.weight", {folder.integer("vocab_size"), shape.width});
  require("embeddings.position_embeddings.weight", {shape.longest, shape.width});
  require("encoder.layer.0.intermediate.dense.weight", {shape.hidden, shape.width});
  require("encoder.layer." + last + ".output.dense.weight", {shape.width, shape.hidden});
}

TransformerShape shape_of(const HuggingFaceFolder& folder) {
  require_bert(folder);
  TransformerShape shape;
  shape.width = folder.integer("hidden_size");
  shape.heads = folder.integer("num_attention_heads");
  shape.depth = folder.integer("num_hidden_layers");
  shape.hidden = folder.integer("intermediate_size");
  shape.longest = folder.integer("max_position_embeddings");
  shape.epsilon = folder.number("layer_norm_eps");
  shape.norm_first = false;
  const std::string where = folder.config_path().string();
  if (shape.width % shape.heads != 0)
    throw UserError("{}: \"num_attention_heads\" = {}; expected a divisor of \"hidden_size\" = {}",
                    where, shape.heads, shape.width);
  if (!(shape.epsilon > 0))
    throw UserError("{}: \"layer_norm_eps\" = {}; expected a number above 0", where, shape.epsilon);
  check_sizes(folder, shape);
  return shape;
}

EmbeddingShape embedding_of(const HuggingFaceFolder& folder) {
  require_bert(folder);
  return {.vocabulary = folder.integer("vocab_size"), .scaled = false, .norm = true};
}

// Copies a folder's tensors, [out, in], into ours, [1, in, out].
class Loader {
 public:
  Loader(const HuggingFaceFolder& folder, const std::vector<Parameter>& parameters)
      : folder_(folder), prefix_(prefix_of(folder)) {
    for (const Parameter& parameter : parameters) ours_[parameter.name] = parameter.value;
  }

  // Rows of a table, or an entry a column: as they are.
  void same(const std::string& name, const std::string& theirs) {
    const Tensor target = ours_.at(name)[0];
    const Tensor source = read(theirs, target.sizes().vec());
    if (source.defined()) target.copy_(source);
  }

  // Several linear layers beside each other.
  void linear(const std::string& name, const std::vector<std::string>& theirs) {
    const Tensor weight = ours_.at(name + ".weight")[0], bias = ours_.at(name + ".bias")[0];
    const int64_t parts = std::ssize(theirs), out = weight.size(1) / parts;
    for (int64_t part = 0; part < parts; ++part) {
      const Tensor source = read(theirs[part] + ".weight", {out, weight.size(0)});
      if (source.defined()) weight.narrow(1, part * out, out).copy_(source.t());
      const Tensor offsets = read(theirs[part] + ".bias", {out});
      if (offsets.defined()) bias.narrow(0, part * out, out).copy_(offsets);
    }
  }

  void norm(const std::string& name, const std::string& theirs) {
    same(name + ".weight", theirs + ".weight");
    same(name + ".bias", theirs + ".bias");
  }

  // Adds the first row of a table to every row of ours: a text alone is all of type 0.
  void add_first_row(const std::string& name, const std::string& theirs, int64_t rows) {
    const Tensor target = ours_.at(name)[0];
    const Tensor source = read(theirs, {rows, target.size(1)});
    if (source.defined()) target.add_(source[0]);
  }

  void expect_no_block(int64_t block) {
    const std::string next = prefix_ + fmt::format("encoder.layer.{}.output.dense.weight", block);
    if (folder_.contains(next))
      faults_.push_back(
          fmt::format("\"{}\" is of a layer above num_hidden_layers = {}; expected as many in both",
                      next, block));
  }

  void finish() const {
    if (faults_.empty()) return;
    throw UserError("{}: {}", folder_.path().string(), joined(faults_, "; "));
  }

 private:
  // Undefined for one that is missing, has another shape or type, or is spoilt.
  Tensor read(const std::string& name, const Shape& expected) {
    const std::string full = prefix_ + name;
    if (!folder_.contains(full)) {
      faults_.push_back(fmt::format("no tensor \"{}\"", full));
    } else if (folder_.shape(full) != expected) {
      faults_.push_back(fmt::format("\"{}\" has shape {}; expected {}", full,
                                    shape_text(folder_.shape(full)), shape_text(expected)));
    } else if (!is_weight(folder_.dtype(full))) {
      faults_.push_back(fmt::format("\"{}\" is {}; expected float or bfloat16", full,
                                    c10::toString(folder_.dtype(full))));
    } else if (const Tensor tensor = folder_.tensor(full); tensor.isfinite().all().item<bool>()) {
      return tensor;
    } else {
      faults_.push_back(fmt::format("\"{}\" holds numbers that are not finite", full));
    }
    return {};
  }

  // Quantised numbers mean nothing without their scales.
  static bool is_weight(at::ScalarType type) {
    return type == at::kFloat || type == at::kBFloat16 || type == at::kHalf || type == at::kDouble;
  }

  const HuggingFaceFolder& folder_;
  std::string prefix_;
  std::map<std::string, Tensor> ours_;
  std::vector<std::string> faults_;
};

void load_block(Loader& loader, int64_t block) {
  const std::string ours = fmt::format("encoder.{}.", block);
  const std::string theirs = fmt::format("encoder.layer.{}.", block);
  const std::string self = theirs + "attention.self.";
  loader.linear(ours + "attention.qkv", {self + "query", self + "key", self + "value"});
  loader.linear(ours + "attention.out", {theirs + "attention.output.dense"});
  loader.norm(ours + "attention_norm", theirs + "attention.output.LayerNorm");
  loader.linear(ours + "feed_forward.up", {theirs + "intermediate.dense"});
  loader.linear(ours + "feed_forward.down", {theirs + "output.dense"});
  loader.norm(ours + "feed_forward_norm", theirs + "output.LayerNorm");
}

}  // namespace

PretrainedEncoder::PretrainedEncoder(const HuggingFaceFolder& folder, c10::Device device,
                                     c10::ScalarType precision)
    : device_(device),
      embedding_(embedding_of(folder), shape_of(folder), "embeddings", kSeed),
      transformer_(Transformer::Kind::encoder, shape_of(folder), "encoder", kSeed) {
  const at::NoGradGuard no_gradients;
  const std::vector<Parameter> parameters = this->parameters();
  Loader loader(folder, parameters);
  loader.same("embeddings.tokens", "embeddings.word_embeddings.weight");
  loader.same("embeddings.positions", "embeddings.position_embeddings.weight");
  loader.add_first_row("embeddings.positions", "embeddings.token_type_embeddings.weight",
                       folder.integer("type_vocab_size"));
  loader.norm("embeddings.norm", "embeddings.LayerNorm");
  for (int64_t block = 0; block < transformer_.shape().depth; ++block) load_block(loader, block);
  loader.expect_no_block(transformer_.shape().depth);
  loader.finish();
  convert(parameters, {}, at::TensorOptions(device).dtype(precision));
  for (const Parameter& parameter : parameters) parameter.value.set_requires_grad(false);
}

std::vector<Parameter> PretrainedEncoder::parameters() const {
  std::vector<Parameter> all = embedding_.parameters();
  append(all, transformer_.parameters());
  return all;
}

Tensor PretrainedEncoder::last_rows(const Tensor& inputs, const Packing& rows,
                                    const ForwardContext& context, Sides* sides) const {
  const Tensor x_ND = embedding_.forward(inputs, rows, context);
  return transformer_.forward(x_ND, rows, context, {}, nullptr, sides).x_ND;
}

}  // namespace moestro
