#include "report/well_formed.h"

#include <algorithm>
#include <regex>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace moestro::testing {
namespace {

const std::regex kEntity("^&(amp|lt|gt|quot|#[0-9]+);", std::regex::optimize);

// What stands in a tag without its brackets. Attributes are taken off by hand: a picture's is too
// long for std::regex.
struct Tag {
  std::string name;
  bool closing = false, empty = false, valid = false;
};

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':';
  });
}

Tag parse_tag(std::string_view text) {
  Tag tag;
  if (text.starts_with('/')) {
    tag.closing = true;
    text.remove_prefix(1);
  }
  if (text.ends_with('/')) {
    tag.empty = true;
    text.remove_suffix(1);
  }
  const std::size_t blank = text.find(' ');
  tag.name = text.substr(0, blank);
  text.remove_prefix(std::min(blank, text.size()));
  while (!text.empty()) {
    const std::size_t equals = text.find("=\""), quote = text.find('"', equals + 2);
    if (text.front() != ' ' || equals == text.npos || quote == text.npos ||
        !is_name(text.substr(1, equals - 1)))
      return tag;
    text.remove_prefix(quote + 1);
  }
  tag.valid = is_name(tag.name) && !(tag.closing && tag.empty);
  return tag;
}

std::string entity_fault(const std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t at = text.find('&', begin); at < end; at = text.find('&', at + 1))
    if (!std::regex_search(text.substr(at, 8), kEntity))
      return fmt::format("no entity at {}: {}", at, text.substr(at, 20));
  return {};
}

}  // namespace

std::string xml_fault(const std::string& text) {
  std::vector<std::string> open;
  std::size_t at = text.starts_with("<!DOCTYPE html>") ? 15 : 0, roots = 0;
  while (true) {
    const std::size_t next = text.find('<', at);
    if (std::string fault = entity_fault(text, at, std::min(next, text.size())); !fault.empty())
      return fault;
    if (next == std::string::npos) break;
    const std::size_t end = text.find('>', next);
    if (end == std::string::npos) return "a tag without end";
    const std::string tag = text.substr(next, end + 1 - next);
    const Tag parsed = parse_tag(std::string_view(tag).substr(1, tag.size() - 2));
    if (!parsed.valid) return "no tag: " + tag.substr(0, 80);
    if (std::string fault = entity_fault(tag, 0, tag.size()); !fault.empty()) return fault;
    if (parsed.closing) {
      if (open.empty() || open.back() != parsed.name) return fmt::format("{} closes nothing", tag);
      open.pop_back();
    } else {
      if (open.empty()) ++roots;
      if (!parsed.empty) open.push_back(parsed.name);
    }
    at = end + 1;
  }
  if (!open.empty()) return fmt::format("<{}> is not closed", open.back());
  return roots == 1 ? "" : fmt::format("{} root elements", roots);
}

}  // namespace moestro::testing
