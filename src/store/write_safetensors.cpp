#include <algorithm>
#include <numeric>
#include <set>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "little_endian.h"
#include "moestro/core/error.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/digest.h"
#include "moestro/store/safetensors.h"
#include "safetensors_types.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

// Larger items first: whatever follows is aligned then, without the holes that the format forbids.
std::vector<std::size_t> layout_order(const NamedTensors& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].second.element_size() > tensors[b].second.element_size();
  });
  return order;
}

void check_names(const NamedTensors& tensors) {
  std::set<std::string> names = {"__metadata__"};
  for (const auto& [name, tensor] : tensors) {
    MOESTRO_CHECK(names.insert(name).second, "{} cannot name a tensor here", name);
    MOESTRO_CHECK(tensor.defined(), "{}", name);
  }
}

std::string dtype_name(const fs::path& path, const std::string& name, const Tensor& tensor) {
  auto dtype = dtype_of(tensor.scalar_type());
  if (!dtype)
    throw UserError("{}: \"{}\" has type {}, which safetensors lacks", path.string(), name,
                    c10::toString(tensor.scalar_type()));
  return std::string(*dtype);
}

// The length and the JSON, padded so that the data begin at a multiple of 8 bytes.
std::string header_bytes(const fs::path& path, const NamedTensors& tensors,
                         const std::vector<std::size_t>& order,
                         const std::map<std::string, std::string>& metadata) {
  std::vector<uint64_t> begin(tensors.size());
  uint64_t offset = 0;
  for (std::size_t i : order) {
    begin[i] = offset;
    offset += tensors[i].second.nbytes();
  }
  std::string text = "{";
  try {
    if (!metadata.empty()) text += "\"__metadata__\":" + nlohmann::json(metadata).dump() + ",";
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const auto& [name, tensor] = tensors[i];
      nlohmann::json entry = {{"dtype", dtype_name(path, name, tensor)},
                              {"shape", tensor.sizes().vec()},
                              {"data_offsets", {begin[i], begin[i] + tensor.nbytes()}}};
      text += nlohmann::json(name).dump() + ":" + entry.dump() + ",";
    }
  } catch (const nlohmann::json::exception&) {
    throw UserError("{}: a tensor's name or the metadata are not valid UTF-8", path.string());
  }
  if (text.back() == ',') text.pop_back();
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  MOESTRO_CHECK(text.size() <= kSafetensorsHeaderLimit, "a header of {} bytes", text.size());
  return little_endian(uint64_t{text.size()}) + text;
}

}  // namespace

std::string write_safetensors(AtomicFile& file, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata) {
  check_names(tensors);
  std::vector<std::size_t> order = layout_order(tensors);
  Sha256 digest;
  auto write = [&](std::string_view bytes) {
    file.write(bytes);
    digest.update(bytes);
  };
  write(header_bytes(file.path(), tensors, order, metadata));
  for (std::size_t i : order) {
    Tensor plain = tensors[i].second.detach().cpu().contiguous().resolve_conj().resolve_neg();
    if (plain.numel() > 0)
      write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  }
  return digest.hex();
}

std::string write_safetensors(const fs::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata) {
  AtomicFile file(path);
  std::string digest = write_safetensors(file, tensors, metadata);
  file.commit();
  return digest;
}

}  // namespace moestro
