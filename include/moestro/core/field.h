// One key of the configuration: its type, default, range and meaning, bound to a member of the
// struct that holds its value.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace moestro {

// Lists of texts by name, in the order in which they were written.
using NamedLists = std::vector<std::pair<std::string, std::vector<std::string>>>;

class Field {
 public:
  using Target = std::variant<bool*, int64_t*, double*, std::string*, std::vector<std::string>*,
                              std::vector<double>*, NamedLists*>;
  using Value = std::variant<bool, int64_t, double, std::string, std::vector<std::string>,
                             std::vector<double>, NamedLists>;
  struct Condition {
    std::vector<std::string> keys;  // one of them is enough
    std::vector<std::string> values;
    bool holds(const Field& other) const;
  };

  Field(std::string key, Target target, std::string meaning);

  Field& at_least(double low);  // value >= low
  Field& above(double low);     // value > low
  Field& at_most(double high);  // value <= high
  Field& below(double high);    // value < high
  // For texts, and for each text of a list.
  Field& one_of(std::vector<std::string> choices);
  // The key has an effect only where `key` (its full name) has one of `values`; setting it
  // elsewhere is an error. Called twice, both must hold. A value "*" means: anything but empty,
  // zero or false. Where `key` itself has no effect, this one has none either, unless `key` is
  // empty.
  Field& only_when(std::string key, std::vector<std::string> values);
  // The same where at least one of several keys has one of `values`.
  Field& only_when_any(std::vector<std::string> keys, std::vector<std::string> values);

  const std::string& key() const { return key_; }  // full name: "data.batch"
  const std::string& meaning() const { return meaning_; }
  std::string type() const;        // "integer", "number", "text", "true or false", "list of texts"
  std::string allowed() const;     // "at least 1", "one of a, b", or ""
  std::string expected() const;    // "an integer, at least 1"
  std::string value_text() const;  // as TOML
  bool is_empty() const;           // "", [], {}, 0 or false
  const std::string& default_text() const { return default_; }  // as TOML
  const std::string& origin() const { return origin_; }  // "file:line" or "--set"; empty: default
  bool is_set() const { return !origin_.empty(); }
  const std::vector<Condition>& conditions() const { return conditions_; }

  // Assigns a value of the right type and range, remembers where it came from; throws UserError
  // "origin: key = value; expected ...". Numbers are finite; an integer serves as a number.
  void assign(const Value& value, const std::string& origin);
  void reset();  // back to the default, as if never set
  bool holds_text() const { return std::holds_alternative<std::string*>(target_); }
  bool holds_table() const { return std::holds_alternative<NamedLists*>(target_); }

 private:
  std::string objection(const Value& value) const;  // what was expected instead, or ""

  std::string key_, meaning_, default_, origin_;
  Target target_;
  Value default_value_;
  double low_ = -std::numeric_limits<double>::infinity();
  double high_ = std::numeric_limits<double>::infinity();
  bool low_open_ = false, high_open_ = false;
  std::vector<std::string> choices_;
  std::vector<Condition> conditions_;
};

}  // namespace moestro
