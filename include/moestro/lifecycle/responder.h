// A model with all that it takes to answer for rows, and its answers: refused where its weights
// have run away, since no figure would mean anything.
#pragma once

#include <string>
#include <vector>

#include "moestro/data/record.h"
#include "moestro/data/tokenizer.h"
#include "moestro/nn/translator.h"
#include "moestro/train/evaluation.h"
#include "moestro/train/recipe.h"

namespace moestro {

// References: its makers keep them.
struct Responder {
  const Model& model;
  const Recipe& recipe;
  const DataRecord& data;
  const Tokenizer* tokenizer;  // null: no texts, or ids made elsewhere
  c10::Device device;

  bool translates() const { return dynamic_cast<const Translator*>(&model) != nullptr; }

  EvaluationOptions options(bool experts = false) const;

  // evaluate(); throws SystemError where a gate's probability, a class's probability or a value is
  // not finite.
  Evaluation evaluate(const Dataset& rows, bool experts = false) const;
  // score(); throws SystemError where the loss is not finite.
  Scores score(const Dataset& rows) const;
  // Of a translator: each row's source in the other language, as texts.
  std::vector<std::string> translate(const Dataset& rows) const;
};

}  // namespace moestro
