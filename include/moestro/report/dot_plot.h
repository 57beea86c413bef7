// Two numbers a row on one scale: a full dot and a ring, joined by a line.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/axis.h"

namespace moestro {

struct DotRow {
  std::string name;
  std::string css;            // colour_class(i)
  double full = 0, ring = 0;  // NaN: none
  std::string remark;         // at the end of the row; may be empty
};

struct DotPlot {
  std::string title;
  std::string full_name, ring_name;
  std::string remark_name;  // heads the remarks
  NumberStyle style = NumberStyle::plain;
  bool whole_percent = false;  // the scale runs from 0 to 100 %, not to the largest number
  std::string note;
  std::vector<DotRow> rows;
};

std::string dot_plot(const DotPlot& plot);  // a <figure>; empty without a number

}  // namespace moestro
