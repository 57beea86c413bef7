#include "moestro/report/inspection_record.h"

#include <cmath>

#include <fmt/format.h>

#include "json_view.h"
#include "moestro/store/json_file.h"
#include "schema_check.h"

namespace moestro {
namespace {

using nlohmann::json;

void check_length(const JsonView& view, const std::string& key, std::size_t length,
                  std::size_t expected) {
  if (length != 0 && length != expected)
    view.fail(fmt::format("key \"{}\" has {} entries, expected {}", key, length, expected));
}

std::vector<double> per_expert(const JsonView& view, const std::string& key, int64_t experts) {
  std::vector<double> numbers = view.numbers(key);
  check_length(view, key, numbers.size(), static_cast<std::size_t>(experts));
  return numbers;
}

std::vector<std::vector<int64_t>> counts_of(const JsonView& view, std::size_t classes,
                                            std::size_t experts) {
  const std::string key = "class_by_expert";
  std::vector<std::vector<int64_t>> counts;
  for (const json& row : view.list(key)) {
    if (!row.is_array() || row.size() != experts)
      view.fail(
          fmt::format("key \"{}\": row {} is no list of {} counts", key, counts.size(), experts));
    std::vector<int64_t>& numbers = counts.emplace_back();
    for (const json& value : row) {
      if (!value.is_number_integer() || value.get<int64_t>() < 0)
        view.fail(fmt::format("key \"{}\": row {} holds {}, expected counts", key,
                              counts.size() - 1, value.dump()));
      numbers.push_back(value.get<int64_t>());
    }
  }
  check_length(view, key, counts.size(), classes);
  return counts;
}

SampleRecord sample_of(const JsonView& view, std::size_t classes) {
  SampleRecord sample;
  sample.row = view.integer("row", 0);
  sample.label = view.number("label");
  sample.predicted = view.number("predicted");
  sample.probability = view.number("probability");
  if (classes == 0) return sample;
  for (double value : {sample.label, sample.predicted})
    if (!(value >= 0 && value < static_cast<double>(classes) && value == std::floor(value)))
      view.fail(fmt::format("key \"samples\": {} is none of the {} classes", value, classes));
  return sample;
}

std::vector<std::vector<SampleRecord>> samples_of(const JsonView& view, std::size_t classes,
                                                  std::size_t experts) {
  std::vector<std::vector<SampleRecord>> samples;
  for (const json& list : view.list("samples")) {
    if (!list.is_array()) view.fail("key \"samples\" holds no lists of samples");
    std::vector<SampleRecord>& own = samples.emplace_back();
    for (const json& sample : list)
      own.push_back(sample_of(JsonView(sample, view.where()), classes));
  }
  check_length(view, "samples", samples.size(), experts);
  return samples;
}

std::vector<std::vector<std::string>> owns_of(const JsonView& view, std::size_t experts) {
  std::vector<std::vector<std::string>> owns;
  for (const json& list : view.list("owns")) {
    const json wrapped = {{"owns", list}};
    owns.push_back(JsonView(wrapped, view.where()).texts("owns"));
  }
  check_length(view, "owns", owns.size(), experts);
  return owns;
}

}  // namespace

InspectionRecord read_inspection(const std::filesystem::path& path) {
  return inspection_record(read_json_file(path), path.string());
}

InspectionRecord inspection_record(const json& value, const std::string& where) {
  const JsonView view(value, where);
  check_schema(view, 1);
  InspectionRecord inspection;
  inspection.set = view.text("set");
  inspection.rows = view.integer("rows", 0);
  inspection.experts = view.integer("experts", 0);
  if (inspection.experts < 1)
    view.fail(fmt::format("key \"experts\" is {}, expected 1 or more", inspection.experts));
  inspection.classes = view.texts("classes");
  const std::size_t classes = inspection.classes.size();
  const auto experts = static_cast<std::size_t>(inspection.experts);
  inspection.class_by_expert = counts_of(view, classes, experts);
  inspection.usage = per_expert(view, "usage", inspection.experts);
  inspection.importance = per_expert(view, "importance", inspection.experts);
  inspection.load = per_expert(view, "load", inspection.experts);
  inspection.accuracy = per_expert(view, "accuracy", inspection.experts);
  inspection.own_accuracy = per_expert(view, "own_accuracy", inspection.experts);
  inspection.owns = owns_of(view, experts);
  inspection.samples = samples_of(view, classes, experts);
  return inspection;
}

}  // namespace moestro
