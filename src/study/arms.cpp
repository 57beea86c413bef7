#include "arms.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace {

std::string slug(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_';
    if (plain)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

std::string quoted(const std::vector<std::string>& names) {
  return fmt::format("\"{}\"", joined(names, "\", \""));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Arms::Arms(const NamedLists& assignments, std::string file)
    : assignments_(assignments), file_(std::move(file)) {
  for (const auto& [arm, texts] : assignments_) names_.push_back(arm);
  check_names();
  for (const std::string& arm : names_) find_needs(arm);
  for (const std::string& arm : names_) order(arm, {});
}

void Arms::check_names() const {
  if (names_.empty())
    throw UserError("{}: no arms; expected [study.arms] with name = [assignments]", file_);
  std::map<std::string, std::string> slugs;
  for (const std::string& arm : names_) {
    const std::string folder = slug(arm);
    if (folder.empty())
      throw UserError("{}: arm \"{}\"; expected a name with a letter or digit", file_, arm);
    const auto [other, fresh] = slugs.emplace(folder, arm);
    if (!fresh)
      throw UserError(
          "{}: arms \"{}\" and \"{}\" would share the folder {}; expected names that "
          "differ in letters or digits",
          file_, other->second, arm, folder);
  }
}

void Arms::check_there(const std::string& arm, const std::string& where) const {
  if (!contains(names_, arm))
    throw UserError("{}: no arm \"{}\"; expected one of {}{}", where, arm, quoted(names_),
                    suggestion(arm, names_));
}

const std::vector<std::string>& Arms::raw_assignments(const std::string& arm) const {
  return std::ranges::find(assignments_, arm, [](const auto& entry) { return entry.first; })
      ->second;
}

void Arms::find_needs(const std::string& arm) {
  std::vector<std::string>& needs = needs_[arm];
  for (const std::string& text : raw_assignments(arm))
    for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open)) {
      const size_t close = text.find('}', open);
      if (close == std::string::npos)
        throw UserError("{}: arm \"{}\": \"{}\" has no closing brace; expected {{ARM}}", file_, arm,
                        text);
      const std::string needed = text.substr(open + 1, close - open - 1);
      if (!contains(names_, needed))
        throw UserError("{}: arm \"{}\": no arm \"{}\" for \"{}\"; expected one of {}{}", file_,
                        arm, needed, text, quoted(names_), suggestion(needed, names_));
      needs.push_back(needed);
      open = close;
    }
}

void Arms::order(const std::string& arm, std::vector<std::string> path) {
  if (contains(order_, arm)) return;
  const bool circle = contains(path, arm);
  path.push_back(arm);
  if (circle)
    throw UserError("{}: arms need each other in a circle: {}", file_, joined(path, " -> "));
  for (const std::string& needed : needs_.at(arm)) order(needed, path);
  order_.push_back(arm);
}

std::vector<std::string> Arms::assignments(
    const std::string& arm, const std::function<std::string(const std::string&)>& folder_of) const {
  std::vector<std::string> filled = raw_assignments(arm);
  for (std::string& text : filled)
    for (size_t open = text.find('{'); open != std::string::npos;) {
      const size_t close = text.find('}', open);
      const std::string folder = folder_of(text.substr(open + 1, close - open - 1));
      text.replace(open, close - open + 1, folder);
      open = text.find('{', open + folder.size());
    }
  return filled;
}

std::string run_name(const std::string& arm, int64_t seed) {
  return fmt::format("{}-{}", slug(arm), seed);
}

}  // namespace moestro
