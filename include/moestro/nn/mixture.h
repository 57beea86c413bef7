// A mixture of whole networks: a gate over a bank.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/nn/bank.h"
#include "moestro/nn/gate.h"
#include "moestro/nn/model.h"

namespace moestro {

class Mixture : public Model {
 public:
  Mixture(ExpertBank bank, std::unique_ptr<Gate> gate, OutputKind output);

  // Computes every expert where the gate is dense or needs.all_outputs is set, else the chosen
  // only.
  ModelOutput forward(const Tensor& inputs, const ForwardContext& context,
                      const TraceNeeds& needs) const override;

  // The mixture with another routing (one expert alone, hard top-1): mixed_NC.
  Tensor forward_with(const Tensor& inputs, const Routing& routing,
                      const ForwardContext& context) const;

  // From now on the expert that the gate gives most answers for a sample alone, and no other one is
  // computed. Throws UserError where that saves nothing: one expert, a gate that chooses one
  // already, or one that reads the hidden layers of all.
  void choose_one();

  ExpertBank& bank() { return bank_; }
  const ExpertBank& bank() const { return bank_; }
  Gate& gate() { return *gate_; }
  const Gate& gate() const { return *gate_; }
  OutputKind output() const override { return output_; }
  void after_step(const std::vector<MixtureTrace>& traces) override;

  std::vector<MixtureName> mixture_names() const override;
  std::vector<Parameter> parameters() const override;  // the experts', then the gate's
  std::vector<Buffer> buffers() const override;
  std::vector<std::string> describe() const override;
  Cost cost(int64_t tokens) const override;

 private:
  ExpertBank bank_;
  std::unique_ptr<Gate> gate_;
  OutputKind output_;
};

}  // namespace moestro
