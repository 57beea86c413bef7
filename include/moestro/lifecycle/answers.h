// What a trained mixture answers on rows, refused where its weights have run away.
#pragma once

#include "moestro/train/evaluation.h"

namespace moestro {

// evaluate(); throws SystemError where a gate's probability, a class's probability or a value is
// not finite: no figure would mean anything.
Evaluation finite_answers(const Mixture& mixture, const Dataset& data, const Normaliser& normaliser,
                          const EvaluationOptions& options);

}  // namespace moestro
