// A study of three small arms, beside the files of the program's fixture.
#pragma once

#include <sstream>

#include "cli/program_fixture.h"

namespace moestro::testing {

class StudyTest : public ProgramTest {
 protected:
  StudyTest() {
    put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
seeds = 2
primary = ["distilled", "plain"]
[study.arms]
plain = []
distilled = ["start.run={plain}", "start.experts=freeze", "start.gate=trunk"]
wide = ["expert.count=4"]
)");
  }

  Outcome study(const Words& more = {}) const {
    Words arguments = {"study", "study.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return moestro(arguments);
  }

  // The lines of results.csv but for what a clock says.
  std::string results_without_times(const std::string& out) const {
    std::istringstream lines(get(folder_ / out / "results.csv"));
    std::string text, line;
    std::vector<std::string> names;
    while (std::getline(lines, line)) {
      const std::vector<std::string> cells = cells_of(line);
      if (names.empty()) names = cells;
      for (std::size_t i = 0; i < cells.size(); ++i)
        if (names[i] != "seconds" && names[i] != "date") text += cells[i] + ",";
      text += "\n";
    }
    return text;
  }

 private:
  // The devices' names are quoted and have commas.
  static std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted)
        cells.emplace_back();
      else
        cells.back() += c;
    }
    return cells;
  }
};

}  // namespace moestro::testing
