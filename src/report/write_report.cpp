#include "moestro/report/write_report.h"

#include <algorithm>
#include <string>
#include <vector>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/suggest.h"
#include "moestro/report/compare_page.h"
#include "moestro/report/continual_page.h"
#include "moestro/report/run_page.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/run_folder.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPageName = "report.html";

struct Runs {
  std::vector<fs::path> compared;
  std::vector<std::string> streams;  // names: they have no place beside the others
};

Runs runs_in(const fs::path& folder) {
  Runs runs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory() || !is_run_folder(entry.path())) continue;
    if (is_continual(entry.path()))
      runs.streams.push_back(entry.path().filename().string());
    else
      runs.compared.push_back(entry.path());
  }
  std::ranges::sort(runs.compared);
  std::ranges::sort(runs.streams);
  return runs;
}

void check_any(const fs::path& folder, const Runs& runs) {
  if (!runs.compared.empty()) return;
  if (!runs.streams.empty())
    throw UserError(
        "{} holds runs of `moestro continual` alone, which are not compared on one page; expected "
        "one of them, as {}",
        folder.string(), (folder / runs.streams.front()).string());
  const bool study =
      fs::is_directory(folder / "runs") && !runs_in(folder / "runs").compared.empty();
  throw UserError(
      "{} is neither a run folder nor a folder of runs: no recipe.toml or "
      "manifest.json in it or one level below{}",
      folder.string(),
      study ? fmt::format("; did you mean {}?", (folder / "runs").string()) : std::string());
}

RunRecord write_run_page(const fs::path& folder) {
  RunRecord run = read_run(folder);
  write_atomically(folder / kPageName, run_page(run));
  return run;
}

}  // namespace

fs::path write_report(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw UserError("{} is no folder", folder.string());
  const fs::path page = folder / kPageName;
  if (is_continual(folder)) {
    write_atomically(page, continual_page(read_continual(folder)));
    return page;
  }
  if (is_run_folder(folder)) {
    write_run_page(folder);
    return page;
  }
  const Runs found = runs_in(folder);
  check_any(folder, found);
  if (!found.streams.empty())
    log_info("left out, since runs of `moestro continual` are not compared on one page: {}",
             joined(found.streams));
  std::vector<RunRecord> runs;
  for (const fs::path& path : found.compared) runs.push_back(write_run_page(path));
  const fs::path whole = fs::canonical(folder);
  write_atomically(page, compare_page(whole.filename().string(), runs));
  return page;
}

}  // namespace moestro
