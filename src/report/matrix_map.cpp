#include "moestro/report/matrix_map.h"

#include <algorithm>
#include <cmath>

#include "grid.h"
#include "moestro/report/figure.h"
#include "moestro/report/format.h"
#include "moestro/report/svg.h"

namespace moestro {
namespace {

constexpr double kRoomForPercent = 24, kRoomForDecimals = 30;

std::string cell_text(const MatrixMap& map, double value) {
  return map.style == NumberStyle::percent ? fixed_text(100 * value, 0) : fixed_text(value, 2);
}

void draw_columns(Svg& svg, const MatrixMap& map, const Grid& grid) {
  for (std::size_t i = 0; i < map.columns.size(); ++i) {
    const MatrixMap::Head& head = map.columns[i];
    svg.rect({grid.column(i) + .5, Grid::kHeader - 5}, grid.cell_width - 1, 3, "fill " + head.css);
    if (!head.name.empty() && grid.is_named(i))
      svg.text({grid.middle(i), Grid::kHeader - 9}, head.name,
               grid.cell_width < 12 ? "mid small" : "mid");
  }
}

void draw_cell(Svg& svg, const MatrixMap& map, const Grid& grid, std::size_t row,
               std::size_t column, double y) {
  const double x = grid.column(column), value = map.values[row][column];
  svg.rect({x + .5, y + .5}, grid.cell_width - 1, grid.cell_height - 1, "cell");
  if (!std::isfinite(value)) return;
  const double shown = std::clamp(value / map.deepest, 0., 1.);
  const std::string css = map.coloured ? map.columns[column].css : "ink";
  svg.rect({x + .5, y + .5}, grid.cell_width - 1, grid.cell_height - 1, "fill " + css,
           .06 + .94 * shown, map.words[row][column]);
  const double room = map.style == NumberStyle::percent ? kRoomForPercent : kRoomForDecimals;
  if (grid.cell_width >= room)
    svg.text({grid.middle(column), grid.baseline(y)}, cell_text(map, value),
             (shown > .6 ? "mid on " : "mid ") + css + grid.text);
}

}  // namespace

std::string matrix_map(const MatrixMap& map) {
  if (map.rows.empty() || map.columns.empty()) return {};
  std::vector<std::string> labels;
  for (const MatrixMap::Head& head : map.rows) labels.push_back("■ " + head.name);
  const Grid grid(labels, map.columns.size());
  Svg svg(Grid::kWidth, grid.height(map.rows.size()), map.title);
  draw_columns(svg, map, grid);
  double y = Grid::kHeader;
  for (std::size_t row = 0; row < map.rows.size(); ++row) {
    svg.text({grid.left - 11, grid.baseline(y)}, row_label(map.rows[row].name), "end" + grid.text);
    svg.rect({grid.left - 7, y + .5}, 3, grid.cell_height - 1, "fill " + map.rows[row].css);
    for (std::size_t column = 0; column < map.columns.size(); ++column)
      draw_cell(svg, map, grid, row, column, y);
    y += grid.cell_height;
  }
  return figure_html({map.title, {}, map.note}, svg.str());
}

}  // namespace moestro
