#include "moestro/store/hugging_face.h"

#include <set>

#include "moestro/core/error.h"
#include "moestro/store/json_file.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTensors = "model.safetensors";
constexpr int64_t kLargest = 1 << 30;  // products of two do not overflow
constexpr const char* kIndex = "model.safetensors.index.json";

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

// The files that an index names, each once. A name with a folder in it could lead anywhere.
std::set<std::string> files_of_index(const fs::path& path) {
  const nlohmann::json index = read_json_file(path);
  const auto map = index.find("weight_map");
  if (!index.is_object() || map == index.end() || !map->is_object())
    throw UserError("{}: no \"weight_map\"; expected tensors and their files", path.string());
  std::set<std::string> files;
  for (const auto& [tensor, file] : map->items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : std::string();
    if (name.empty() || name == ".." || fs::path(name).filename().string() != name)
      throw UserError("{}: the file of \"{}\"; expected the name of one in the same folder",
                      path.string(), tensor);
    files.insert(name);
  }
  return files;
}

}  // namespace

bool is_hugging_face_folder(const fs::path& path) {
  return is_file(path / "config.json") && (is_file(path / kTensors) || is_file(path / kIndex));
}

HuggingFaceFolder::HuggingFaceFolder(const fs::path& path) : path_(path) {
  if (!is_hugging_face_folder(path))
    throw UserError("{}: expected a folder with config.json and {} (or {})", path.string(),
                    kTensors, kIndex);
  config_ = read_json_file(config_path());
  if (!config_.is_object())
    throw UserError("{}: expected an object of keys", config_path().string());
  if (is_file(path / kTensors))
    open(kTensors);
  else
    for (const std::string& file : files_of_index(path / kIndex)) open(file);
}

void HuggingFaceFolder::open(const std::string& file) {
  files_.emplace_back(path_ / file);
  for (const std::string& name : files_.back().names()) file_of_[name] = files_.size() - 1;
}

const nlohmann::json& HuggingFaceFolder::value(const std::string& key, const char* expected) const {
  const auto found = config_.find(key);
  if (found == config_.end())
    throw UserError("{}: no \"{}\"; expected {}", config_path().string(), key, expected);
  return *found;
}

int64_t HuggingFaceFolder::integer(const std::string& key) const {
  const nlohmann::json& found = value(key, "a whole number");
  const bool whole = found.is_number_integer() && found >= 1 && found <= kLargest;
  if (!whole)
    throw UserError("{}: \"{}\" = {}; expected a whole number from 1 to {}", config_path().string(),
                    key, found.dump(), kLargest);
  return found.get<int64_t>();
}

double HuggingFaceFolder::number(const std::string& key) const {
  const nlohmann::json& found = value(key, "a number");
  if (!found.is_number())
    throw UserError("{}: \"{}\" = {}; expected a number", config_path().string(), key,
                    found.dump());
  return found.get<double>();
}

std::string HuggingFaceFolder::text(const std::string& key) const {
  const nlohmann::json& found = value(key, "a text");
  if (!found.is_string())
    throw UserError("{}: \"{}\" = {}; expected a text", config_path().string(), key, found.dump());
  return found.get<std::string>();
}

std::string HuggingFaceFolder::text(const std::string& key, const std::string& fallback) const {
  return config_.contains(key) ? text(key) : fallback;
}

const SafetensorsFile& HuggingFaceFolder::file_of(const std::string& tensor) const {
  const auto found = file_of_.find(tensor);
  if (found == file_of_.end()) throw UserError("{}: no tensor \"{}\"", path_.string(), tensor);
  return files_[found->second];
}

const Shape& HuggingFaceFolder::shape(const std::string& tensor) const {
  return file_of(tensor).shape(tensor);
}

at::ScalarType HuggingFaceFolder::dtype(const std::string& tensor) const {
  return file_of(tensor).dtype(tensor);
}

Tensor HuggingFaceFolder::tensor(const std::string& name) const {
  return file_of(name).tensor(name);
}

}  // namespace moestro
