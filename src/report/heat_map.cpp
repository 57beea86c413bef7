#include "moestro/report/heat_map.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/figure.h"
#include "moestro/report/format.h"
#include "moestro/report/palette.h"
#include "moestro/report/svg.h"

namespace moestro {
namespace {

constexpr double kWidth = 360, kHeader = 20;
constexpr double kRoomForShares = 24;  // width of a cell that can hold "100"
constexpr int64_t kLabelCharacters = 18;

struct Grid {
  double left, cell_width, cell_height;
  bool roomy;
  std::string text;  // class of its small text

  explicit Grid(std::size_t rows, std::size_t columns, int64_t longest_label) {
    left = std::min(6. + 5.8 * static_cast<double>(longest_label), 112.);
    cell_width = std::min(60., (kWidth - left) / static_cast<double>(columns));
    roomy = cell_width >= kRoomForShares;
    cell_height = rows <= 24 ? 22 : 13;
    text = rows <= 24 ? "" : " small";
  }
};

std::string shortened(const std::string& label) {
  const std::string clean = printable(label);
  if (display_width(clean) <= kLabelCharacters) return clean;
  std::string out;
  int64_t characters = 0;
  for (char c : clean) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && ++characters == kLabelCharacters) break;
    out += c;
  }
  return out + "…";
}

void draw_header(Svg& svg, const Grid& grid, std::size_t columns) {
  for (std::size_t e = 0; e < columns; ++e) {
    const double x = grid.left + static_cast<double>(e) * grid.cell_width;
    const std::string css = colour_class(static_cast<int64_t>(e));
    svg.rect({x + .5, kHeader - 5}, grid.cell_width - 1, 3, "fill " + css);
    svg.text({x + grid.cell_width / 2, kHeader - 9}, std::to_string(e),
             grid.cell_width < 12 ? "mid small" : "mid");
  }
}

void draw_row(Svg& svg, const Grid& grid, double y, const std::string& label,
              const std::vector<int64_t>& counts) {
  const double baseline = y + grid.cell_height / 2 + 3.5;
  svg.text({grid.left - 6, baseline}, shortened(label), "end" + grid.text);
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  for (std::size_t e = 0; e < counts.size(); ++e) {
    const double share = total > 0 ? static_cast<double>(counts[e]) / total : 0;
    const double x = grid.left + static_cast<double>(e) * grid.cell_width;
    const std::string css = colour_class(static_cast<int64_t>(e));
    const std::string title = fmt::format(
        "{}, expert {}: {} of {} samples, {}", printable(label), e, count_text(counts[e]),
        count_text(static_cast<int64_t>(total)), percent_text(share, 1));
    svg.rect({x + .5, y + .5}, grid.cell_width - 1, grid.cell_height - 1, "cell", 1);
    if (counts[e] > 0)
      svg.rect({x + .5, y + .5}, grid.cell_width - 1, grid.cell_height - 1, "fill " + css,
               .06 + .94 * share, title);
    if (grid.roomy && share >= .01)
      svg.text({x + grid.cell_width / 2, baseline}, fixed_text(100 * share, 0),
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
  int64_t longest = 1;
  for (const std::string& row : map.rows)
    longest = std::max(longest, display_width(shortened(row)));
  const std::size_t columns = map.counts.front().size();
  const Grid grid(map.rows.size(), columns, longest);
  const auto rows = static_cast<double>(map.rows.size());
  Svg svg(kWidth, kHeader + rows * grid.cell_height + 2, map.title);
  draw_header(svg, grid, columns);
  double y = kHeader;
  for (std::size_t row : block_order(map.counts)) {
    draw_row(svg, grid, y, map.rows[row], map.counts[row]);
    y += grid.cell_height;
  }
  return figure_html({map.title, {}, map.note}, svg.str());
}

}  // namespace moestro
