// The recipe's [gate].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

class Schema;

struct GateConfig {
  std::string kind = "softmax";  // softmax, noisy_topk, switch, attentive, sigmoid, fixed
  std::vector<std::string> layers = {"linear experts"};
  int64_t k = 2;  // noisy_topk, sigmoid
  // attentive: q = W_q h_g, k_i = W_k h_i, p = softmax(q . k_i / sqrt(h)) (arXiv 2302.14703)
  std::string query = "before";  // h_g: the gate's last hidden layer before or after its activation
  bool stop_gradient = false;    // keys send no gradient into the experts
  double bias_rate = 0.001;      // sigmoid: step of the balance bias (DeepSeek-V3, aux-free)
  std::vector<double> weights;   // fixed: one weight an expert, normalised; empty: even
};

// Every kind but fixed.
const std::vector<std::string>& learned_gate_kinds();

// The bounds and conditions of every key.
void describe(Schema& schema, GateConfig& gate);

}  // namespace moestro
