#include "moestro/report/noted_table.h"

#include <string_view>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/page.h"
#include "moestro/report/wrapped.h"

namespace moestro {
namespace {

std::string cells_html(const std::vector<std::string>& cells, const char* scope) {
  const bool head = std::string_view(scope) == "col";
  std::string html = fmt::format("<th scope=\"{}\">{}</th>", scope, escape_html(cells.front()));
  for (std::size_t i = 1; i < cells.size(); ++i)
    html += head ? fmt::format("<th scope=\"col\">{}</th>", escape_html(cells[i]))
                 : fmt::format("<td>{}</td>", escape_html(cells[i]));
  return "<tr>" + html + "</tr>";
}

}  // namespace

std::string table_text(const NotedTable& table, Rules rules) {
  TextTable text;
  for (std::size_t i = 0; i < table.headings.size(); ++i)
    text.column(table.headings[i], i == 0 ? TextTable::Align::left : TextTable::Align::right);
  for (const auto& row : table.rows) text.row(row);
  return text.str(rules) + (table.note.empty() ? "" : wrapped(table.note));
}

std::string table_html(const NotedTable& table) {
  std::string rows;
  for (const auto& row : table.rows) rows += cells_html(row, "row") + "\n";
  const std::string note =
      table.note.empty() ? "" : "<p class=\"quiet\">" + prose_html(table.note) + "</p>\n";
  return fmt::format(
      "<div class=\"scroll\">\n<table class=\"runs alone\">\n<thead>{}</thead>\n<tbody>\n{}"
      "</tbody>\n</table>\n</div>\n{}",
      cells_html(table.headings, "col"), rows, note);
}

}  // namespace moestro
