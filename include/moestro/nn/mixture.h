// A mixture of whole networks: a gate over a bank.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/nn/bank.h"
#include "moestro/nn/gate.h"
#include "moestro/nn/mixing.h"
#include "moestro/nn/trace.h"

namespace moestro {

struct MixtureOutput {
  Tensor mixed_NC;  // log probabilities, logits or values: see OutputKind
  MixtureTrace trace;
};

class Mixture {
 public:
  Mixture(ExpertBank bank, std::unique_ptr<Gate> gate, OutputKind output);

  // Computes every expert where the gate is dense or needs.all_outputs is set, else the chosen
  // only.
  MixtureOutput forward(const Tensor& x, const ForwardContext& context,
                        const TraceNeeds& needs) const;

  // The mixture with another routing (one expert alone, hard top-1): mixed_NC.
  Tensor forward_with(const Tensor& x, const Routing& routing, const ForwardContext& context) const;

  ExpertBank& bank() { return bank_; }
  const ExpertBank& bank() const { return bank_; }
  Gate& gate() { return *gate_; }
  const Gate& gate() const { return *gate_; }
  OutputKind output() const { return output_; }

  std::vector<Parameter> parameters() const;  // the experts', then the gate's
  std::vector<Buffer> buffers() const;
  // Which kernels were chosen, a line each.
  std::vector<std::string> describe() const;
  int64_t parameter_count() const;

 private:
  ExpertBank bank_;
  std::unique_ptr<Gate> gate_;
  OutputKind output_;
};

}  // namespace moestro
