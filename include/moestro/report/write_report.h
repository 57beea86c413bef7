// report.html of a run, or of a folder of runs.
#pragma once

#include <filesystem>

namespace moestro {

// A run's folder: its page. Any other: a page that compares the runs right inside it (but for those
// through a stream of tasks, which the log names), and each run's own page. Pages are replaced
// atomically. Returns the path of the page. Throws UserError for a folder that is not there or
// holds no such run, or a damaged file; SystemError where it cannot write.
std::filesystem::path write_report(const std::filesystem::path& folder);

}  // namespace moestro
