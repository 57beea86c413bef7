// Knowledge gathering: the experts of one bank folded into one dense network (arXiv 2201.10890;
// sum and average are the paper's, what the others mean is chosen: docs/densify.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "moestro/surgery/alignment.h"
#include "moestro/surgery/tensor_gathering.h"
#include "moestro/surgery/unit_choice.h"

namespace moestro {

enum class GatherKind {
  sum,      // of every tensor
  average,  // of every tensor
  svd,      // tensor_gathering.h
  topk,     // the strongest units of each expert: unit_choice.h
  concat,   // whole experts side by side, what they answer averaged; where the student is narrower
            // than that, their strongest units
  one,      // one expert alone
};

struct GatherOptions {
  GatherKind kind = GatherKind::topk;
  bool align = false;  // the units of all experts to the first one's, before
  Ranking ranking = Ranking::norm;
  std::vector<Tensor> activation_EU;  // for Ranking::activation
  SingularOptions singular;
  std::vector<int64_t> experts;  // concat: which, one: the one; others: all, whatever stands here
};

// What was kept of one hidden layer, [E].
struct KeptUnits {
  std::vector<int64_t> units_E;
  std::vector<double> strength_E;  // share of the squared strength of the expert's units
};

struct Gathering {
  NamedTensors tensors;  // the student's, without an expert axis
  std::optional<Alignment> alignment;
  std::vector<KeptUnits> units;        // topk, concat, one: a hidden layer each
  std::vector<KeptSingular> matrices;  // svd
};

// layers, student: the hidden layers of an expert and of the student. Throws UserError for experts
// that are not there, and for widths that cannot be: other than an expert's where tensors are added
// or one expert stands alone, more than all experts' units where units are chosen; and for topk
// of experts without hidden layers, which have no units.
Gathering gather(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                 const std::vector<HiddenLayer>& student, const GatherOptions& options);

}  // namespace moestro
