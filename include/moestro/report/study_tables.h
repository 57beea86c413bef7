// What a study found, as text: for a terminal and for Markdown.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/text_table.h"
#include "moestro/study/analysis.h"

namespace moestro {

// "test error", "I(E;Y)", ...: the name of a number of summary.json for people.
std::string figure_name(const std::string& path);

// Mean ± standard error with the digits that the figure deserves, the mean alone for one seed and
// for split_agreement; "–" for none.
std::string mean_text(const std::string& path, const Mean& mean);

struct StudyTable {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};
// An arm a row: its seeds, the metric, the columns.
StudyTable arms_table(const Analysis& analysis);
// A comparison a row: difference, 95 % interval, p, and what it says in words.
StudyTable primary_table(const Analysis& analysis);
StudyTable others_table(const Analysis& analysis);

// "The test error of attentive is lower than that of original: -0.0041 (95 % interval ...)." or
// that the difference is within noise.
std::string primary_sentence(const Analysis& analysis);
// How many runs, seeds, on what, when.
std::string provenance(const Analysis& analysis);

std::string study_text(const Analysis& analysis, Rules rules);
std::string study_markdown(const Analysis& analysis);

}  // namespace moestro
