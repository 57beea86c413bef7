// What folding whole networks and folding a Transformer's layers share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "moestro/lifecycle/fold.h"
#include "moestro/surgery/least_squares.h"
#include "moestro/train/evaluation.h"

namespace moestro {

// What calibration rows say of a bank's experts, each undefined where nothing asked for it.
struct ExpertStatistics {
  Tensor usage_E;        // rows sent, or summed weights
  Tensor error_E;        // squared distance of an expert's answer from the mixture's
  Tensor activation_EF;  // sum of the size of each hidden unit's activation
};

// Copies by name into live tensors; names that do not fit are collected.
void copy_named(const NamedTensors& to, const NamedTensors& from, const std::string& where);

// gather(), whose messages know tensors and no run; here they begin with `where`.
Gathering gather_at(const std::string& where, const ExpertTensors& experts,
                    const std::vector<HiddenLayer>& layers, const std::vector<HiddenLayer>& student,
                    const GatherOptions& options);

// How the bank is gathered; `chosen` gets the experts that were picked by statistics or by chance.
GatherOptions gather_options(const StudentConfig& config, const ExpertStatistics& statistics,
                             int64_t experts, int64_t chosen_a_row, const std::string& layer,
                             uint64_t seed, std::vector<int64_t>& chosen);

bool needs_errors(const StudentConfig& config);
bool needs_usage(const StudentConfig& config);

// Adds b to a, which may be undefined.
void accumulate(Tensor& a, const Tensor& b);

using VisitOutput = std::function<void(const ModelOutput&, const Batch&, const ForwardContext&)>;
// The teacher's answers on all of these rows, without gradients, in evaluation.
void visit_teacher(const Teacher& teacher, const Calibration& rows, const TraceNeeds& needs,
                   const VisitOutput& visit);

FoldedLayer fold_network(const Teacher& teacher, Mixture& student, const StudentConfig& config,
                         const Calibration& calibration, uint64_t seed);
std::vector<FoldedLayer> fold_transformer(const Teacher& teacher, Model& student,
                                          const StudentConfig& config,
                                          const Calibration& calibration, uint64_t seed);

}  // namespace moestro
