#include "moestro/report/format.h"

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace moestro {
namespace {

constexpr std::string_view kUnknown = "–";
constexpr std::array<std::string_view, 13> kWords = {"no",   "one",    "two",   "three", "four",
                                                     "five", "six",    "seven", "eight", "nine",
                                                     "ten",  "eleven", "twelve"};

}  // namespace

std::string fixed_text(double value, int decimals) {
  if (!std::isfinite(value)) return std::string(kUnknown);
  std::string text = fmt::format("{:.{}f}", value, decimals);
  const bool zero = text.find_first_of("123456789") == std::string::npos;
  return zero && text.front() == '-' ? text.substr(1) : text;
}

std::string percent_text(double share, int decimals) {
  if (!std::isfinite(share)) return std::string(kUnknown);
  return fixed_text(100 * share, decimals) + " %";
}

std::string value_text(double value, int digits) {
  if (!std::isfinite(value)) return std::string(kUnknown);
  const double large = std::pow(10., digits);
  if (std::abs(value) >= large && std::abs(value) < 1e12) return count_text(std::llround(value));
  return fmt::format("{:.{}g}", value, digits);
}

std::string count_text(int64_t count) {
  const std::string digits = std::to_string(count);
  const std::size_t sign = count < 0 ? 1 : 0;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string number_word(int64_t count) {
  if (count < 0 || count >= static_cast<int64_t>(kWords.size())) return count_text(count);
  return std::string(kWords[static_cast<std::size_t>(count)]);
}

std::string counted(const std::string& number, int64_t count, const std::string& noun) {
  return number + " " + noun + (count == 1 ? "" : "s");
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

}  // namespace moestro
