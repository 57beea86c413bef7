// The numbers of a stream's summary.json under shorter names than their paths: known.average for
// continual.known.accuracy.average.mean, known.balanced.average for balanced accuracy; with
// "valid." in front where validation rows were measured.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace moestro {

using Figures = std::vector<std::pair<std::string, double>>;

// What may be compared, of test and of validation rows.
std::vector<std::string> stream_metrics();

// Nothing where neither way is better, or nobody knows.
std::optional<bool> lower_is_better_of_stream(const std::string& metric);

// figures: of the whole summary, by path. Those of its section "continual" get their short names;
// the untouched encoder's scores, experts and frozen experts of a layer (means) join them.
void shorten_stream_figures(const nlohmann::ordered_json& summary, Figures& figures);

}  // namespace moestro
