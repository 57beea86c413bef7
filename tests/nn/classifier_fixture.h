// What tests of classifiers share.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "moestro/nn/classifier.h"
#include "nn/transformer_fixture.h"

namespace moestro::testing {

inline constexpr int64_t kVocabulary = 11;
inline constexpr PatchShape kPatches{.channels = 2, .height = 4, .width = 6, .patch = 2};

inline const Tensor kTexts_BT =
    at::tensor({1, 5, 2, -1, 1, 9, 10, 2, 1, 2, -1, -1}, at::kInt).view({3, 4});

inline void make_exact(const Model& model) {
  convert(model.parameters(), model.buffers(), at::kDouble);
}

inline Tensor named(const Model& model, const std::string& name) {
  for (const Parameter& parameter : model.parameters())
    if (parameter.name == name) return parameter.value;
  throw std::out_of_range(name);
}

inline Tensor logits(const Model& model, const Tensor& inputs) {
  return model.forward(inputs, {}, {}).mixed_NC;
}

inline TransformerShape mixture_shape(const std::string& gate = "noisy_topk",
                                      RouteBy route = RouteBy::token) {
  TransformerShape shape = small_shape();
  shape.mixture.experts = 3;
  shape.mixture.gate.kind = gate;
  shape.mixture.route = route;
  return shape;
}

// Every kind of stack whose answers must not depend on a text's surroundings.
inline std::vector<TransformerShape> every_shape() {
  std::vector<TransformerShape> shapes = {small_shape()};
  for (const PositionKind positions : {PositionKind::sinusoidal, PositionKind::rotary})
    (shapes.emplace_back() = small_shape()).positions = positions;
  for (const RouteBy route : {RouteBy::token, RouteBy::mean, RouteBy::first})
    shapes.push_back(mixture_shape("noisy_topk", route));
  return shapes;
}

}  // namespace moestro::testing
