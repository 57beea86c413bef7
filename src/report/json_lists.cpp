#include "json_lists.h"

#include <fmt/format.h>

namespace moestro {

using nlohmann::json;

void check_length(const JsonView& view, const std::string& key, std::size_t length,
                  std::size_t expected) {
  if (length != 0 && length != expected)
    view.fail(fmt::format("key \"{}\" has {} entries, expected {}", key, length, expected));
}

std::vector<double> per_expert(const JsonView& view, const std::string& key, int64_t experts) {
  std::vector<double> numbers = view.numbers(key);
  check_length(view, key, numbers.size(), static_cast<std::size_t>(experts));
  return numbers;
}

std::vector<std::vector<double>> rows_of_numbers(const JsonView& view, const std::string& key,
                                                 std::size_t columns) {
  std::vector<std::vector<double>> rows;
  for (const json& row : view.list(key)) {
    const json wrapped = {{key, row}};
    rows.push_back(JsonView(wrapped, view.where()).numbers(key));
    if (rows.back().size() != columns)
      view.fail(fmt::format("key \"{}\": row {} is no list of {} numbers", key, rows.size() - 1,
                            columns));
  }
  return rows;
}

}  // namespace moestro
