#include "safetensors_json.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

namespace moestro {

namespace {

// Builds the header while nlohmann reads: duplicate names are seen, and nothing nests deeper than
// the format does, whatever the file holds.
class HeaderReader {
 public:
  explicit HeaderReader(const std::string& where) : where_(where) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) {
    if (place_ == Place::file) {
      place_ = Place::tensors;
    } else if (place_ == Place::tensor_value) {
      place_ = Place::entry;
      has_dtype_ = has_shape_ = has_offsets_ = false;
    } else if (place_ == Place::metadata_value) {
      place_ = Place::metadata;
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool key(std::string& name) {
    if (place_ == Place::tensors) {
      tensor_key(name);
    } else if (place_ == Place::entry) {
      entry_key(name);
    } else {
      if (!header_.metadata.emplace(name, "").second) duplicate(name);
      metadata_key_ = name;
      place_ = Place::metadata_text;
    }
    return true;
  }

  bool end_object() {
    if (place_ == Place::entry) {
      finish_entry();
    } else if (place_ == Place::tensors) {
      place_ = Place::done;
      return true;
    }
    place_ = Place::tensors;
    return true;
  }

  bool start_array(std::size_t) {
    if (place_ == Place::shape_value) {
      place_ = Place::shape;
    } else if (place_ == Place::offsets_value) {
      place_ = Place::offsets;
      offsets_.clear();
    } else {
      unexpected("a list");
    }
    return true;
  }

  bool end_array() {
    place_ = Place::entry;
    return true;
  }

  bool string(std::string& text) {
    if (place_ == Place::metadata_text) {
      header_.metadata[metadata_key_] = text;
      place_ = Place::metadata;
    } else if (place_ == Place::dtype) {
      header_.tensors.back().dtype = text;
      place_ = Place::entry;
    } else {
      unexpected("a text");
    }
    return true;
  }

  bool number_unsigned(uint64_t value) {
    if (place_ == Place::shape && value <= uint64_t{std::numeric_limits<int64_t>::max()}) {
      header_.tensors.back().shape.push_back(static_cast<int64_t>(value));
    } else if (place_ == Place::offsets && offsets_.size() < 2) {
      offsets_.push_back(value);
    } else {
      unexpected(std::to_string(value));
    }
    return true;
  }

  bool number_integer(int64_t value) { unexpected(std::to_string(value)); }
  bool number_float(double, const std::string& text) { unexpected(in_quotes(text)); }
  bool boolean(bool value) { unexpected(value ? "true" : "false"); }
  bool null() { unexpected("null"); }
  bool binary(std::vector<uint8_t>&) { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    refuse_safetensors(where_, "the header is not valid JSON at byte {}", position);
  }

 private:
  enum class Place {
    file,
    tensors,
    tensor_value,
    entry,
    dtype,
    shape_value,
    shape,
    offsets_value,
    offsets,
    metadata_value,
    metadata,
    metadata_text,
    done
  };

  void tensor_key(const std::string& name) {
    if (!names_.insert(name).second) duplicate(name);
    if (name == "__metadata__") {
      place_ = Place::metadata_value;
    } else {
      header_.tensors.push_back({name, {}, {}});
      place_ = Place::tensor_value;
    }
  }

  void entry_key(const std::string& name) {
    if (name == "dtype" && !has_dtype_) {
      has_dtype_ = true;
      place_ = Place::dtype;
    } else if (name == "shape" && !has_shape_) {
      has_shape_ = true;
      place_ = Place::shape_value;
    } else if (name == "data_offsets" && !has_offsets_) {
      has_offsets_ = true;
      place_ = Place::offsets_value;
    } else {
      unexpected("key " + in_quotes(name));
    }
  }

  void finish_entry() {
    SafetensorsEntry& entry = header_.tensors.back();
    if (!has_dtype_ || !has_shape_ || !has_offsets_ || offsets_.size() != 2)
      refuse_safetensors(where_, "{} needs a dtype, a shape and two data_offsets",
                         in_quotes(entry.name));
    entry.begin = offsets_[0];
    entry.end = offsets_[1];
  }

  [[noreturn]] void duplicate(const std::string& name) const {
    refuse_safetensors(where_, "{} is there twice", in_quotes(name));
  }

  [[noreturn]] void unexpected(const std::string& what) const {
    if (place_ == Place::file || header_.tensors.empty())
      refuse_safetensors(where_, "{} is not expected in the header", what);
    refuse_safetensors(where_, "{} is not expected in the header, in or after {}", what,
                       in_quotes(header_.tensors.back().name));
  }

  const std::string& where_;
  SafetensorsHeader header_;
  Place place_ = Place::file;
  std::unordered_set<std::string> names_;
  std::string metadata_key_;
  std::vector<uint64_t> offsets_;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
};

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string shown(text.substr(0, kLongest));
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < 32 || c == 127; }, '?');
  return '"' + shown + (text.size() > kLongest ? "...\"" : "\"");
}

SafetensorsHeader parse_safetensors_json(std::string_view text, const std::string& where) {
  // The reader takes a NUL byte for the end of the text.
  std::size_t nul = text.find('\0');
  if (text.empty() || text.front() != '{' || nul != std::string_view::npos)
    refuse_safetensors(where, "the header is not valid JSON at byte {}",
                       nul == std::string_view::npos ? 1 : nul + 1);
  HeaderReader reader(where);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

}  // namespace moestro
