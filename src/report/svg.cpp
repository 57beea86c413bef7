#include "moestro/report/svg.h"

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"

namespace moestro {
namespace {

// A tenth of a unit is finer than a screen's pixel.
std::string length(double value) {
  std::string text = fixed_text(value, 1);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace

Svg::Svg(double width, double height, const std::string& label)
    : body_(fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n",
                        length(width), length(height), escape_html(label))) {}

void Svg::line(Point from, Point to, const std::string& css) {
  body_ += fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", css,
                       length(from.x), length(from.y), length(to.x), length(to.y));
}

void Svg::points(const char* element, const std::vector<Point>& points, const std::string& css) {
  body_ += fmt::format("<{} class=\"{}\" points=\"", element, css);
  for (const Point& point : points)
    body_ += fmt::format("{},{} ", length(point.x), length(point.y));
  body_ += "\"/>\n";
}

void Svg::polyline(const std::vector<Point>& points_, const std::string& css) {
  points("polyline", points_, css);
}

void Svg::polygon(const std::vector<Point>& points_, const std::string& css) {
  points("polygon", points_, css);
}

void Svg::dots(const std::vector<Point>& centres, const std::string& css) {
  body_ += fmt::format("<path class=\"{}\" d=\"", css);
  for (const Point& point : centres)
    body_ += fmt::format("M{} {}h0", length(point.x), length(point.y));
  body_ += "\"/>\n";
}

void Svg::circle(Point centre, double radius, const std::string& css, const std::string& title) {
  body_ += fmt::format("<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"", css, length(centre.x),
                       length(centre.y), length(radius));
  close("circle", title);
}

void Svg::rect(Point corner, double width, double height, const std::string& css, double opacity,
               const std::string& title) {
  body_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", css,
                       length(corner.x), length(corner.y), length(width), length(height));
  if (opacity < 1) body_ += fmt::format(" fill-opacity=\"{}\"", fixed_text(opacity, 3));
  close("rect", title);
}

void Svg::close(const char* element, const std::string& title) {
  body_ += title.empty() ? std::string("/>\n")
                         : fmt::format("><title>{}</title></{}>\n", escape_html(title), element);
}

void Svg::text(Point at, const std::string& content, const std::string& css) {
  body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", css, length(at.x),
                       length(at.y), escape_html(content));
}

}  // namespace moestro
