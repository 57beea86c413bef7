// The expert bank: E experts of one shape as stacked tensors [E, ...].
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/nn/network.h"

namespace moestro {

class ExpertBank {
 public:
  // Tensors are named "<name>.<layer>.weight". hidden: which hidden layer is given, from the last.
  ExpertBank(std::vector<LayerSpec> specs, const std::string& name, int64_t experts, uint64_t seed,
             int64_t hidden = 1);

  // All experts on all rows: out_ENC, and hidden_ENF when asked for.
  NetworkOutput forward_all(const Tensor& x, const ForwardContext& context,
                            bool want_hidden = false) const;

  // Only the chosen ones: experts_NK int64, out_NKC. An expert that gets no row costs nothing.
  // Throws UserError where training batch norm would see routed rows only.
  Tensor forward_routed(const Tensor& x, const Tensor& experts_NK,
                        const ForwardContext& context) const;

  // Expert e alone on all rows: out_NC.
  Tensor forward_one(int64_t expert, const Tensor& x, const ForwardContext& context) const;

  // Views of the live tensors, by name within an expert ("0.weight").
  ExpertTensors tensors() const;

  void freeze(int64_t expert, bool frozen = true);
  const FreezeMask& frozen() const { return *frozen_; }

  int64_t experts() const { return network_.experts(); }
  const std::vector<LayerSpec>& specs() const { return network_.specs(); }
  std::vector<Parameter> parameters() const { return network_.parameters(); }
  std::vector<Buffer> buffers() const { return network_.buffers(); }
  std::vector<std::string> describe() const { return network_.describe(); }
  // How forward_routed() goes, and why.
  std::string describe_routed() const;

 private:
  std::string name_;
  std::shared_ptr<FreezeMask> frozen_;
  Network network_;
};

}  // namespace moestro
