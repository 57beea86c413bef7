// The figures of runs, one a row: on the terminal after training, and on the page that compares.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/report/run_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

struct RunRows {
  std::vector<std::string> headings;            // "arm", the score, ...
  std::vector<std::vector<std::string>> cells;  // [run][heading]
};

// arm, test error or BLEU, I(E;Y), H_s, H_u (bits), experts used, parameters, seconds; "–" for what
// a run does not have, or not yet. Scores and bits that no run has are left out.
RunRows run_rows(const std::vector<RunRecord>& runs);

std::string run_table(const std::vector<RunRecord>& runs, Rules rules);

// What is printed after a training: the finding, the figures, and what each expert learned.
std::string run_text(const RunRecord& run, Rules rules);

// What is printed after several: their figures, what the experts of each mixture own, and where
// the page is.
std::string runs_text(const std::vector<RunRecord>& runs, const std::filesystem::path& page,
                      Rules rules);

}  // namespace moestro
