#include "moestro/study/results.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string> kBefore = {"arm", "seed"};
const std::vector<std::string> kAfter = {"device", "date", "version"};

void gather(const nlohmann::ordered_json& json, const std::string& path, StudyRow& row) {
  if (json.is_number()) row.figures.emplace_back(path, json.get<double>());
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items())
    gather(value, path.empty() ? key : path + "." + key, row);
}

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

// The cells of one line; no cell holds a line break.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

// The figures of any row, each where the row that has it has it.
std::vector<std::string> all_figures(const std::vector<StudyRow>& rows) {
  std::vector<std::string> names;
  for (const StudyRow& row : rows) {
    auto place = names.begin();
    for (const auto& [name, value] : row.figures) {
      const auto found = std::ranges::find(names, name);
      place = found == names.end() ? names.insert(place, name) + 1 : found + 1;
    }
  }
  return names;
}

double number(const std::string& text, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw UserError("{}: \"{}\"; expected a number", where, text);
  return value;
}

}  // namespace

double StudyRow::figure(const std::string& name) const {
  const auto found =
      std::ranges::find(figures, name, [](const auto& entry) { return entry.first; });
  return found == figures.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

StudyRow read_row(const PlannedRun& run) {
  const RunFolder folder = RunFolder::open(run.folder);
  const Manifest manifest = folder.manifest();
  StudyRow row{run.arm,         run.seed, {}, manifest.device, manifest.finished.substr(0, 10),
               manifest.version};
  gather(nlohmann::ordered_json::parse(read_file(folder.summary_path())), "", row);
  std::erase_if(row.figures,
                [](const auto& entry) { return entry.first == "schema" || entry.first == "seed"; });
  return row;
}

void write_rows(const fs::path& path, const std::vector<StudyRow>& rows) {
  const std::vector<std::string> names = all_figures(rows);
  std::vector<std::string> header = kBefore;
  header.insert(header.end(), names.begin(), names.end());
  header.insert(header.end(), kAfter.begin(), kAfter.end());
  std::string text = joined(header, ",") + "\n";
  for (const StudyRow& row : rows) {
    text += fmt::format("{},{}", cell(row.arm), row.seed);
    for (const std::string& name : names) {
      const double value = row.figure(name);
      text += std::isnan(value) ? std::string(",") : fmt::format(",{}", value);
    }
    text += fmt::format(",{},{},{}\n", cell(row.device), row.date, row.version);
  }
  write_atomically(path, text);
}

std::vector<StudyRow> read_rows(const fs::path& path) {
  std::istringstream lines(read_file(path));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = cells_of(line);
  const size_t least = kBefore.size() + kAfter.size();
  if (header.size() < least || !std::equal(kBefore.begin(), kBefore.end(), header.begin()) ||
      !std::equal(kAfter.begin(), kAfter.end(), header.end() - std::ssize(kAfter)))
    throw UserError("{}:1: not the results of a study; expected the columns {}, ..., {}",
                    path.string(), joined(kBefore), joined(kAfter));
  std::vector<StudyRow> rows;
  for (int64_t number_of_line = 2; std::getline(lines, line); ++number_of_line) {
    const std::string where = fmt::format("{}:{}", path.string(), number_of_line);
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != header.size())
      throw UserError("{}: {} cells; expected {}", where, cells.size(), header.size());
    const size_t end = cells.size() - kAfter.size();
    StudyRow row{cells[0],
                 static_cast<int64_t>(number(cells[1], where)),
                 {},
                 cells[end],
                 cells[end + 1],
                 cells[end + 2]};
    for (size_t i = kBefore.size(); i < end; ++i)
      if (!cells[i].empty()) row.figures.emplace_back(header[i], number(cells[i], where));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace moestro
