#include "moestro/lifecycle/fold.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "fold_parts.h"
#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace {

GatherKind kind_of(const std::string& gather) {
  if (gather == "sum") return GatherKind::sum;
  if (gather == "average") return GatherKind::average;
  if (gather == "svd") return GatherKind::svd;
  if (gather == "topk") return GatherKind::topk;
  if (gather == "concat") return GatherKind::concat;
  MOESTRO_CHECK(gather == "best" || gather == "random_expert", "{}", gather);
  return GatherKind::one;
}

Ranking ranking_of(const std::string& name) {
  return name == "norm" ? Ranking::norm : name == "norms" ? Ranking::norms : Ranking::activation;
}

// The experts used most, the most used first.
std::vector<int64_t> most_used(const Tensor& usage_E, int64_t count) {
  const Tensor order = usage_E.argsort(/*stable=*/true, 0, /*descending=*/true).cpu();
  const int64_t* first = order.const_data_ptr<int64_t>();
  return {first, first + count};
}

nlohmann::ordered_json alignment_json(const Alignment& alignment) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const Alignment::Layer& layer : alignment.layers)
    layers.push_back({{"before", layer.before}, {"after", layer.after}, {"bound", layer.bound}});
  return layers;
}

}  // namespace

nlohmann::ordered_json FoldedLayer::to_json() const {
  nlohmann::ordered_json json = {{"layer", layer}};
  if (!experts.empty()) json["experts"] = experts;
  if (kept.alignment) json["alignment"] = alignment_json(*kept.alignment);
  for (const KeptUnits& units : kept.units)
    json["hidden"].push_back({{"units", units.units_E}, {"strength", units.strength_E}});
  for (const KeptSingular& matrix : kept.matrices)
    json["matrices"].push_back(
        {{"tensor", matrix.tensor}, {"rank", matrix.rank_E}, {"energy", matrix.energy_E}});
  if (scale) json["scale"] = *scale;
  if (residual) json["residual"] = *residual;
  return json;
}

Gathering gather_at(const std::string& where, const ExpertTensors& experts,
                    const std::vector<HiddenLayer>& layers, const std::vector<HiddenLayer>& student,
                    const GatherOptions& options) {
  try {
    return gather(experts, layers, student, options);
  } catch (const UserError& error) {
    throw UserError("{}: {}", where, error.what());
  }
}

void copy_named(const NamedTensors& to, const NamedTensors& from, const std::string& where) {
  const at::NoGradGuard no_gradients;
  std::vector<std::string> faults;
  for (const auto& [name, tensor] : to) {
    const auto source =
        std::ranges::find(from, name, [](const auto& entry) { return entry.first; });
    if (source == from.end())
      faults.push_back(fmt::format("{} is missing", name));
    else if (source->second.sizes() != tensor.sizes())
      faults.push_back(fmt::format("{} is {} there, {} here", name,
                                   shape_text(source->second.sizes().vec()),
                                   shape_text(tensor.sizes().vec())));
  }
  if (!faults.empty())
    throw UserError(
        "{}: the student does not fit: {}; expected the teacher's [model] and [expert] "
        "but for expert.count and the width of experts",
        where, joined(faults));
  for (const auto& [name, tensor] : to)
    tensor.copy_(
        std::ranges::find(from, name, [](const auto& entry) { return entry.first; })->second);
}

bool needs_errors(const StudentConfig& config) {
  return config.gather == "best";
}

bool needs_usage(const StudentConfig& config) {
  return config.gather == "concat";
}

void accumulate(Tensor& a, const Tensor& b) {
  a = a.defined() ? a + b : b;
}

GatherOptions gather_options(const StudentConfig& config, const ExpertStatistics& statistics,
                             int64_t experts, int64_t chosen_a_row, const std::string& layer,
                             uint64_t seed, std::vector<int64_t>& chosen) {
  GatherOptions options;
  options.kind = kind_of(config.gather);
  options.align = config.align;
  options.ranking = ranking_of(config.ranking);
  if (options.ranking == Ranking::activation) options.activation_EU = {statistics.activation_EF};
  options.singular = {config.rank, config.energy, config.mean};
  if (config.gather == "concat") chosen = most_used(statistics.usage_E, chosen_a_row);
  if (config.gather == "best") chosen = {statistics.error_E.argmin().item<int64_t>()};
  if (config.gather == "random_expert")
    chosen = {permutation({seed, Stream::init, "student." + layer, 0}, experts)[0].item<int64_t>()};
  options.experts = chosen;
  return options;
}

void visit_teacher(const Teacher& teacher, const Calibration& rows, const TraceNeeds& needs,
                   const VisitOutput& visit) {
  const at::NoGradGuard no_gradients;
  visit_batches(rows.rows, rows.normaliser,
                {.device = rows.device, .precision = compute_type(teacher.recipe().train)},
                [&](const Batch& batch, const ForwardContext& context) {
                  visit(teacher.model().forward(batch.inputs, context, needs), batch, context);
                });
}

void check_can_fold(const Recipe& mixture, const std::string& where) {
  if (mixture.expert.count < 2)
    throw UserError("{}: no mixture; expected a run with expert.count above 1", where);
  if (mixture.model.shared > 0)
    throw UserError(
        "{}: has model.shared = {}; expected 0, since experts that every row meets are not folded",
        where, mixture.model.shared);
}

std::vector<FoldedLayer> fold(const Teacher& teacher, Model& student, const StudentConfig& config,
                              const Calibration& calibration, uint64_t seed) {
  const at::NoGradGuard no_gradients;
  if (!config.copies()) return {};
  check_can_fold(teacher.recipe(), teacher.where());
  auto* network = dynamic_cast<Mixture*>(&student);
  if ((network != nullptr) != !teacher.recipe().model.transformer())
    throw UserError("{}: its model.kind is \"{}\"; expected the same here", teacher.where(),
                    teacher.recipe().model.kind);
  if (network) {
    if (!config.gathers()) return {};  // a whole network drawn anew: nothing else is there
    return {fold_network(teacher, *network, config, calibration, seed)};
  }
  return fold_transformer(teacher, student, config, calibration, seed);
}

}  // namespace moestro
