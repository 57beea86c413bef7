#include "moestro/report/heat_map.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "grid.h"
#include "moestro/report/escape.h"
#include "moestro/report/figure.h"
#include "moestro/report/format.h"
#include "moestro/report/palette.h"
#include "moestro/report/svg.h"

namespace moestro {
namespace {

constexpr double kRoomForShares = 24;     // width of a cell that can hold "100"
constexpr double kRoomForTwoDigits = 20;  // of one that can hold "10" in the size of other labels

void draw_header(Svg& svg, const Grid& grid, std::size_t columns) {
  for (std::size_t e = 0; e < columns; ++e) {
    const double x = grid.column(e);
    const std::string css = colour_class(static_cast<int64_t>(e));
    svg.rect({x + .5, Grid::kHeader - 5}, grid.cell_width - 1, 3, "fill " + css);
    if (grid.is_named(e))
      svg.text({grid.middle(e), Grid::kHeader - 9}, std::to_string(e),
               grid.cell_width < kRoomForTwoDigits ? "mid small" : "mid");
  }
}

void draw_row(Svg& svg, const Grid& grid, double y, const std::string& label,
              const std::vector<int64_t>& counts) {
  const double baseline = grid.baseline(y);
  svg.text({grid.left - 6, baseline}, row_label(label), "end" + grid.text);
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  for (std::size_t e = 0; e < counts.size(); ++e) {
    const double share = total > 0 ? static_cast<double>(counts[e]) / total : 0;
    const double x = grid.column(e);
    const std::string css = colour_class(static_cast<int64_t>(e));
    const std::string title = fmt::format(
        "{}, expert {}: {} of {} samples, {}", printable(label), e, count_text(counts[e]),
        count_text(static_cast<int64_t>(total)), percent_text(share, 1));
    svg.rect({x + .5, y + .5}, grid.cell_width - 1, grid.cell_height - 1, "cell", 1);
    if (counts[e] > 0)
      svg.rect({x + .5, y + .5}, grid.cell_width - 1, grid.cell_height - 1, "fill " + css,
               .06 + .94 * share, title);
    if (grid.cell_width >= kRoomForShares && share >= .01)
      svg.text({grid.middle(e), baseline}, fixed_text(100 * share, 0),
               (share > .6 ? "mid on " : "mid ") + css + grid.text);
  }
}

}  // namespace

std::vector<std::size_t> block_order(const std::vector<std::vector<int64_t>>& counts) {
  const auto owner = [&](std::size_t row) {
    return std::max_element(counts[row].begin(), counts[row].end()) - counts[row].begin();
  };
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owner(a) < owner(b); });
  return order;
}

std::string heat_map(const HeatMap& map) {
  if (map.counts.empty() || map.counts.front().empty()) return {};
  const std::size_t columns = map.counts.front().size();
  const Grid grid(map.rows, columns);
  Svg svg(Grid::kWidth, grid.height(map.rows.size()), map.title);
  draw_header(svg, grid, columns);
  double y = Grid::kHeader;
  for (std::size_t row : block_order(map.counts)) {
    draw_row(svg, grid, y, map.rows[row], map.counts[row]);
    y += grid.cell_height;
  }
  return figure_html({map.title, {}, map.note}, svg.str());
}

}  // namespace moestro
