// One gate a file; make_gate picks.
#pragma once

#include <memory>

#include "moestro/nn/gate.h"

namespace moestro {

// p = softmax(scores), every expert contributes.
std::unique_ptr<Gate> make_softmax_gate(const GateConfig& config, const GateSetting& setting);

// scores = clean + z * (softplus(h W_noise) + least noise), z ~ N(0, 1) in training only, h the
// input of the last linear; softmax over the k highest (Shazeer et al. 2017, eq. 3-5, but for the
// least noise). W_noise is zero at the start.
std::unique_ptr<Gate> make_noisy_topk_gate(const GateConfig& config, const GateSetting& setting);

// The most probable expert, weighted with its probability (Fedus et al. 2021, eq. 1-2).
std::unique_ptr<Gate> make_switch_gate(const GateConfig& config, const GateSetting& setting);

// q = W_q h_g, k_i = W_k h_i, p = softmax_i(q . k_i / sqrt(width of q)) (arXiv 2302.14703, eq. 2).
std::unique_ptr<Gate> make_attentive_gate(const GateConfig& config, const GateSetting& setting);

// s = sigmoid(scores); the k highest of s + bias, weighted with s scaled to sum 1; after a step
// bias_i += rate * sign(mean load - load_i) (DeepSeek-V3, arXiv 2412.19437, eq. 13-16).
std::unique_ptr<Gate> make_sigmoid_gate(const GateConfig& config, const GateSetting& setting);

// The same weights for every sample.
std::unique_ptr<Gate> make_fixed_gate(const GateConfig& config, const GateSetting& setting);

// The expert that is named for the sample's class, context.targets_N; throws UserError where that
// is unknown. What experts learn on given parts of a task (arXiv 2302.14703, section on pre-trained
// experts).
std::unique_ptr<Gate> make_classes_gate(const GateConfig& config, const GateSetting& setting);

}  // namespace moestro
