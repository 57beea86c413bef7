#include "moestro/data/token_ids.h"

#include <algorithm>
#include <fstream>
#include <unordered_set>

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/data/dataset.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

// More than any tokenizer has; a table of vectors of so many rows is still a size to allocate.
constexpr int64_t kMostTokens = int64_t{1} << 24;

// A text given for ids would be called a damaged header of some length.
void refuse_other_files(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return;
  constexpr size_t kLength = 8;  // a little-endian count, then JSON
  char begin[kLength + 1] = {};
  std::ifstream file(path, std::ios::binary);
  if (file && (!file.read(begin, sizeof begin) || begin[kLength] != '{'))
    throw UserError(
        "{}: no safetensors file; expected ids made by scripts/tokenize.py (predict takes texts, "
        "too: a file of one a line that ends in .txt)",
        path.string());
}

Tensor whole_numbers(const SafetensorsFile& file, const std::string& name) {
  if (!file.contains(name))
    throw UserError("{}: no tensor \"{}\"; expected a file of scripts/tokenize.py",
                    file.path().string(), name);
  const Tensor tensor = file.tensor(name);
  if (tensor.dim() != 1 || !at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false))
    throw UserError("{}: \"{}\" is {} of {}; expected a list of whole numbers",
                    file.path().string(), name, shape_text(tensor.sizes().vec()),
                    c10::toString(tensor.scalar_type()));
  return tensor.to(at::kLong);
}

void check_offsets(const std::string& path, const TokenIds& texts) {
  const Tensor& offsets = texts.offsets_S;
  const int64_t ids = texts.ids_M.size(0);
  const bool ends =
      offsets.numel() >= 2 && offsets[0].item<int64_t>() == 0 && offsets[-1].item<int64_t>() == ids;
  if (!ends || offsets.lt(0).logical_or(offsets.gt(ids)).any().item<bool>() ||
      texts.lengths_N().lt(0).any().item<bool>())
    throw UserError("{}: \"offsets\"; expected rising numbers from 0 to {}, the count of ids", path,
                    ids);
  const Tensor empty = texts.lengths_N().eq(0).nonzero();
  if (empty.numel() > 0)
    throw UserError("{}: text {} (counted from 0) has no tokens; expected at least one", path,
                    empty[0][0].item<int64_t>());
}

void check_ids(const std::string& path, const TokenIds& texts, int64_t vocabulary,
               int64_t longest) {
  const Tensor strange = texts.ids_M.lt(0).logical_or(texts.ids_M.ge(vocabulary)).nonzero();
  if (strange.numel() > 0) {
    const auto place = strange[0][0].item<int64_t>();
    throw UserError(
        "{}: id {} in text {} (counted from 0); expected 0 to {}, the vocabulary of this model "
        "(made by another tokenizer?)",
        path, texts.ids_M[place].item<int64_t>(),
        texts.offsets_S.le(place).sum().item<int64_t>() - 1, vocabulary - 1);
  }
  const Tensor lengths_N = texts.lengths_N();
  const Tensor long_ones = lengths_N.gt(longest).nonzero();
  if (long_ones.numel() == 0) return;
  const auto first = long_ones[0][0].item<int64_t>();
  throw UserError(
      "{}: text {} (counted from 0) has {} tokens; expected at most {}, the positions of this "
      "model (scripts/tokenize.py --longest cuts)",
      path, first, lengths_N[first].item<int64_t>(), longest);
}

// Throws nlohmann's exceptions.
void read_metadata(const SafetensorsFile& file, TokenIds& texts) {
  const auto& metadata = file.metadata();
  if (const auto found = metadata.find("vocabulary"); found != metadata.end()) {
    const auto vocabulary = nlohmann::json::parse(found->second);
    if (!vocabulary.is_number_integer() || vocabulary < 1 || vocabulary > kMostTokens)
      throw UserError("{}: a vocabulary of {} in its metadata; expected 1 to {}",
                      file.path().string(), vocabulary.dump(), kMostTokens);
    texts.vocabulary = vocabulary.get<int64_t>();
  }
  if (const auto found = metadata.find("class_names"); found != metadata.end())
    nlohmann::json::parse(found->second).get_to(texts.class_names);
}

void check_class_names(const std::string& path, const std::vector<std::string>& names) {
  if (names.empty())
    throw UserError(
        "{}: \"targets\" are classes (int64) and the metadata have no class_names; expected them, "
        "as scripts/tokenize.py --labels classes writes them",
        path);
  std::unordered_set<std::string> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second)
      throw UserError("{}: class \"{}\" twice in class_names; expected different names", path,
                      name);
}

void read_targets(const SafetensorsFile& file, TokenIds& texts) {
  const std::string path = file.path().string();
  const Tensor targets = file.tensor("targets");
  const auto type = targets.scalar_type();
  const bool classes = type == at::kLong, values = type == at::kFloat;
  if (targets.dim() != 1 || targets.size(0) != texts.texts() || !(classes || values))
    throw UserError("{}: \"targets\" is {} of {}; expected {} numbers, int64 or float32", path,
                    shape_text(targets.sizes().vec()), c10::toString(type), texts.texts());
  if (values && !targets.isfinite().all().item<bool>())
    throw UserError("{}: \"targets\" holds numbers that are not finite", path);
  if (classes) {
    check_class_names(path, texts.class_names);
    check_labels(path, targets, static_cast<int64_t>(texts.class_names.size()));
  }
  texts.targets_N = targets.clone();
  if (values) texts.class_names.clear();
}

}  // namespace

Tensor TokenIds::lengths_N() const {
  return offsets_S.diff();
}

TokenIds read_token_ids(const std::filesystem::path& path, int64_t vocabulary, int64_t longest) {
  refuse_other_files(path);
  const SafetensorsFile file(path);
  TokenIds texts{whole_numbers(file, "ids"), whole_numbers(file, "offsets"), {}, {}, 0};
  check_offsets(path.string(), texts);
  try {
    read_metadata(file, texts);
  } catch (const nlohmann::json::exception& error) {
    throw UserError("{}: damaged metadata: {}", path.string(), error.what());
  }
  if (vocabulary == 0) vocabulary = texts.vocabulary;
  if (vocabulary <= 0)
    throw UserError("{}: its metadata have no vocabulary; expected a file of scripts/tokenize.py",
                    path.string());
  check_ids(path.string(), texts, vocabulary, longest);
  if (file.contains("targets")) read_targets(file, texts);
  return texts;
}

TokenBatch select_texts(const TokenIds& texts, const Tensor& texts_B) {
  const Tensor lengths_B = texts.lengths_N().index_select(0, texts_B);
  const Tensor begins_B = texts.offsets_S.index_select(0, texts_B);
  // Row r of text b is token begins[b] + r - (rows before it).
  const Tensor shift_B = begins_B - (lengths_B.cumsum(0) - lengths_B);
  const Tensor places_N =
      at::arange(lengths_B.sum().item<int64_t>(), at::kLong) + shift_B.repeat_interleave(lengths_B);
  return {texts.ids_M.index_select(0, places_N), lengths_B};
}

std::vector<Tensor> batches_by_length(const Tensor& lengths_N, int64_t tokens) {
  const Tensor order_N = lengths_N.argsort(/*stable=*/true, 0, /*descending=*/true);
  const Tensor sorted_N = lengths_N.index_select(0, order_N);
  const int64_t* lengths = sorted_N.const_data_ptr<int64_t>();
  std::vector<Tensor> batches;
  for (int64_t first = 0; first < sorted_N.size(0);) {
    const int64_t most = std::max<int64_t>(tokens / lengths[first], 1);
    const int64_t count = std::min(most, sorted_N.size(0) - first);
    batches.push_back(order_N.narrow(0, first, count));
    first += count;
  }
  return batches;
}

}  // namespace moestro
