#include "moestro/data/text_file.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/utf8.h"
#include "moestro/data/input_file.h"

namespace moestro {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

[[noreturn]] void fail(const std::string& file, const std::string& text, size_t at) {
  const auto before = text.begin() + static_cast<std::ptrdiff_t>(at);
  const auto line = std::count(text.begin(), before, '\n') + 1;
  const size_t begin = at == 0 ? text.npos : text.rfind('\n', at - 1);
  const size_t column = at - (begin == text.npos ? 0 : begin + 1) + 1;
  if (text[at] == '\0')
    throw UserError("{}:{}: byte {} is NUL; expected a text file", file, line, column);
  throw UserError(
      "{}:{}: byte {} is no UTF-8; expected UTF-8, or in a recipe data.encoding = \"latin-1\" for "
      "such a file",
      file, line, column);
}

void check_utf8(const std::string& file, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = first_character(std::string_view(text).substr(at)).size;
    if (size == 0 || text[at] == '\0') fail(file, text, at);
    at += size;
  }
}

std::string from_latin1(const std::string& file, const std::string& bytes) {
  if (const size_t nul = bytes.find('\0'); nul != bytes.npos) fail(file, bytes, nul);
  std::string text;
  for (const char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
  return text;
}

}  // namespace

std::string read_text_file(const std::filesystem::path& path, const std::string& encoding) {
  MOESTRO_CHECK(encoding == "utf-8" || encoding == "latin-1", "{}", encoding);
  std::string text = InputFile(path).read_rest();
  if (encoding == "latin-1") return from_latin1(path.string(), text);
  check_utf8(path.string(), text);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

std::vector<std::string> read_lines(const std::filesystem::path& path,
                                    const std::string& encoding) {
  const std::string text = read_text_file(path, encoding);
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    const size_t next = end + 1;
    if (end > at && text[end - 1] == '\r') --end;
    lines.push_back(text.substr(at, end - at));
    at = next;
  }
  return lines;
}

bool is_named_as_text(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".txt") || name.ends_with(".txt.gz");
}

}  // namespace moestro
