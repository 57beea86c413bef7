#include "moestro/report/inspection_record.h"

#include <cmath>

#include <fmt/format.h>

#include "json_lists.h"
#include "moestro/store/json_file.h"
#include "schema_check.h"

namespace moestro {
namespace {

using nlohmann::json;

std::vector<std::vector<int64_t>> counts_of(const JsonView& view, const std::string& key,
                                            std::size_t rows, std::size_t experts) {
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
  check_length(view, key, counts.size(), rows);
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

std::vector<SampleRecord> list_of(const JsonView& view, const std::string& key,
                                  std::size_t classes) {
  std::vector<SampleRecord> samples;
  for (const json& sample : view.list(key))
    samples.push_back(sample_of(JsonView(sample, view.where()), classes));
  return samples;
}

// Schema 1 has one list an expert.
std::vector<SamplesRecord> samples_of(const JsonView& view, std::size_t classes,
                                      std::size_t experts) {
  std::vector<SamplesRecord> samples;
  for (const json& entry : view.list("samples")) {
    if (!entry.is_array() && !entry.is_object())
      view.fail("key \"samples\" holds no lists of samples");
    const json lists = entry.is_array() ? json{{"drawn", entry}} : entry;
    const JsonView own(lists, view.where());
    samples.push_back({list_of(own, "drawn", classes), list_of(own, "most_typical", classes),
                       list_of(own, "least_typical", classes)});
  }
  check_length(view, "samples", samples.size(), experts);
  return samples;
}

std::optional<MapRecord> map_of(const JsonView& view, int64_t experts) {
  if (!view.has("map")) return {};
  const JsonView object = view.object("map");
  MapRecord map;
  map.x = object.numbers("x");
  map.y = object.numbers("y");
  for (double expert : object.numbers("expert")) {
    if (!(expert >= 0 && expert < static_cast<double>(experts) && expert == std::floor(expert)))
      view.fail(fmt::format("key \"map\": {} is none of the {} experts", expert, experts));
    map.expert.push_back(static_cast<int64_t>(expert));
  }
  if (map.y.size() != map.x.size() || map.expert.size() != map.x.size())
    view.fail(fmt::format("key \"map\" has {} x, {} y and {} experts, expected as many of each",
                          map.x.size(), map.y.size(), map.expert.size()));
  const std::vector<double> explained = object.numbers("explained");
  if (explained.size() == 2) {
    map.share_x = explained[0];
    map.share_y = explained[1];
  }
  return map;
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
  check_schema(view, 3);
  InspectionRecord inspection;
  inspection.set = view.text("set");
  inspection.rows = view.integer("rows", 0);
  inspection.layers = layer_records(view.list("layers"), where);
  inspection.experts = view.integer("experts", 0);
  inspection.model_loss = view.number("model_loss");
  inspection.model_error = view.number("model_error");
  if (inspection.experts == 0 && view.has("layers")) return inspection;
  if (inspection.experts < 1)
    view.fail(fmt::format("key \"experts\" is {}, expected 1 or more", inspection.experts));
  inspection.classes = view.texts("classes");
  const std::size_t classes = inspection.classes.size();
  const auto experts = static_cast<std::size_t>(inspection.experts);
  inspection.class_by_expert = counts_of(view, "class_by_expert", classes, experts);
  inspection.usage = per_expert(view, "usage", inspection.experts);
  inspection.importance = per_expert(view, "importance", inspection.experts);
  inspection.load = per_expert(view, "load", inspection.experts);
  inspection.accuracy = per_expert(view, "accuracy", inspection.experts);
  inspection.own_accuracy = per_expert(view, "own_accuracy", inspection.experts);
  inspection.specialisation = per_expert(view, "specialisation", inspection.experts);
  inspection.right = rows_of_numbers(view, "right", experts);
  check_length(view, "right", inspection.right.size(), experts);
  inspection.mistaken_owner = counts_of(view, "mistaken_owner", experts, experts);
  inspection.mixture_accuracy = view.number("mixture_accuracy");
  inspection.owner_accuracy = view.number("owner_accuracy");
  inspection.oracle_accuracy = view.number("oracle_accuracy");
  inspection.rescuable_errors = view.number("rescuable_errors");
  inspection.owns = owns_of(view, experts);
  inspection.samples = samples_of(view, classes, experts);
  inspection.probing = probing_record(value, "probing", inspection.experts, where);
  inspection.partition = probing_record(value, "partition", inspection.experts, where);
  inspection.map = map_of(view, inspection.experts);
  return inspection;
}

}  // namespace moestro
