#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/nn/gate.h"

namespace moestro {
namespace {

class SingleGate : public Gate {
 public:
  SingleGate(int64_t expert, int64_t experts) : expert_(expert), experts_(experts) {
    MOESTRO_CHECK(expert >= 0 && expert < experts, "expert {} of {}", expert, experts);
  }

  std::optional<int64_t> chosen() const override {
    return experts_ > 1 ? std::optional<int64_t>(1) : std::nullopt;
  }

  Routing route(const GateInput& input, const ForwardContext&) const override {
    const int64_t rows = input.x.size(0);
    const Tensor experts_B1 = at::full({rows, 1}, expert_, input.x.options().dtype(at::kLong));
    const Tensor weights_B1 = at::ones({rows, 1}, input.x.options().dtype(at::kFloat));
    const Tensor probs_BE = at::zeros({rows, experts_}, weights_B1.options())
                                .index_fill_(1, at::full({1}, expert_, experts_B1.options()), 1);
    return {probs_BE, probs_BE, experts_B1, weights_B1};
  }

 private:
  int64_t expert_, experts_;
};

}  // namespace

std::unique_ptr<Gate> make_single_gate(int64_t expert, int64_t experts) {
  return std::make_unique<SingleGate>(expert, experts);
}

}  // namespace moestro
