#include "toml_text.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "moestro/core/suggest.h"

namespace moestro {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

std::string escaped(char c) {
  constexpr std::string_view special = "\"\\\n\r\t", letters = "\"\\nrt";
  if (const size_t at = special.find(c); at != std::string_view::npos) return {'\\', letters[at]};
  const auto code = static_cast<unsigned char>(c);
  return code < 0x20 || code == 0x7f ? fmt::format("\\u{:04X}", code) : std::string(1, c);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += escaped(c);
  return out + '"';
}

// Always with a point or an exponent, so that TOML reads a number back, not an integer.
std::string number(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

std::string key(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_bare) ? name : quoted(name);
}

template <class T, class Print>
std::string list(const std::vector<T>& values, Print print) {
  std::vector<std::string> parts;
  for (const T& value : values) parts.push_back(print(value));
  return fmt::format("[{}]", joined(parts));
}

std::string table(const NamedLists& lists) {
  std::vector<std::string> parts;
  for (const auto& [name, texts] : lists)
    parts.push_back(fmt::format("{} = {}", key(name), list(texts, quoted)));
  return parts.empty() ? "{}" : fmt::format("{{ {} }}", joined(parts));
}

}  // namespace

std::string toml_text(const Field::Value& value) {
  return std::visit(
      Overloaded{[](bool v) -> std::string { return v ? "true" : "false"; },
                 [](int64_t v) { return fmt::format("{}", v); }, [](double v) { return number(v); },
                 [](const std::string& v) { return quoted(v); },
                 [](const std::vector<std::string>& v) { return list(v, quoted); },
                 [](const std::vector<double>& v) { return list(v, number); },
                 [](const NamedLists& v) { return table(v); }},
      value);
}

}  // namespace moestro
