#include "moestro/report/figure.h"

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/page.h"

namespace moestro {

std::string figure_html(const Figure& figure, const std::string& drawing) {
  std::string out = fmt::format("<figure>\n<h3>{}</h3>\n", prose_html(figure.title));
  if (!figure.key.empty()) {
    out += "<ul class=\"key\">";
    for (const KeyEntry& entry : figure.key)
      out += fmt::format("<li><i class=\"{}\"></i>{}</li>", entry.css, escape_html(entry.name));
    out += "</ul>\n";
  }
  out += drawing;
  if (!figure.note.empty())
    out += fmt::format("\n<figcaption>{}</figcaption>", prose_html(figure.note));
  return out + "\n</figure>\n";
}

}  // namespace moestro
