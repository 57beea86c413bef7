// E feed-forward layers of one shape as stacked tensors: the experts of a mixture layer inside a
// Transformer, or (E = 1) its ordinary feed-forward layer.
//
//   y = act(x U + a) D + b        (nn/feed_forward.h)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/nn/cost.h"
#include "moestro/nn/feed_forward.h"
#include "moestro/nn/layer.h"
#include "moestro/nn/network.h"
#include "moestro/nn/parameter.h"

namespace moestro {

struct FeedForwardShape {
  int64_t width = 0, hidden = 0;  // D, F
  FeedForwardKind kind = FeedForwardKind::gelu;
  bool bias = true;
};

class FeedForwardBank {
 public:
  // Tensors are named "<name>.up.weight" [E, D, F] (swiglu: [E, D, 2 F]), "<name>.up.bias",
  // "<name>.down.weight" [E, F, D], "<name>.down.bias"; Xavier's uniform start, biases 0.
  FeedForwardBank(const FeedForwardShape& shape, const std::string& name, int64_t experts,
                  uint64_t seed);

  // All experts on all rows x_ND: out_END, and hidden_ENF (before the activation) when asked for.
  NetworkOutput forward_all(const Tensor& x_ND, bool want_hidden = false) const;
  // One expert alone, or the ordinary layer: out_ND.
  Tensor forward_one(int64_t expert, const Tensor& x_ND) const;
  // The chosen experts' outputs, weighted and summed: y_ND. Rows that are sent to -1 get nothing.
  Tensor forward_mixed(const Tensor& x_ND, const Tensor& experts_NK,
                       const Tensor& weights_NK) const;

  // The same before they are weighted: out_NKD.
  Tensor forward_chosen(const Tensor& x_ND, const Tensor& experts_NK) const;

  // Views of the live tensors, by name within an expert ("up.weight").
  ExpertTensors tensors() const;

  void freeze(int64_t expert, bool frozen = true);
  const FreezeMask& frozen() const { return *frozen_; }

  int64_t experts() const { return up_EDF_.value.size(0); }
  const FeedForwardShape& shape() const { return shape_; }
  std::vector<Parameter> parameters() const;
  // How forward_mixed() goes, and why.
  std::string describe() const;
  Cost cost() const;  // of one expert and one row

 private:
  FeedForwardWeights weights(at::ScalarType type) const;

  FeedForwardShape shape_;
  std::string name_;
  std::shared_ptr<FreezeMask> frozen_;
  Parameter up_EDF_, down_EFD_, up_bias_EF_, down_bias_ED_;  // biases: empty names without them
};

}  // namespace moestro
