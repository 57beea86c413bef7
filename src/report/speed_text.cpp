#include "moestro/report/speed_text.h"

#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"

namespace moestro {
namespace {

using Align = TextTable::Align;
using Value = std::function<double(const Speed&)>;

std::string whole(double count) {
  return count_text(std::llround(count));
}

std::string megabytes(double bytes) {
  return fixed_text(bytes / 1e6, 1);
}

std::string ratio_text(double ratio) {
  return value_text(ratio, 3);
}

class Columns {
 public:
  explicit Columns(const std::vector<RunSpeed>& runs) : runs_(runs) {
    table_.column("", Align::left);
    for (const RunSpeed& run : runs) table_.column(printable(run.run), Align::right);
    if (runs.size() == 2) table_.column("ratio", Align::right);
  }

  void numbers(const std::string& name, const Value& value, std::string (*text)(double)) {
    add(
        name, [&](const RunSpeed& run) { return text(value(run.speed)); },
        ratio_text(value(runs_.front().speed) / value(runs_.back().speed)));
  }
  void words(const std::string& name, const std::function<std::string(const RunSpeed&)>& text) {
    add(name, text, "");
  }

  std::string str(Rules rules) const { return table_.str(rules); }

 private:
  void add(const std::string& name, const std::function<std::string(const RunSpeed&)>& text,
           const std::string& ratio) {
    std::vector<std::string> cells = {name};
    for (const RunSpeed& run : runs_) cells.push_back(text(run));
    if (runs_.size() == 2) cells.push_back(ratio);
    table_.row(cells);
  }

  const std::vector<RunSpeed>& runs_;
  TextTable table_;
};

std::string table_of(const std::vector<RunSpeed>& runs, Rules rules) {
  Columns columns(runs);
  columns.words("precision", [](const RunSpeed& run) { return run.precision; });
  columns.numbers(
      "parameters", [](const Speed& speed) { return static_cast<double>(speed.parameters); },
      whole);
  columns.numbers(
      "operations a sample", [](const Speed& speed) { return speed.cost.operations; }, whole);
  columns.numbers(
      "weights read, batch 1", [](const Speed& speed) { return speed.cost.weights; }, whole);
  columns.numbers(
      "latency, batch 1, ms", [](const Speed& speed) { return speed.latency; },
      [](double value) { return value_text(value, 3); });
  columns.words("  quartiles", [](const RunSpeed& run) {
    return value_text(run.speed.latency_lower, 3) + " – " + value_text(run.speed.latency_upper, 3);
  });
  columns.numbers(
      "memory, batch 1, MB", [](const Speed& speed) { return static_cast<double>(speed.memory); },
      megabytes);
  columns.numbers(
      "samples a second", [](const Speed& speed) { return speed.samples_a_second; }, whole);
  columns.words("  in batches of", [](const RunSpeed& run) { return count_text(run.speed.batch); });
  columns.numbers(
      "  memory, MB", [](const Speed& speed) { return static_cast<double>(speed.batch_memory); },
      megabytes);
  return columns.str(rules);
}

std::string bounds_of(const std::vector<RunSpeed>& runs, Rules rules) {
  TextTable table;
  table.column("the faster run", Align::left);
  table.column("bound by", Align::left);
  for (const char* heading : {"allowed", "reached", "of the bound"})
    table.column(heading, Align::right);
  const auto row = [&](const char* by, const SpeedBound& bound) {
    table.row({runs.at(bound.faster).run, by, ratio_text(bound.allowed) + " x",
               ratio_text(bound.measured) + " x", percent_text(bound.reached(), 0)});
  };
  const Speed &first = runs[0].speed, &second = runs[1].speed;
  row("weights read, batch 1", latency_bound(first, second));
  row("operations, large batches", throughput_bound(first, second));
  return table.str(rules);
}

}  // namespace

std::string speed_text(const SpeedsOfRuns& speeds, Rules rules) {
  const std::vector<RunSpeed>& runs = speeds.runs;
  const std::string bounds = runs.size() == 2 ? "\n" + bounds_of(runs, rules) : "";
  return fmt::format("{}, {} rows, on {}\n{}{}", printable(speeds.data), count_text(speeds.rows),
                     printable(speeds.device), table_of(runs, rules), bounds);
}

}  // namespace moestro
