#include "moestro/report/study_tables.h"

#include <algorithm>
#include <cmath>

#include "moestro/core/suggest.h"
#include "moestro/report/format.h"

namespace moestro {
namespace {

struct FigureStyle {
  const char *path, *name;
  int decimals;
};

constexpr FigureStyle kStyles[] = {
    {"test.error", "test error", 4},
    {"test.loss", "test loss", 4},
    {"bleu", "BLEU", 2},
    {"bleu_lowercase", "BLEU without case", 2},
    {"valid.error", "validation error", 4},
    {"valid.loss", "validation loss", 4},
    {"hard_top1_error", "hard top-1 error", 4},
    {"calibration_error", "calibration error", 4},
    {"specialisation.mutual_information", "I(E;Y)", 2},
    {"specialisation.mutual_information_predicted", "I(E;Y predicted)", 2},
    {kSplitAgreement, "AMI", 2},
    {"specialisation.permutation_baseline", "I(E;Y) by chance", 3},
    {"specialisation.sample_entropy", "H_s", 2},
    {"specialisation.usage_entropy", "H_u", 2},
    {"specialisation.experts_used", "experts used", 1},
    {"probing.own_error", "error on own", 4},
    {"probing.others_error", "error on others'", 4},
    {"probing.all_error", "error of each alone", 4},
    {"probing.routing_accuracy", "routing accuracy", 4},
    {"probing.oracle_error", "oracle error", 4},
    {"probing.agreement", "agreement of experts", 4},
    {"probing.disagreement", "V", 4},
    {"probing.output_square", "mean square", 4},
    {"parameters", "parameters", 0},
    {"seconds", "seconds", 1},
    {"epochs", "epochs", 1},
    {"steps", "steps", 0},
    {"experts", "experts a layer", 1},
    {"frozen", "frozen a layer", 1},
    {"merges", "merges", 1},
};

const FigureStyle* style_of(const std::string& path) {
  for (const FigureStyle& style : kStyles)
    if (path == style.path) return &style;
  return nullptr;
}

int decimals_of(const std::string& path) {
  const FigureStyle* style = style_of(path);
  return style ? style->decimals : 4;
}

std::string signed_text(double value, int decimals) {
  if (std::isnan(value)) return "–";
  if (std::abs(value) < .5 * std::pow(10., -decimals)) value = 0;
  return fmt::format("{:+.{}f}", value, decimals);
}

std::string p_text(double p) {
  if (std::isnan(p)) return "–";
  return p < .0001 ? "< .0001" : fmt::format("{:.2g}", p);
}

std::string words(const Analysis& analysis, const Comparison& comparison) {
  const std::string word = verdict(comparison);
  if (word != "lower" && word != "higher") return word;
  return fmt::format("{} ({})", word,
                     (word == "lower") == analysis.lower_is_better ? "better" : "worse");
}

std::vector<std::string> comparison_row(const Analysis& analysis, const Comparison& comparison) {
  const PairedDifference& paired = comparison.paired;
  const int decimals = decimals_of(analysis.metric);
  return {fmt::format("{} - {}", comparison.first, comparison.second),
          fmt::format("{}", paired.difference.count), signed_text(paired.difference.mean, decimals),
          std::isnan(paired.low) ? "–"
                                 : fmt::format("{} to {}", signed_text(paired.low, decimals),
                                               signed_text(paired.high, decimals)),
          p_text(paired.p)};
}

const std::vector<std::string> kComparison = {"difference of", "seeds", "mean", "95 % interval",
                                              "p (paired t)"};

std::string text_of(const StudyTable& table, Rules rules) {
  TextTable text;
  for (size_t i = 0; i < table.headings.size(); ++i)
    text.column(table.headings[i], i == 0 ? TextTable::Align::left : TextTable::Align::right);
  for (const auto& row : table.rows) text.row(row);
  return text.str(rules);
}

std::string markdown_of(const StudyTable& table) {
  const auto line = [](std::vector<std::string> cells) {
    for (std::string& cell : cells)  // a bar would end the cell
      for (size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2)
        cell.insert(at, 1, '\\');
    return fmt::format("| {} |\n", joined(cells, " | "));
  };
  std::string out = line(table.headings) + "|---|";
  for (size_t i = 1; i < table.headings.size(); ++i) out += "---:|";
  out += "\n";
  for (const auto& row : table.rows) out += line(row);
  return out;
}

std::string beside(const Analysis& analysis) {
  return fmt::format("The other arms beside {}, p adjusted for their number by Holm's method",
                     analysis.others.front().second);
}

}  // namespace

std::string figure_name(const std::string& path) {
  const FigureStyle* style = style_of(path);
  return style ? style->name : path;
}

std::string mean_text(const std::string& path, const Mean& mean) {
  if (mean.count == 0) return "–";
  if (path == "parameters") return count_text(std::llround(mean.mean));
  const int decimals = decimals_of(path);
  if (mean.count == 1 || path == kSplitAgreement) return fixed_text(mean.mean, decimals);
  return fmt::format("{} ± {}", fixed_text(mean.mean, decimals), fixed_text(mean.error, decimals));
}

StudyTable arms_table(const Analysis& analysis) {
  StudyTable table{{"arm", "seeds", figure_name(analysis.metric)}, {}};
  for (const std::string& column : analysis.column_names)
    table.headings.push_back(figure_name(column));
  for (const ArmMeans& arm : analysis.arms) {
    std::vector<std::string> row = {arm.arm + (arm.told_class ? " (told the class)" : ""),
                                    fmt::format("{}", arm.mean.count),
                                    mean_text(analysis.metric, arm.mean)};
    for (size_t i = 0; i < arm.columns.size(); ++i)
      row.push_back(mean_text(analysis.column_names[i], arm.columns[i]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

StudyTable primary_table(const Analysis& analysis) {
  StudyTable table{kComparison, {}};
  table.headings.insert(table.headings.end(), {"p (signed ranks)", "in words"});
  for (const Comparison& comparison : analysis.primary) {
    table.rows.push_back(comparison_row(analysis, comparison));
    table.rows.back().push_back(p_text(comparison.paired.wilcoxon_p));
    table.rows.back().push_back(words(analysis, comparison));
  }
  return table;
}

StudyTable others_table(const Analysis& analysis) {
  StudyTable table{kComparison, {}};
  table.headings.insert(table.headings.end(), {"p (Holm)", "in words"});
  for (const Comparison& comparison : analysis.others) {
    table.rows.push_back(comparison_row(analysis, comparison));
    table.rows.back().push_back(p_text(comparison.holm_p));
    table.rows.back().push_back(words(analysis, comparison));
  }
  return table;
}

std::string primary_sentence(const Analysis& analysis) {
  if (analysis.primary.empty()) return {};
  const Comparison& primary = analysis.primary.front();
  const PairedDifference& paired = primary.paired;
  const int decimals = decimals_of(analysis.metric);
  const std::string name = figure_name(analysis.metric);
  if (paired.difference.count < 2)
    return fmt::format("Too few seeds to compare {} with {}.", primary.first, primary.second);
  const std::string numbers =
      fmt::format("{} (95 % interval {} to {}, {} seeds)",
                  signed_text(paired.difference.mean, decimals), signed_text(paired.low, decimals),
                  signed_text(paired.high, decimals), paired.difference.count);
  if (paired.within_noise())
    return fmt::format("The difference of {} between {} and {} is within noise: {}.", name,
                       primary.first, primary.second, numbers);
  return fmt::format("The {} of {} is {} than that of {}: {}.", name, primary.first,
                     verdict(primary), primary.second, numbers);
}

std::string provenance(const Analysis& analysis) {
  std::string text =
      fmt::format("{} of {} runs, seeds paired", analysis.finished, analysis.planned);
  if (!analysis.devices.empty())
    text += fmt::format("; device: {}; date: {}; Moestro {}", joined(analysis.devices),
                        joined(analysis.dates), joined(analysis.versions));
  text += ". Mean ± standard error over seeds.";
  if (std::ranges::find(analysis.column_names, kSplitAgreement) != analysis.column_names.end())
    text += fmt::format(
        " {}: mean over the pairs of seeds; pairs share seeds, hence no standard error.",
        figure_name(kSplitAgreement));
  return text;
}

std::string study_text(const Analysis& analysis, Rules rules) {
  std::string out = text_of(arms_table(analysis), rules);
  if (!analysis.primary.empty())
    out += fmt::format("\n{}\n{}", primary_sentence(analysis),
                       text_of(primary_table(analysis), rules));
  if (!analysis.others.empty())
    out += fmt::format("\n{}:\n{}", beside(analysis), text_of(others_table(analysis), rules));
  return fmt::format("{}\n{}\n", out, provenance(analysis));
}

std::string study_markdown(const Analysis& analysis) {
  std::string out = markdown_of(arms_table(analysis));
  if (!analysis.primary.empty())
    out +=
        fmt::format("\n{}\n\n{}", primary_sentence(analysis), markdown_of(primary_table(analysis)));
  if (!analysis.others.empty())
    out += fmt::format("\n{}:\n\n{}", beside(analysis), markdown_of(others_table(analysis)));
  return fmt::format("{}\n{}\n", out, provenance(analysis));
}

}  // namespace moestro
