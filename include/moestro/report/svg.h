// A drawing inside the page. Lengths are in units of the viewBox: the drawing is as wide as its
// place on the page. Colours and fonts come from the page's style sheet, by class.
#pragma once

#include <string>
#include <vector>

namespace moestro {

struct Point {
  double x = 0, y = 0;
};

class Svg {
 public:
  // label: what the drawing shows, for those who cannot see it.
  Svg(double width, double height, const std::string& label);

  void line(Point from, Point to, const std::string& css);
  void polyline(const std::vector<Point>& points, const std::string& css);
  void polygon(const std::vector<Point>& points, const std::string& css);
  // Small full circles, of the width that the class gives; a tenth of the bytes of as many
  // circle().
  void dots(const std::vector<Point>& centres, const std::string& css);
  void circle(Point centre, double radius, const std::string& css, const std::string& title = {});
  // opacity: of the fill.
  void rect(Point corner, double width, double height, const std::string& css, double opacity = 1,
            const std::string& title = {});
  void text(Point at, const std::string& content, const std::string& css);

  std::string str() const { return body_ + "</svg>"; }

 private:
  void points(const char* element, const std::vector<Point>& points, const std::string& css);
  void close(const char* element, const std::string& title);

  std::string body_;
};

}  // namespace moestro
