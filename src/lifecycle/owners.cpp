#include "moestro/lifecycle/owners.h"

#include <charconv>
#include <limits>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "moestro/core/error.h"
#include "moestro/measure/adjusted_mutual_information.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

constexpr int64_t kMostInByte = 256;

std::string text_of(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    throw UserError("{}: the metadata have no \"{}\"", file.path().string(), key);
  return found->second;
}

int64_t count_of(const SafetensorsFile& file, const std::string& key) {
  const std::string text = text_of(file, key);
  int64_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count < 1)
    throw UserError("{}: metadata \"{}\" is \"{}\", expected a number from 1 on",
                    file.path().string(), key, text);
  return count;
}

}  // namespace

void write_owners(const std::filesystem::path& path, const Owners& owners, const std::string& set) {
  const auto type = owners.experts <= kMostInByte ? at::kByte : at::kInt;
  write_safetensors(path, {{"expert", owners.expert_N.to(type)}},
                    {{"set", set},
                     {"experts", std::to_string(owners.experts)},
                     {"rows_digest", owners.rows_digest}});
}

Owners read_owners(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  if (!file.contains("expert")) throw UserError("{}: tensor \"expert\" is missing", path.string());
  const Shape& shape = file.shape("expert");
  const at::ScalarType type = file.dtype("expert");
  if (shape.size() != 1 || shape[0] == 0 || !at::isIntegralType(type, /*includeBool=*/false))
    throw UserError("{}: tensor \"expert\" is {} [{}], expected whole numbers [rows]",
                    path.string(), at::toString(type), fmt::join(shape, ", "));
  Owners owners{file.tensor("expert").to(at::kLong), count_of(file, "experts"),
                text_of(file, "rows_digest")};
  const auto low = owners.expert_N.min().item<int64_t>(),
             high = owners.expert_N.max().item<int64_t>();
  if (low < 0 || high >= owners.experts)
    throw UserError("{}: {} is none of the {} experts", path.string(), low < 0 ? low : high,
                    owners.experts);
  return owners;
}

bool comparable(const Owners& a, const Owners& b) {
  return a.rows_digest == b.rows_digest && a.expert_N.size(0) == b.expert_N.size(0);
}

std::vector<std::vector<double>> split_agreement(const std::vector<const Owners*>& splits) {
  const size_t count = splits.size();
  std::vector<std::vector<double>> agreement(count, std::vector<double>(count, 1));
  for (size_t i = 0; i < count; ++i)
    for (size_t j = 0; j < i; ++j)
      agreement[i][j] = agreement[j][i] =
          comparable(*splits[i], *splits[j])
              ? adjusted_mutual_information(splits[i]->expert_N, splits[j]->expert_N)
              : std::numeric_limits<double>::quiet_NaN();
  return agreement;
}

}  // namespace moestro
