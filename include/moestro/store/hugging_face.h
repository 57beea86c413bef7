// A model as the Hugging Face libraries store it: a folder with config.json and the tensors in
// model.safetensors, or in several files that model.safetensors.index.json lists.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "moestro/store/safetensors.h"

namespace moestro {

// Whether the folder looks like one: config.json and a file of tensors.
bool is_hugging_face_folder(const std::filesystem::path& path);

class HuggingFaceFolder {
 public:
  // Throws UserError for a folder without config.json or tensors, and for damaged files.
  explicit HuggingFaceFolder(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config_path() const { return path_ / "config.json"; }

  // Of config.json. Throw UserError where the key is missing or holds something else; with a
  // fallback only for the latter.
  int64_t integer(const std::string& key) const;  // from 1 to 2^30
  double number(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::string text(const std::string& key, const std::string& fallback) const;

  bool contains(const std::string& tensor) const { return file_of_.count(tensor) != 0; }
  const Shape& shape(const std::string& tensor) const;
  at::ScalarType dtype(const std::string& tensor) const;
  // A view of the mapped file: to be read only. Throws UserError for one that is not there.
  Tensor tensor(const std::string& name) const;

 private:
  const nlohmann::json& value(const std::string& key, const char* expected) const;
  const SafetensorsFile& file_of(const std::string& tensor) const;
  void open(const std::string& file);

  std::filesystem::path path_;
  nlohmann::json config_;
  std::vector<SafetensorsFile> files_;
  std::unordered_map<std::string, size_t> file_of_;
};

}  // namespace moestro
