#include "moestro/core/schema.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include <toml++/toml.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "schema_value.h"
#include "toml_text.h"

namespace moestro {
namespace {

std::string at_line(const std::string& origin, const toml::source_region& source) {
  return fmt::format("{}:{}", origin, source.begin.line);
}

// The parser's own words, without its "Error while parsing ".
std::string description(const toml::parse_error& error) {
  constexpr std::string_view prefix = "Error while parsing ";
  std::string text(error.description());
  if (text.starts_with(prefix)) text = text.substr(prefix.size());
  if (text.find("could not determine value type") != std::string::npos)
    text += " (a text needs quotes)";
  return text;
}

toml::table parsed(const std::string& toml, const std::string& origin) {
  try {
    return toml::parse(toml);
  } catch (const toml::parse_error& error) {
    throw UserError("{}: not valid TOML: {}", at_line(origin, error.source()), description(error));
  }
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string quoting_hint(const Field& field) {
  if (field.type() != "list of texts") return "";
  return fmt::format(", as in '{}=[\"a\", \"b\"]'", field.key());
}

std::string condition_text(const Field::Condition& condition) {
  std::vector<std::string> values = condition.values;
  std::replace(values.begin(), values.end(), std::string(), std::string("empty"));
  std::replace(values.begin(), values.end(), std::string("*"), std::string("set"));
  return fmt::format("{} is {}", joined(condition.keys, " or "), joined(values, " or "));
}

// Pipes end a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

Section::Section(std::string name, std::string meaning)
    : name_(std::move(name)), meaning_(std::move(meaning)) {}

Field& Section::bind(const std::string& name, Field::Target target, std::string meaning) {
  Field field(name_ + "." + name, target, std::move(meaning));
  for (const Field& other : fields_) MOESTRO_CHECK(other.key() != field.key(), "{}", field.key());
  return fields_.emplace_back(std::move(field));
}

Section& Schema::section(const std::string& name, const std::string& meaning) {
  for (const Section& other : sections_) MOESTRO_CHECK(other.name() != name, "{}", name);
  return sections_.emplace_back(name, meaning);
}

void Schema::parse_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw UserError("{}: no such file; expected a recipe in TOML", path.string());
  if (std::filesystem::is_directory(path, ignored))
    throw UserError("{}: a folder; expected a recipe in TOML", path.string());
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError("{}: cannot be read; expected a recipe in TOML", path.string());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  parse_text(text, path.string());
}

void Schema::parse_text(const std::string& text, const std::string& origin) {
  const toml::table root = parsed(text, origin);
  for (const auto& [section_name, node] : root) {
    const std::string name(section_name.str());
    const std::string where = at_line(origin, node.source());
    if (node.is_array_of_tables())
      throw UserError("{}: [[{}]]; expected [{}], once", where, name, name);
    const toml::table* table = node.as_table();
    if (!table || (table->empty() && !is_section(name))) unknown_key(name, where);
    for (const auto& [key_name, value] : *table) {
      const std::string key = name + "." + std::string(key_name.str());
      const std::string line = at_line(origin, value.source());
      Field* field = lookup(key);
      if (!field) unknown_key(key, line);
      field->assign(node_value(value, *field, line), line);
    }
  }
}

void Schema::set(const std::string& assignment, const std::string& origin) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UserError("{}: \"{}\"; expected key=value, as in data.batch=256", origin, assignment);
  const std::string key = trimmed(assignment.substr(0, equals));
  std::string text = trimmed(assignment.substr(equals + 1));
  Field* field = lookup(key);
  if (!field) unknown_key(key, origin);
  if (text.empty()) {
    field->reset();
    return;
  }
  // A shell eats quotes: gate.kind=switch means the text "switch".
  const bool bare = field->holds_text() && !text.starts_with('"') && !text.starts_with('\'');
  // TOML wants 0.4, people write .4.
  if (!bare && text.size() > 1 && text[0] == '.' && std::isdigit(text[1])) text = "0" + text;
  toml::table table;
  try {
    table = toml::parse("value = " + (bare ? toml_text(text) : text));
  } catch (const toml::parse_error&) {
    table.clear();
  }
  if (table.size() != 1)  // also a second line that says more
    throw UserError("{}: {} = {}; expected {}", origin, key, text,
                    bare ? "UTF-8" : field->expected() + quoting_hint(*field));
  field->assign(node_value(*table.get("value"), *field, origin), origin);
}

void Schema::check_effects() const {
  for (const Section& section : sections_)
    for (const Field& field : section.fields())
      if (const Field::Condition* unmet = field.is_set() ? unmet_condition(field) : nullptr)
        throw UserError("{}: {} has no effect here; it is used where {}, and {} {}", field.origin(),
                        field.key(), condition_text(*unmet),
                        unmet->keys.size() == 1 ? "that is" : "they are", values_text(*unmet));
}

// One that goes may be another's condition.
void Schema::forget_without_effect() {
  bool changed = true;
  while (std::exchange(changed, false))
    for (Section& section : sections_)
      for (Field& field : section.fields_)
        if (field.is_set() && unmet_condition(field)) {
          field.reset();
          changed = true;
        }
}

const Field& Schema::find(const std::string& key) const {
  const Field* field = const_cast<Schema*>(this)->lookup(key);
  MOESTRO_CHECK(field, "{}", key);
  return *field;
}

std::string Schema::where(const std::string& key) const {
  const std::string& origin = find(key).origin();
  return origin.empty() ? key : origin + ": " + key;
}

const Field::Condition* Schema::unmet_condition(const Field& field) const {
  for (const Field::Condition& condition : field.conditions()) {
    const Field::Condition* unmet = &condition;
    for (const std::string& key : condition.keys) {
      const Field& other = find(key);
      if (unmet && condition.holds(other))
        unmet = other.is_empty() ? nullptr : unmet_condition(other);
    }
    if (unmet) return unmet;
  }
  return nullptr;
}

std::string Schema::values_text(const Field::Condition& condition) const {
  std::vector<std::string> values;
  for (const std::string& key : condition.keys) values.push_back(find(key).value_text());
  return joined(values, " and ");
}

std::string Schema::to_toml(const std::string& without) const {
  std::string out;
  for (const Section& section : sections_) {
    if (section.name() == without) continue;
    std::string lines;
    for (const Field& field : section.fields())
      if (!unmet_condition(field))
        lines += fmt::format("{} = {}\n", field.key().substr(section.name().size() + 1),
                             field.value_text());
    if (!lines.empty())
      out += fmt::format("{}[{}]\n{}", out.empty() ? "" : "\n", section.name(), lines);
  }
  return out;
}

std::string Schema::to_markdown() const {
  std::string out;
  for (const Section& section : sections_) {
    out += fmt::format(
        "\n## [{}]\n{}\n\n| key | type | default | allowed | meaning |\n"
        "|---|---|---|---|---|\n",
        section.name(), section.meaning());
    for (const Field& field : section.fields()) {
      std::vector<std::string> uses;
      for (const Field::Condition& condition : field.conditions())
        uses.push_back(condition_text(condition));
      const std::string use = uses.empty() ? "" : " (where " + joined(uses, " and ") + ")";
      out += fmt::format("| `{}` | {} | `{}` | {} | {}{} |\n", field.key(), field.type(),
                         cell(field.default_text()), cell(field.allowed()), cell(field.meaning()),
                         cell(use));
    }
  }
  return out;
}

Field* Schema::lookup(const std::string& key) {
  for (Section& section : sections_)
    for (Field& field : section.fields_)
      if (field.key() == key) return &field;
  return nullptr;
}

bool Schema::is_section(const std::string& name) const {
  return std::any_of(sections_.begin(), sections_.end(),
                     [&](const Section& section) { return section.name() == name; });
}

void Schema::unknown_key(const std::string& key, const std::string& where) const {
  const auto last_part = [](const std::string& name) { return name.substr(name.rfind('.') + 1); };
  std::vector<std::string> keys, sections, siblings, namesakes;
  for (const Section& section : sections_) {
    sections.push_back(section.name());
    for (const Field& field : section.fields()) {
      keys.push_back(field.key());
      if (key == section.name() || key.starts_with(section.name() + "."))
        siblings.push_back(last_part(field.key()));
      if (last_part(field.key()) == last_part(key)) namesakes.push_back(field.key());
    }
  }
  if (is_section(key))
    throw UserError("{}: \"{}\" is a section, not a key; expected one of its keys: {}", where, key,
                    joined(siblings));
  std::string hint = suggestion(key, namesakes.empty() ? keys : namesakes);
  if (hint.empty() && !namesakes.empty())
    hint = fmt::format("; did you mean \"{}\"?", joined(namesakes, "\" or \""));
  if (hint.empty() && key.find('.') == std::string::npos) hint = suggestion(key, sections);
  if (hint.empty() && !siblings.empty())
    hint = fmt::format("; [{}] has {}", key.substr(0, key.find('.')), joined(siblings));
  if (hint.empty()) hint = fmt::format("; the sections are {}", joined(sections));
  throw UserError("{}: unknown key \"{}\"{}", where, key, hint);
}

}  // namespace moestro
