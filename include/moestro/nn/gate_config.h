// The recipe's [gate].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

class Schema;

struct GateConfig {
  std::string kind = "softmax";  // softmax, noisy_topk, switch, attentive, sigmoid, fixed,
                                 // classes
  std::vector<std::string> layers = {"linear experts"};
  std::string kernels = "signed";  // signed, positive: of convolutions at the start
  double start = 1;                // factor on the initial weights of what makes the scores
  int64_t k = 2;                   // noisy_topk, sigmoid
  double least_noise = 0;          // noisy_topk: deviation of the noise, besides what is learned
  // attentive: q = W_q h_g, k_i = W_k h_i, p = softmax(q . k_i / sqrt(h)) (arXiv 2302.14703)
  std::string query = "before";  // h_g: the gate's last hidden layer before or after its activation
  int64_t hidden = 1;            // which of the experts' hidden layers h_i is, from the last
  bool stop_gradient = false;    // keys send no gradient into the experts
  bool normalise = false;        // q and k_i scaled to a root mean square of 1: |scores| <= sqrt(h)
  double bias_rate = 0.001;      // sigmoid: step of the balance bias (DeepSeek-V3, aux-free)
  std::vector<double> weights;   // fixed: one weight an expert, normalised; empty: even
  std::vector<std::string> classes;  // classes: those of each expert, as "0 7"
};

// Every kind but fixed and classes.
const std::vector<std::string>& learned_gate_kinds();

// The bounds and conditions of every key.
void describe(Schema& schema, GateConfig& gate);

}  // namespace moestro
