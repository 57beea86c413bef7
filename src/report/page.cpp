#include "moestro/report/page.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "moestro/core/text.h"
#include "moestro/core/version.h"
#include "moestro/report/escape.h"
#include "moestro/report/palette.h"
#include "style_sheet.h"

namespace moestro {

std::string page_html(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
      "<meta name=\"generator\" content=\"Moestro {}\"/>\n"
      "<title>{}</title>\n<link rel=\"icon\" href=\"data:,\"/>\n<style>{}{}</style>\n</head>\n"
      "<body>\n<main>\n{}<footer>Made by Moestro {} from the files of this folder.</footer>\n"
      "</main>\n</body>\n</html>\n",
      version(), escape_html(title), kStyleSheet, palette_css(), body, version());
}

std::string prose_html(std::string_view sentence) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kForms = {{
      {" %", "\u00A0%"},
      {" bits", "\u00A0bits"},
      {"H_s ", "H_s\u00A0"},
      {"H_u ", "H_u\u00A0"},
      {"H_s", "H<sub>s</sub>"},
      {"H_u", "H<sub>u</sub>"},
  }};
  std::string text = escape_html(sentence);
  for (const auto& [plain, form] : kForms) replace_all(text, plain, form);
  return text;
}

std::string section_html(const std::string& heading, const std::string& content) {
  if (content.empty()) return {};
  return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", prose_html(heading), content);
}

std::string figures_html(const std::string& figures) {
  if (figures.empty()) return {};
  return "<div class=\"figures\">\n" + figures + "</div>\n";
}

}  // namespace moestro
