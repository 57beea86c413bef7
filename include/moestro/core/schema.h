// The configuration schema: every key's type, default, range and meaning, said once. Parsing, range
// checks, --set, suggestions for misspelt keys, the resolved recipe and docs/configuration.md all
// come from it.
//
// A floor describes the section it owns by binding fields to the members of its own struct:
//
//   void describe(Schema& schema, DataConfig& data) {
//     Section& section = schema.section("data", "Where samples come from.");
//     section.field("batch", data.batch, "rows in one training step").at_least(1);
//   }
//
// The value a member has when it is bound is its default. Binding keeps pointers: the struct must
// outlive the schema.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <utility>

#include "moestro/core/field.h"

namespace moestro {

class Section {
 public:
  Section(std::string name, std::string meaning);
  // T: bool, int64_t, double, std::string, std::vector<std::string>, std::vector<double> or
  // NamedLists.
  template <class T>
  Field& field(const std::string& name, T& value, std::string meaning) {
    return bind(name, &value, std::move(meaning));
  }

  const std::string& name() const { return name_; }
  const std::string& meaning() const { return meaning_; }
  const std::deque<Field>& fields() const { return fields_; }

 private:
  friend class Schema;
  Field& bind(const std::string& name, Field::Target target, std::string meaning);

  std::string name_, meaning_;
  std::deque<Field> fields_;  // a deque, so that references to fields stay good
};

class Schema {
 public:
  Schema() = default;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  Section& section(const std::string& name, const std::string& meaning);
  const std::deque<Section>& sections() const { return sections_; }

  // Each throws UserError "where: what; what was expected" and assigns nothing after the error.
  void parse_file(const std::filesystem::path& path);
  void parse_text(const std::string& toml, const std::string& origin);
  // "data.batch=256"; a text needs no quotes, the texts of a list do. "data.batch=" takes the
  // default back, whatever a recipe said.
  void set(const std::string& assignment, const std::string& origin = "--set");

  // Refuses keys that were set and have no effect (only_when). Call once all is parsed.
  void check_effects() const;

  // The same keys as if no recipe had said anything: for one that is made of another.
  void forget_without_effect();

  const Field& find(const std::string& key) const;  // MOESTRO_CHECK that it exists
  bool is_set(const std::string& key) const { return find(key).is_set(); }
  // Where the key was set, for messages: "recipes/x.toml:12: data.batch", "--set: data.batch", or
  // "data.batch" for a default.
  std::string where(const std::string& key) const;

  // Complete and resolved, keys without effect left out; parses back to the same values.
  // `without`: a section that is left out.
  std::string to_toml(const std::string& without = {}) const;
  std::string to_markdown() const;  // the tables of docs/configuration.md

 private:
  Field* lookup(const std::string& key);
  bool is_section(const std::string& name) const;
  // Why the field has no effect, or nullptr when it has one.
  const Field::Condition* unmet_condition(const Field& field) const;
  std::string values_text(const Field::Condition& condition) const;
  [[noreturn]] void unknown_key(const std::string& key, const std::string& where) const;

  std::deque<Section> sections_;
};

}  // namespace moestro
