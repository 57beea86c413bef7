// Numbers as people read them, the same in terminal tables and on pages. What is not known (NaN)
// is "–".
#pragma once

#include <cstdint>
#include <string>

namespace moestro {

std::string percent_text(double share, int decimals = 2);  // .0987 -> "9.87 %"
std::string fixed_text(double value, int decimals = 2);    // 2.2 -> "2.20"
std::string value_text(double value, int digits = 4);      // significant ones: "0.02345"
std::string count_text(int64_t count);                     // "768,900"

// "five", and digits from thirteen on.
std::string number_word(int64_t count);
// "one expert", "5 experts": the plural by an s.
std::string counted(const std::string& number, int64_t count, const std::string& noun);
std::string capitalised(std::string text);  // the first letter, ASCII only

}  // namespace moestro
