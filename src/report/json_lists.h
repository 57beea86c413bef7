// Lists and matrices of run folders' JSON, each of the length that the rest of the file asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json_view.h"

namespace moestro {

// Throws UserError unless there are none or as many as expected.
void check_length(const JsonView& view, const std::string& key, std::size_t length,
                  std::size_t expected);

std::vector<double> per_expert(const JsonView& view, const std::string& key, int64_t experts);

// Any number of rows.
std::vector<std::vector<double>> rows_of_numbers(const JsonView& view, const std::string& key,
                                                 std::size_t columns);

}  // namespace moestro
