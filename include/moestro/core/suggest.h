// "did you mean ...?" for misspelt keys and words.
#pragma once

#include <string>
#include <vector>

namespace moestro {

// `; did you mean "expert.count"?` for the nearest of the known words (Damerau-Levenshtein distance
// of at most a third of its length), or "".
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

// "a, b, c"
std::string joined(const std::vector<std::string>& words, const std::string& separator = ", ");

}  // namespace moestro
