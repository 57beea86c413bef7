#include "json_view.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

using nlohmann::json;

const json kNoObject = json::object();
const json kNoList = json::array();

double number_of(const json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace

JsonView::JsonView(const json& value, std::string where)
    : value_(&value), where_(std::move(where)) {
  if (!value.is_object())
    throw UserError("{}: {} where an object was expected", where_, value.type_name());
}

const json* JsonView::find(const std::string& key) const {
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

bool JsonView::has(const std::string& key) const {
  return find(key) != nullptr;
}

double JsonView::number(const std::string& key) const {
  const json* value = find(key);
  if (!value) return std::numeric_limits<double>::quiet_NaN();
  if (!value->is_number()) wrong_type(key, *value, "a number");
  return value->get<double>();
}

int64_t JsonView::integer(const std::string& key, int64_t fallback) const {
  const json* value = find(key);
  if (!value) return fallback;
  if (!value->is_number_integer()) wrong_type(key, *value, "an integer");
  return value->get<int64_t>();
}

bool JsonView::flag(const std::string& key) const {
  const json* value = find(key);
  if (!value) return false;
  if (!value->is_boolean()) wrong_type(key, *value, "true or false");
  return value->get<bool>();
}

std::string JsonView::text(const std::string& key) const {
  const json* value = find(key);
  if (!value) return {};
  if (!value->is_string()) wrong_type(key, *value, "a text");
  return value->get<std::string>();
}

std::vector<double> JsonView::numbers(const std::string& key) const {
  std::vector<double> found;
  for (const json& value : list(key)) {
    if (!value.is_number() && !value.is_null()) wrong_type(key, value, "numbers");
    found.push_back(number_of(value));
  }
  return found;
}

std::vector<std::string> JsonView::texts(const std::string& key) const {
  std::vector<std::string> found;
  for (const json& value : list(key)) {
    if (!value.is_string()) wrong_type(key, value, "texts");
    found.push_back(value.get<std::string>());
  }
  return found;
}

JsonView JsonView::object(const std::string& key) const {
  const json* value = find(key);
  if (value && !value->is_object()) wrong_type(key, *value, "an object");
  return {value ? *value : kNoObject, where_};
}

const json& JsonView::list(const std::string& key) const {
  const json* value = find(key);
  if (!value) return kNoList;
  if (!value->is_array()) wrong_type(key, *value, "a list");
  return *value;
}

std::vector<std::string> JsonView::keys() const {
  std::vector<std::string> found;
  for (const auto& [key, value] : value_->items()) found.push_back(key);
  return found;
}

void JsonView::fail(const std::string& what) const {
  throw UserError("{}: {}", where_, what);
}

void JsonView::wrong_type(const std::string& key, const json& value, const char* expected) const {
  fail(fmt::format("key \"{}\" holds {}, expected {}", key, value.type_name(), expected));
}

}  // namespace moestro
