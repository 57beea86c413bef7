// Reading JSON of run folders: lenient about what is absent, since folders of older versions have
// less, strict about what is there. Every error is a UserError that names the file and the key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace moestro {

class JsonView {
 public:
  // where: "runs/x/summary.json". The value must outlive the view.
  JsonView(const nlohmann::json& value, std::string where);

  bool has(const std::string& key) const;  // and is not null
  const std::string& where() const { return where_; }

  // Absent or null: NaN (a number that was not finite is written as null), the fallback, false, an
  // empty text, an empty list, an object without keys.
  double number(const std::string& key) const;
  int64_t integer(const std::string& key, int64_t fallback) const;
  bool flag(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;
  std::vector<std::string> texts(const std::string& key) const;
  JsonView object(const std::string& key) const;
  const nlohmann::json& list(const std::string& key) const;
  std::vector<std::string> keys() const;

  // Throws UserError "WHERE: WHAT".
  [[noreturn]] void fail(const std::string& what) const;

 private:
  const nlohmann::json* find(const std::string& key) const;
  [[noreturn]] void wrong_type(const std::string& key, const nlohmann::json& value,
                               const char* expected) const;

  const nlohmann::json* value_;
  std::string where_;
};

}  // namespace moestro
