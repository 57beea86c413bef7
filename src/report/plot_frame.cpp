#include "moestro/report/plot_frame.h"

namespace moestro {

Point PlotFrame::place(Point value) const {
  return {left + x.place(value.x) * (right - left), bottom - y.place(value.y) * (bottom - top)};
}

void PlotFrame::draw(Svg& svg) const {
  for (double tick : y.ticks) {
    const double height = place({x.low, tick}).y;
    svg.line({left, height}, {right, height}, "grid");
    svg.text({left - 6, height + 3.5}, tick_text(tick, y.step, y_style), "end");
  }
  for (double tick : x.ticks) {
    const double at = place({tick, y.low}).x;
    svg.line({at, bottom}, {at, bottom + 4}, "tick");
    svg.text({at, bottom + 16}, tick_text(tick, x.step, NumberStyle::plain), "mid");
  }
  svg.line({left, bottom}, {right, bottom}, "tick");
  svg.text({(left + right) / 2, bottom + 32}, x_label, "mid soft");
}

}  // namespace moestro
