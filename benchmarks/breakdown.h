// What the parts of a training step take.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/SequenceNumber.h>

#include "layer_cost.h"
#include "moestro/nn/mixing.h"
#include "operator_times.h"
#include "step.h"

namespace moestro::bench {

// Of a forward operator ("aten::conv2d") or a backward node ("ConvolutionBackward0").
inline std::string operation_kind(const std::string& operation) {
  for (const char* word :
       {"conv_pool", "ConvPool", "image_lanes", "patch_moments", "fold_batch_norm", "FoldFunction"})
    if (operation.find(word) != std::string::npos) return kFirstLayers;
  const std::pair<const char*, LayerKind> words[] = {{"onv", LayerKind::conv},
                                                     {"pool", LayerKind::maxpool},
                                                     {"Pool", LayerKind::maxpool},
                                                     {"batch_norm", LayerKind::batchnorm},
                                                     {"BatchNorm", LayerKind::batchnorm},
                                                     {"elu", LayerKind::relu},
                                                     {"mm", LayerKind::linear},
                                                     {"Mm", LayerKind::linear},
                                                     {"roduct", LayerKind::linear}};
  for (const auto& [word, kind] : words)
    if (operation.find(word) != std::string::npos) return kind_of(kind);
  return kind_of(LayerKind::flatten);
}

// Runs steps and keeps the seconds of each part, kind of layer and pass: "experts/pooling/forward",
// and of the whole step: "all".
class Breakdown {
 public:
  explicit Breakdown(Step& step) : step_(step) {}

  void run() {
    now_.clear();
    ends_.clear();
    const detail::Clock::time_point start = detail::Clock::now();
    const Mixture& mixture = step_.mixture;
    NetworkOutput experts;
    Routing routing;
    LossTerms loss;
    forward("experts",
            [&] { experts = mixture.bank().forward_all(step_.x_NCHW, step_.context()); });
    forward("gate", [&] { routing = mixture.gate().route({step_.x_NCHW, {}}, step_.context()); });
    forward("mixing and loss", [&] {
      const Tensor out_NEC = experts.out_ENC.transpose(0, 1);
      const Tensor mixed_NC = mix(out_NEC, routing.weights_BK, mixture.output());
      loss = step_.objective(mixed_NC, {}, step_.batch());
    });
    step_.optimiser.zero_gradients();
    backward(loss.total);
    const auto update = [&] { step_.optimiser.step(kRate); };
    for (const OperatorCall& call : observe(at::RecordScope::FUNCTION, update))
      now_["optimiser/all/update"] += call.seconds;
    now_["all"] = std::chrono::duration<double>(detail::Clock::now() - start).count();
    for (const auto& [key, seconds] : now_) seconds_[key].push_back(seconds);
  }

  // Medians over the steps.
  std::map<std::string, double> seconds() const {
    std::map<std::string, double> medians;
    for (auto [key, all] : seconds_) {
      std::ranges::nth_element(all, all.begin() + std::ssize(all) / 2);
      medians[key] = all[all.size() / 2];
    }
    return medians;
  }

 private:
  static std::string key(const std::string& part, const std::string& kind,
                         const std::string& pass) {
    return part + "/" + (part == "experts" || part == "gate" ? kind : "all") + "/" + pass;
  }

  template <class Code>
  void forward(const std::string& part, const Code& code) {
    for (const OperatorCall& call : observe(at::RecordScope::FUNCTION, code))
      now_[key(part, operation_kind(call.name), "forward")] += call.seconds;
    ends_.emplace_back(static_cast<int64_t>(at::sequence_number::peek()), part);
  }

  // A backward node belongs to the part whose forward pass made it.
  void backward(const Tensor& loss) {
    const auto pass = [&] { loss.backward(); };
    for (const OperatorCall& call : observe(at::RecordScope::BACKWARD_FUNCTION, pass)) {
      const auto end = std::ranges::find_if(
          ends_, [&](const auto& entry) { return call.sequence < entry.first; });
      const bool known = call.sequence >= 0 && end != ends_.end();
      now_[key(known ? end->second : "gradients", operation_kind(call.name), "backward")] +=
          call.seconds;
    }
  }

  Step& step_;
  std::vector<std::pair<int64_t, std::string>> ends_;  // of a part's sequence numbers
  std::map<std::string, double> now_;                  // of the running step
  std::map<std::string, std::vector<double>> seconds_;
};

}  // namespace moestro::bench
