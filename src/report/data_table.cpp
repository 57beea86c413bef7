#include "moestro/report/data_table.h"

#include "moestro/report/format.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

std::string class_counts(const SetDescription& set, Rules rules) {
  TextTable table;
  table.column("class", Align::right);
  table.column("name", Align::left);
  table.column("training rows", Align::right);
  table.column("test rows", Align::right);
  for (std::size_t c = 0; c < set.train_counts.size(); ++c)
    table.row({std::to_string(c), set.class_names[c], count_text(set.train_counts[c]),
               c < set.test_counts.size() ? count_text(set.test_counts[c]) : "–"});
  return table.str(rules);
}

std::string rows_text(const SetDescription& set) {
  std::string text = fmt::format("{} training rows, ", count_text(set.train_rows));
  if (set.valid_rows > 0) text += fmt::format("{} validation rows, ", count_text(set.valid_rows));
  return text + fmt::format("{} test rows{}", set.test_rows > 0 ? count_text(set.test_rows) : "no",
                            set.test_rows > 0 ? "" : " (a share is split off by seed)");
}

std::string words_text(const SetDescription::Texts& texts) {
  std::string text = fmt::format("of {:.1f} words on average and {} at most\nfor example: {}\n",
                                 texts.mean_words, texts.most_words, texts.example);
  if (!texts.example_target.empty()) text += fmt::format("which says: {}\n", texts.example_target);
  return text;
}

}  // namespace

std::string catalogue_text(const std::vector<CatalogueEntry>& entries, Rules rules) {
  TextTable table;
  table.column("name", Align::left);
  table.column("what", Align::left);
  table.column("rows", Align::right);
  table.column("found in", Align::left);
  table.column("licence", Align::left);
  std::string missing;
  for (const CatalogueEntry& entry : entries) {
    table.row({entry.name, entry.title, entry.rows, entry.folder ? entry.folder->string() : "–",
               entry.licence});
    if (!entry.folder) missing += fmt::format("  {}: {}\n", entry.name, entry.origin);
  }
  return table.str(rules) + (missing.empty() ? "" : "\nWhere to get the others:\n" + missing);
}

std::string description_text(const SetDescription& set, Rules rules) {
  std::string text = fmt::format("{}: {}\n", set.entry.name, set.entry.title);
  text += set.texts ? rows_text(set) + ", texts " + words_text(*set.texts)
                    : fmt::format("{}, each {}\n", rows_text(set), shape_text(set.sample_shape));
  if (set.entry.folder) text += fmt::format("found in {}\n", set.entry.folder->string());
  text += fmt::format("licence: {}\norigin: {}\n", set.entry.licence, set.entry.origin);
  if (set.texts && !set.texts->example_target.empty()) return text;
  if (set.train_counts.empty())
    text += fmt::format("target: mean {}, deviation {}\n", value_text(set.target_mean),
                        value_text(set.target_deviation));
  else
    text += fmt::format("\n{}", class_counts(set, rules));
  for (const std::string& column : set.columns) text += "  " + column + "\n";
  return text;
}

}  // namespace moestro
