#include "moestro/report/wrapped.h"

#include <cstdint>
#include <sstream>

#include "moestro/report/escape.h"

namespace moestro {
namespace {

constexpr int64_t kColumns = 80;

}  // namespace

std::string wrapped(const std::string& text) {
  std::istringstream words(printable(text));
  std::string out;
  int64_t column = 0;
  for (std::string word; words >> word;) {
    const int64_t width = display_width(word);
    const bool breaks = column > 0 && column + 1 + width > kColumns;
    if (column > 0) out += breaks ? '\n' : ' ';
    column = (breaks || column == 0 ? 0 : column + 1) + width;
    out += word;
  }
  return out + "\n";
}

}  // namespace moestro
