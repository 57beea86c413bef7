#include "moestro/report/right_table.h"

#include <cmath>

#include <fmt/format.h>

#include "moestro/report/format.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

constexpr int64_t kMostColumns = 14;

bool owns_samples(const InspectionRecord& inspection, std::size_t owner) {
  return std::isfinite(inspection.right[owner][owner]);
}

std::string matrix(const InspectionRecord& inspection, Rules rules) {
  TextTable table;
  table.column("samples of", Align::right);
  for (int64_t e = 0; e < inspection.experts; ++e) table.column(std::to_string(e), Align::right);
  for (std::size_t owner = 0; owner < inspection.right.size(); ++owner) {
    if (!owns_samples(inspection, owner)) continue;
    std::vector<std::string> cells = {std::to_string(owner)};
    for (double share : inspection.right[owner]) cells.push_back(fixed_text(100 * share, 0));
    table.row(cells);
  }
  return table.str(rules);
}

std::string list(const InspectionRecord& inspection, Rules rules) {
  TextTable table;
  for (const char* heading : {"samples of", "itself", "best other", "which"})
    table.column(heading, Align::right);
  for (std::size_t owner = 0; owner < inspection.right.size(); ++owner) {
    if (!owns_samples(inspection, owner)) continue;
    const std::vector<double>& shares = inspection.right[owner];
    std::size_t best = owner == 0 ? 1 : 0;
    for (std::size_t e = 0; e < shares.size(); ++e)
      if (e != owner && shares[e] > shares[best]) best = e;
    table.row({std::to_string(owner), fixed_text(100 * shares[owner], 0),
               fixed_text(100 * shares[best], 0), std::to_string(best)});
  }
  return table.str(rules);
}

}  // namespace

std::string right_table(const InspectionRecord& inspection, Rules rules) {
  if (inspection.right.empty() || inspection.experts < 2) return {};
  return inspection.experts <= kMostColumns ? matrix(inspection, rules) : list(inspection, rules);
}

std::string oracle_table(const InspectionRecord& inspection, Rules rules) {
  if (!std::isfinite(inspection.oracle_accuracy) || inspection.experts < 2) return {};
  TextTable table;
  table.column("who answers", Align::left);
  table.column("right", Align::right);
  table.row({"the mixture", percent_text(inspection.mixture_accuracy)});
  table.row({"the owner of each sample, alone", percent_text(inspection.owner_accuracy)});
  table.row({"a right expert wherever there is one", percent_text(inspection.oracle_accuracy)});
  std::string text = table.str(rules);
  if (std::isfinite(inspection.rescuable_errors))
    text += fmt::format("Of the mixture's errors, {} are answered rightly by some expert.\n",
                        percent_text(inspection.rescuable_errors, 1));
  return text;
}

}  // namespace moestro
