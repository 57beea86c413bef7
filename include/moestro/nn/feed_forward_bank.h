// E feed-forward layers of one shape as stacked tensors: the experts of a mixture layer inside a
// Transformer, the adapters beside a layer (nn/adapter_layer.h), or (E = 1) an ordinary
// feed-forward layer.
//
//   y = drop(act(x U + a)) D + b        (nn/feed_forward.h)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/nn/cost.h"
#include "moestro/nn/feed_forward.h"
#include "moestro/nn/forward_context.h"
#include "moestro/nn/layer.h"
#include "moestro/nn/network.h"
#include "moestro/nn/parameter.h"

namespace moestro {

// How weights begin; biases are 0. xavier: both uniform within Xavier's bound. adapter: up uniform
// within 1 / sqrt(D), PyTorch's default, and down 0, so that an expert gives 0 until it has learned
// (Hu et al. 2021).
enum class FeedForwardStart { xavier, adapter };

struct FeedForwardShape {
  int64_t width = 0, hidden = 0;  // D, F
  FeedForwardKind kind = FeedForwardKind::gelu;
  bool bias = true;
  double dropout = 0;  // of act(x U + a), in training; not of frozen experts
  FeedForwardStart start = FeedForwardStart::xavier;
};

// A pass without a context is evaluation.
class FeedForwardBank {
 public:
  // Tensors are named "<name>.up.weight" [E, D, F] (swiglu: [E, D, 2 F]), "<name>.up.bias",
  // "<name>.down.weight" [E, F, D], "<name>.down.bias".
  FeedForwardBank(const FeedForwardShape& shape, const std::string& name, int64_t experts,
                  uint64_t seed);

  // All experts on all rows x_ND: out_END, and hidden_ENF (before the activation) when asked for.
  // Dropout's noise is an expert's own, as in forward_one().
  NetworkOutput forward_all(const Tensor& x_ND, bool want_hidden = false,
                            const ForwardContext& context = {}) const;
  // One expert alone, or the ordinary layer: out_ND.
  Tensor forward_one(int64_t expert, const Tensor& x_ND, const ForwardContext& context = {}) const;
  // The chosen experts' outputs, weighted and summed: y_ND. Rows that are sent to -1 get nothing.
  // Dropout's noise is a choice's own: the same in forward_chosen().
  Tensor forward_mixed(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                       const ForwardContext& context = {}) const;

  // The same of experts side by side, as one wide layer: every row through all of them, most of it
  // for nothing. For a GPU and small experts, where sorting rows takes launches for each expert, or
  // where all are chosen anyway. Dropout's noise is an expert's own.
  Tensor forward_wide(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                      const ForwardContext& context = {}) const;

  // The same before they are weighted: out_NKD.
  Tensor forward_chosen(const Tensor& x_ND, const Tensor& experts_NK,
                        const ForwardContext& context = {}) const;

  // Views of the live tensors, by name within an expert ("up.weight").
  ExpertTensors tensors() const;

  void freeze(int64_t expert, bool frozen = true);
  const FreezeMask& frozen() const { return *frozen_; }

  // Appends experts, not frozen, as a bank of that many more would have drawn them; those that are
  // there stay to the bit. Whoever holds a parameter sees it grow, and gradients are dropped: to be
  // called between steps, and before an optimiser is made.
  void grow(int64_t more);

  int64_t experts() const { return up_EDF_.value.size(0); }
  const FeedForwardShape& shape() const { return shape_; }
  std::vector<Parameter> parameters() const;
  // How forward_mixed() goes, and why.
  std::string describe() const;
  Cost cost() const;  // of one expert and one row

 private:
  FeedForwardWeights weights(at::ScalarType type) const;
  bool drops(const ForwardContext& context) const;
  Tensor frozen_experts(c10::Device device) const;
  Tensor factor_of_all(const Tensor& x_ND, const ForwardContext& context) const;
  Tensor factor_of_expert(int64_t expert, const Tensor& x_ND, const ForwardContext& context) const;
  Tensor factor_of_choices(const Tensor& x_ND, const Tensor& experts_NK,
                           const ForwardContext& context) const;

  FeedForwardShape shape_;
  std::string name_;
  uint64_t seed_;
  std::shared_ptr<FreezeMask> frozen_;
  Parameter up_EDF_, down_EFD_, up_bias_EF_, down_bias_ED_;  // biases: empty names without them
};

}  // namespace moestro
