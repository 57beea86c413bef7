#include "moestro/report/student_record.h"

#include <utility>

#include <fmt/format.h>

#include "json_lists.h"

namespace moestro {
namespace {

using nlohmann::json;

std::vector<int64_t> counts_of(const JsonView& view, const std::string& key) {
  std::vector<int64_t> counts;
  for (const json& value : view.list(key)) {
    if (!value.is_number_integer() || value < 0)
      view.fail(fmt::format("key \"{}\" holds {}, expected counts", key, value.dump()));
    counts.push_back(value.get<int64_t>());
  }
  return counts;
}

struct Kept {
  std::vector<int64_t> counts;
  std::vector<double> shares;
};

// Both one an expert. experts: as many as elsewhere in the layer; 0: as many as there are.
Kept kept_of(const JsonView& view, const std::string& counts, const std::string& shares,
             std::size_t experts) {
  Kept kept{counts_of(view, counts), view.numbers(shares)};
  if (kept.counts.empty()) view.fail(fmt::format("key \"{}\" is missing", counts));
  if (experts == 0) experts = kept.counts.size();
  check_length(view, counts, kept.counts.size(), experts);
  if (kept.shares.empty()) view.fail(fmt::format("key \"{}\" is missing", shares));
  check_length(view, shares, kept.shares.size(), experts);
  return kept;
}

std::vector<AlignmentRecord> alignment_of(const JsonView& layer) {
  std::vector<AlignmentRecord> found;
  for (const json& entry : layer.list("alignment")) {
    const JsonView view(entry, layer.where() + ": alignment");
    found.push_back({view.number("before"), view.number("after"), view.number("bound")});
  }
  return found;
}

std::vector<KeptUnitsRecord> hidden_of(const JsonView& layer) {
  std::vector<KeptUnitsRecord> found;
  for (const json& entry : layer.list("hidden")) {
    const JsonView view(entry, layer.where() + ": hidden");
    Kept kept = kept_of(view, "units", "strength", found.empty() ? 0 : found.front().units.size());
    found.push_back({std::move(kept.counts), std::move(kept.shares)});
  }
  return found;
}

std::vector<KeptSingularRecord> matrices_of(const JsonView& layer) {
  std::vector<KeptSingularRecord> found;
  for (const json& entry : layer.list("matrices")) {
    const JsonView view(entry, layer.where() + ": matrices");
    Kept kept = kept_of(view, "rank", "energy", found.empty() ? 0 : found.front().rank.size());
    found.push_back({view.text("tensor"), std::move(kept.counts), std::move(kept.shares)});
  }
  return found;
}

FoldedLayerRecord layer_of(const json& entry, const std::string& where) {
  const JsonView view(entry, where);
  FoldedLayerRecord layer;
  layer.layer = view.text("layer");
  layer.experts = counts_of(view, "experts");
  layer.alignment = alignment_of(view);
  layer.hidden = hidden_of(view);
  layer.matrices = matrices_of(view);
  layer.scale = view.number("scale");
  layer.residual = view.number("residual");
  return layer;
}

ScoresRecord scores_of(const JsonView& view) {
  return {view.number("error"), view.number("loss")};
}

}  // namespace

int64_t StudentRecord::experts() const {
  for (const FoldedLayerRecord& layer : layers) {
    if (!layer.hidden.empty()) return static_cast<int64_t>(layer.hidden.front().units.size());
    if (!layer.matrices.empty()) return static_cast<int64_t>(layer.matrices.front().rank.size());
  }
  return 0;
}

StudentRecord student_record(const json& value, const std::string& where) {
  const JsonView view(value, where + ": student");
  StudentRecord student;
  student.teacher = view.text("teacher");
  student.teacher_parameters = view.integer("teacher_parameters", 0);
  student.gather = view.text("gather");
  student.fit = view.text("fit");
  student.aligned = view.flag("aligned");
  student.fold_seconds = view.number("fold_seconds");
  const JsonView folded = view.object("folded");
  student.rows = folded.text("rows");
  student.mixture = scores_of(folded.object("teacher"));
  student.folded = scores_of(folded.object("student"));
  for (const json& entry : view.list("layers"))
    student.layers.push_back(
        layer_of(entry, fmt::format("{}: layer {}", view.where(), student.layers.size())));
  return student;
}

}  // namespace moestro
