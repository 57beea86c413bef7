#include "moestro/nn/bank.h"

#include <ATen/ATen.h>

#include "moestro/core/device.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

// Rows sorted by the expert they go to.
struct Groups {
  Tensor order_M;               // M = N * K places of experts_NK, expert by expert
  std::vector<int64_t> counts;  // of each expert
};

Groups grouped(const Tensor& experts_NK, int64_t experts) {
  const Tensor flat_M = experts_NK.reshape({-1});
  const Tensor counts_E = at::bincount(flat_M, {}, experts).cpu();
  MOESTRO_CHECK(counts_E.size(0) == experts, "routed to expert {} of {}", counts_E.size(0) - 1,
                experts);
  const int64_t* counts = counts_E.const_data_ptr<int64_t>();
  return {at::argsort(flat_M, /*stable=*/true, 0, /*descending=*/false),
          {counts, counts + experts}};
}

}  // namespace

ExpertBank::ExpertBank(std::vector<LayerSpec> specs, const std::string& name, int64_t experts,
                       uint64_t seed, int64_t hidden)
    : name_(name),
      frozen_(std::make_shared<FreezeMask>(experts, false)),
      network_(std::move(specs), {name, experts, seed, frozen_}, hidden) {}

NetworkOutput ExpertBank::forward_all(const Tensor& x, const ForwardContext& context,
                                      bool want_hidden) const {
  return network_.forward(x, {0, experts()}, context, want_hidden);
}

Tensor ExpertBank::forward_routed(const Tensor& x, const Tensor& experts_NK,
                                  const ForwardContext& context) const {
  const bool all_frozen = std::ranges::find(*frozen_, false) == frozen_->end();
  if (context.training && network_.has(LayerKind::batchnorm) && !all_frozen)
    throw UserError(
        "{}: batchnorm cannot learn from the rows that a sparse gate sends to an "
        "expert; expected a dense gate, or experts without batchnorm",
        name_);
  const int64_t rows = experts_NK.size(0), chosen = experts_NK.size(1);
  MOESTRO_CHECK(x.size(0) == rows, "{} rows, {} decisions", x.size(0), rows);
  const int64_t classes = specs().back().out.at(0);
  if (rows == 0) return at::empty({0, chosen, classes}, x.options());

  const NoTrials no_trials;  // an expert has other rows each time
  const Groups groups = grouped(experts_NK, experts());
  const Tensor rows_M = groups.order_M.floor_divide(chosen);
  std::vector<Tensor> outputs;
  for (int64_t e = 0, first = 0; e < experts(); first += groups.counts[e++]) {
    if (groups.counts[e] == 0) continue;
    const Tensor x_of_expert = x.index_select(0, rows_M.narrow(0, first, groups.counts[e]));
    outputs.push_back(forward_one(e, x_of_expert, context));
  }
  const Tensor sorted_MC = at::cat(outputs);
  return at::empty_like(sorted_MC, at::TensorOptions().requires_grad(false))
      .index_copy(0, groups.order_M, sorted_MC)
      .view({rows, chosen, classes});
}

std::string ExpertBank::describe_routed() const {
  return "one expert after the other on the rows sent to it, since their numbers differ; all at "
         "once only where every output is read";
}

Tensor ExpertBank::forward_one(int64_t expert, const Tensor& x,
                               const ForwardContext& context) const {
  return network_.forward(x, {expert, 1}, context).out_ENC[0];
}

ExpertTensors ExpertBank::tensors() const {
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (const Parameter& parameter : parameters())
    tensors.emplace_back(parameter.name.substr(name_.size() + 1), parameter.value);
  return ExpertTensors::stacked(tensors);
}

void ExpertBank::freeze(int64_t expert, bool frozen) {
  MOESTRO_CHECK(expert >= 0 && expert < experts(), "expert {} of {}", expert, experts());
  (*frozen_)[expert] = frozen;
}

}  // namespace moestro
