#include <cstdio>

#include "moestro/report/write_report.h"
#include "verb.h"

namespace moestro {

void add_report(CLI::App& app, CommonFlags&) {
  CLI::App* verb = add_verb(app, "report", "write report.html of a run, or of a folder of runs",
                            "  moestro report runs/mnist       one run\n"
                            "  moestro report runs             all runs there, compared");
  auto folder = std::make_shared<std::string>();
  add_argument(*verb, "DIR", *folder, "a run folder, or a folder of runs");
  verb->callback([folder] { fmt::print("{}\n", write_report(*folder).string()); });
}

}  // namespace moestro
