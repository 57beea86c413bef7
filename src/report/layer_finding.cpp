#include "moestro/report/layer_finding.h"

#include <algorithm>

#include <fmt/format.h>

#include "moestro/report/format.h"

namespace moestro {
namespace {

std::string usage_clause(const LayerRecord& layer) {
  const auto most = std::max_element(layer.usage.begin(), layer.usage.end());
  const std::string used = fmt::format("{} of {} {} used", layer.experts_used(), layer.experts,
                                       layer.experts == 1 ? "expert" : "experts");
  return fmt::format("{}; expert {} gets most, {} of the choices", used, most - layer.usage.begin(),
                     percent_text(*most, 1));
}

// Of the tokens that come first in the experts' lists the one with the largest share.
std::string token_clause(const LayerRecord& layer) {
  if (layer.tokens.empty() || layer.experts == 1) return {};
  const TokenRecord* best = nullptr;
  std::size_t owner = 0;
  for (std::size_t e = 0; e < layer.tokens.size(); ++e) {
    const std::vector<TokenRecord>& list = layer.tokens[e];
    if (list.empty() || (best && !(list.front().share > best->share))) continue;
    best = &list.front();
    owner = e;
  }
  if (!best) return "; no token goes to one expert more often than chance would have it";
  return fmt::format("; most selective about “{}”: {} of it goes to expert {}", best->token,
                     percent_text(best->share, 0), owner);
}

}  // namespace

std::string layer_finding(const LayerRecord& layer) {
  return usage_clause(layer) + token_clause(layer) + ".";
}

std::string range_name(const LayerRecord& layer, std::size_t range) {
  const bool texts = !layer.tokens.empty();
  const std::vector<int64_t>& from = layer.position_from;
  const bool class_token = !texts && from.size() > 2 && from[1] == 1 && from[2] > 2;
  if (class_token && range == 0) return "class token";
  const char* several = texts ? "places" : "patches";
  const int64_t first = from[range] - class_token;
  if (range + 1 == from.size()) return fmt::format("{} {} on", several, first);
  const int64_t last = from[range + 1] - 1 - class_token;
  if (first == last) return fmt::format("{} {}", texts ? "place" : "patch", first);
  return fmt::format("{} {}–{}", several, first, last);
}

}  // namespace moestro
