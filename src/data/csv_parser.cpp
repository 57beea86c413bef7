#include "moestro/data/csv_parser.h"

#include <array>

#include "moestro/core/error.h"
#include "moestro/data/cell.h"

namespace moestro {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr size_t kDetectionLines = 50;

char separator_of(const std::string& word, std::string_view text, char comment) {
  if (word == "auto") return detect_separator(text, comment);
  if (word == "tab") return '\t';
  if (word == "blank") return ' ';
  MOESTRO_CHECK(word.size() == 1, "{}", word);
  return word[0];
}

// Separators outside of quotes; a run of blanks is one, and those at the ends are none.
int64_t count_separators(std::string_view line, char separator) {
  if (separator == ' ') line = trimmed(line);
  int64_t count = 0;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && separator != '\t') quoted = !quoted;
    if (quoted || line[i] != separator) continue;
    count += separator != ' ' || line[i - 1] != ' ';
  }
  return count;
}

std::vector<std::string_view> first_lines(std::string_view text, char comment) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kDetectionLines) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!trimmed(line).empty() && !(comment && line.front() == comment)) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

char detect_separator(std::string_view text, char comment) {
  static constexpr std::array<char, 4> kSeparators = {'\t', ';', ',', ' '};
  const std::vector<std::string_view> lines = first_lines(text, comment);
  char most = ',';
  int64_t most_count = 0;
  for (const char separator : kSeparators) {
    const int64_t count = lines.empty() ? 0 : count_separators(lines[0], separator);
    const bool fits = std::all_of(lines.begin(), lines.end(), [&](std::string_view line) {
      return count_separators(line, separator) == count;
    });
    if (fits && count > 0) return separator;
    if (count > most_count) most = separator, most_count = count;
  }
  return most;
}

CsvParser::CsvParser(std::string text, const std::string& name, const CsvOptions& options)
    : text_(std::move(text)), comment_(options.comment) {
  table_.file_ = name;
  table_.ends_ = {0};
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  separator_ = separator_of(options.separator, std::string_view(text_).substr(at_), comment_);
  quotes_ = separator_ != '\t';
}

CsvTable CsvParser::parse() {
  while (at_ < text_.size()) {
    if (at_line_end() || (comment_ && text_[at_] == comment_))
      skip_line();
    else
      parse_row();
  }
  text_.resize(out_);
  table_.text_ = std::move(text_);
  return std::move(table_);
}

void CsvParser::fail(const std::string& what) const {
  throw UserError("{}:{}: {}", table_.file_, line_, what);
}

// Whether nothing but blanks is left on this line.
bool CsvParser::at_line_end() const {
  size_t i = at_;
  while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\r')) ++i;
  return i == text_.size() || text_[i] == '\n';
}

void CsvParser::skip_line() {
  const size_t end = text_.find('\n', at_);
  at_ = end == text_.npos ? text_.size() : end + 1;
  ++line_;
}

void CsvParser::parse_row() {
  const uint64_t first_line = line_;
  int64_t cells = 0;
  bool more = true;
  while (more) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (quotes_ && at_ < text_.size() && text_[at_] == '"')
      parse_quoted_cell();
    else
      parse_plain_cell();
    ++cells;
    if (separator_ == ' ' && at_line_end()) break;
    more = at_ < text_.size() && text_[at_] == separator_;
    if (more) ++at_;
  }
  skip_line();
  if (table_.lines_.empty()) table_.columns_ = cells;
  if (cells != table_.columns_)
    throw UserError("{}:{}: {} cells; expected {}, as in the first row", table_.file_, first_line,
                    cells, table_.columns_);
  table_.lines_.push_back(first_line);
}

void CsvParser::parse_plain_cell() {
  size_t end = at_;
  while (end < text_.size() && text_[end] != separator_ && text_[end] != '\n') {
    if (text_[end] == '\0') fail("a NUL byte; expected a text file");
    ++end;
  }
  const std::string_view cell = trimmed(std::string_view(text_).substr(at_, end - at_));
  std::copy(cell.begin(), cell.end(), text_.begin() + static_cast<std::ptrdiff_t>(out_));
  out_ += cell.size();
  at_ = end;
  end_cell();
}

void CsvParser::parse_quoted_cell() {
  const uint64_t opened = line_;
  ++at_;
  while (true) {
    if (at_ >= text_.size()) {
      line_ = opened;
      fail("a quote opens here and never closes");
    }
    const char c = text_[at_++];
    if (c == '\0') fail("a NUL byte; expected a text file");
    if (c == '"') {
      if (at_ >= text_.size() || text_[at_] != '"') break;
      ++at_;
    }
    line_ += c == '\n';
    text_[out_++] = c;
  }
  while (at_ < text_.size() && text_[at_] == ' ' && separator_ != ' ') ++at_;
  if (!at_line_end() && text_[at_] != separator_)
    fail("text behind a closing quote; expected a separator or the end of the line");
  end_cell();
}

void CsvParser::end_cell() {
  table_.ends_.push_back(out_);
}

}  // namespace moestro
