#include "embed.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "stacked.h"

namespace moestro {
namespace {

std::vector<InputSpan> others(const std::vector<InputSpan>& columns, int64_t inputs) {
  std::vector<InputSpan> spans;
  int64_t next = 0;
  const auto add_up_to = [&](int64_t end) {
    MOESTRO_CHECK(next <= end, "inputs {} and {}", next, end);
    if (next < end) spans.push_back({next, end - next});
  };
  for (const InputSpan& column : columns) {
    add_up_to(column.first);
    MOESTRO_CHECK(column.count > 0);
    next = column.first + column.count;
  }
  add_up_to(inputs);
  return spans;
}

}  // namespace

Embed::Embed(const LayerSpec& spec, const LayerSetting& setting)
    : spec_(spec), experts_(setting.experts), numbers_(others(spec.categories, spec.in.at(0))) {
  int64_t rows = 0;
  for (const InputSpan& column : spec.categories) rows += column.count;
  weight_EWF_ = draw_parameter(setting, "weight", {rows, spec.size}, 1);
}

// Which row of the table each of the S columns of a sample stands for, [N, S].
Tensor Embed::rows_of_table(const Tensor& x_ND) const {
  std::vector<Tensor> rows;
  int64_t first = 0;
  for (const InputSpan& column : spec_.categories) {
    rows.push_back(x_ND.narrow(1, column.first, column.count).argmax(1) + first);
    first += column.count;
  }
  return at::stack(rows, 1);
}

Tensor Embed::numbers(const Tensor& x_ND) const {
  std::vector<Tensor> parts;
  for (const InputSpan& span : numbers_) parts.push_back(x_ND.narrow(1, span.first, span.count));
  return parts.empty() ? x_ND.narrow(1, 0, 0) : at::cat(parts, 1);
}

// One look-up for all experts. In the type of the weights: the gradient of a vector is a sum over
// all rows of its category, which bfloat16 would round at every step.
Activations Embed::forward(const Activations& x, ExpertRange experts, const ForwardContext&) const {
  MOESTRO_CHECK(!x.images && x.experts == 1, "{}: not the first layer", weight_EWF_.name);
  const Tensor x_ND = x.value[0];
  const Tensor weight_EWF = live(weight_EWF_, experts, weight_EWF_.value.scalar_type());
  const Tensor table_WG =
      weight_EWF.transpose(0, 1).reshape({weight_EWF.size(1), experts.count * spec_.size});
  const Tensor rows_NS = rows_of_table(x_ND);
  const Tensor vectors_ENG =
      at::embedding(table_WG, rows_NS)
          .view({rows_NS.size(0), rows_NS.size(1), experts.count, spec_.size})
          .permute({2, 0, 1, 3})
          .flatten(2);
  const Tensor numbers_END = numbers(x_ND).expand({experts.count, -1, -1});
  return {at::cat({numbers_END, vectors_ENG.to(x_ND.scalar_type())}, 2), experts.count, false};
}

std::string Embed::describe() const {
  return fmt::format("{}: one look-up of {} column{} for {} expert{}", spec_.text,
                     spec_.categories.size(), spec_.categories.size() == 1 ? "" : "s", experts_,
                     experts_ == 1 ? "" : "s");
}

}  // namespace moestro
