#include "moestro/core/field.h"

#include <algorithm>
#include <cmath>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "toml_text.h"

namespace moestro {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

Field::Value current(const Field::Target& target) {
  return std::visit([](auto* pointer) -> Field::Value { return *pointer; }, target);
}

// An integer serves where a number is asked for, and an empty list for a list of anything.
Field::Value converted(const Field::Value& value, const Field::Target& target) {
  if (std::holds_alternative<double*>(target) && std::holds_alternative<int64_t>(value))
    return static_cast<double>(std::get<int64_t>(value));
  if (std::holds_alternative<std::vector<double>*>(target))
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value); texts && texts->empty())
      return std::vector<double>{};
  return value;
}

}  // namespace

Field::Field(std::string key, Target target, std::string meaning)
    : key_(std::move(key)),
      meaning_(std::move(meaning)),
      default_(toml_text(current(target))),
      target_(target),
      default_value_(current(target)) {}

Field& Field::at_least(double low) {
  low_ = low, low_open_ = false;
  return *this;
}

Field& Field::above(double low) {
  low_ = low, low_open_ = true;
  return *this;
}

Field& Field::at_most(double high) {
  high_ = high, high_open_ = false;
  return *this;
}

Field& Field::below(double high) {
  high_ = high, high_open_ = true;
  return *this;
}

Field& Field::one_of(std::vector<std::string> choices) {
  choices_ = std::move(choices);
  return *this;
}

Field& Field::only_when(std::string key, std::vector<std::string> values) {
  return only_when_any({std::move(key)}, std::move(values));
}

Field& Field::only_when_any(std::vector<std::string> keys, std::vector<std::string> values) {
  conditions_.push_back({std::move(keys), std::move(values)});
  return *this;
}

std::string Field::type() const {
  return std::visit(
      Overloaded{[](bool*) { return "true or false"; }, [](int64_t*) { return "integer"; },
                 [](double*) { return "number"; }, [](std::string*) { return "text"; },
                 [](std::vector<std::string>*) { return "list of texts"; },
                 [](std::vector<double>*) { return "list of numbers"; },
                 [](NamedLists*) { return "table of lists of texts"; }},
      target_);
}

std::string Field::allowed() const {
  if (!choices_.empty()) {
    std::vector<std::string> shown = choices_;
    std::replace(shown.begin(), shown.end(), std::string(), std::string("\"\""));
    return "one of " + joined(shown);
  }
  std::vector<std::string> parts;
  if (std::isfinite(low_))
    parts.push_back(fmt::format("{} {}", low_open_ ? "above" : "at least", low_));
  if (std::isfinite(high_))
    parts.push_back(fmt::format("{} {}", high_open_ ? "below" : "at most", high_));
  return joined(parts, " and ");
}

std::string Field::expected() const {
  const std::string article = type() == "integer" ? "an " : type() == "true or false" ? "" : "a ";
  return article + type() + (allowed().empty() ? "" : ", " + allowed());
}

std::string Field::value_text() const {
  return toml_text(current(target_));
}

bool Field::is_empty() const {
  const std::string text = value_text();
  return text == "\"\"" || text == "[]" || text == "{}" || text == "0" || text == "0.0" ||
         text == "-0.0" || text == "false";
}

std::string Field::objection(const Value& value) const {
  if (value.index() != current(target_).index()) return expected();
  const auto objection_to_number = [&](double number) -> std::string {
    if (!std::isfinite(number)) return "a finite number";
    const bool fits = (low_open_ ? number > low_ : number >= low_) &&
                      (high_open_ ? number < high_ : number <= high_);
    return fits ? "" : expected();
  };
  const auto objection_to_text = [&](const std::string& text) -> std::string {
    if (choices_.empty() || std::find(choices_.begin(), choices_.end(), text) != choices_.end())
      return "";
    return allowed() + suggestion(text, choices_);
  };
  const auto first = [](const auto& values, const auto& objection_to) {
    std::string objection;
    for (const auto& value : values)
      if (objection.empty()) objection = objection_to(value);
    return objection;
  };
  return std::visit(
      Overloaded{[](bool) { return std::string(); },
                 [&](int64_t v) { return objection_to_number(static_cast<double>(v)); },
                 [&](double v) { return objection_to_number(v); },
                 [&](const std::string& v) { return objection_to_text(v); },
                 [&](const std::vector<std::string>& v) { return first(v, objection_to_text); },
                 [&](const std::vector<double>& v) { return first(v, objection_to_number); },
                 [](const NamedLists&) { return std::string(); }},
      value);
}

void Field::assign(const Value& given, const std::string& origin) {
  const Value value = converted(given, target_);
  if (const std::string wanted = objection(value); !wanted.empty())
    throw UserError("{}: {} = {}; expected {}", origin, key_, toml_text(given), wanted);
  std::visit([&](auto* pointer) { *pointer = std::get<std::decay_t<decltype(*pointer)>>(value); },
             target_);
  origin_ = origin;
}

void Field::reset() {
  std::visit(
      [&](auto* pointer) {
        *pointer = std::get<std::remove_pointer_t<decltype(pointer)>>(default_value_);
      },
      target_);
  origin_.clear();
}

bool Field::Condition::holds(const Field& other) const {
  const Value value = current(other.target_);
  const auto* text = std::get_if<std::string>(&value);
  const std::string plain = text ? *text : toml_text(value);
  return std::any_of(values.begin(), values.end(), [&](const std::string& wanted) {
    return wanted == "*" ? !other.is_empty() : wanted == plain;
  });
}

}  // namespace moestro
