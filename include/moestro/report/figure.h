// The frame of every plot: its title, the key to its colours, the drawing and a word about it.
#pragma once

#include <string>
#include <vector>

namespace moestro {

struct KeyEntry {
  std::string name;
  std::string css;  // classes of the little sample of line or colour: "c0", "c0 dashed", "faint"
};

struct Figure {
  std::string title;
  std::vector<KeyEntry> key;
  std::string note;  // may be empty
};

// drawing: HTML. All texts of the figure are escaped here.
std::string figure_html(const Figure& figure, const std::string& drawing);

}  // namespace moestro
