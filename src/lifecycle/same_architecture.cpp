#include "same_architecture.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"

namespace moestro {
namespace {

const std::vector<std::string> kMayDiffer = {
    "model.hidden", "model.expert_hidden", "model.dropout",       "model.mixture_every",
    "model.route",  "model.shared",        "model.shared_hidden", "model.shared_gate",
    "model.beam",   "model.length_penalty"};

// Dropout may be another, and how wide a layer with units is; every other size counts.
bool alike(const LayerSpec& a, const LayerSpec& b) {
  const bool sizes = has_weights(a) || a.size == b.size;
  return a.kind == b.kind && sizes && a.kernel == b.kernel && a.pad == b.pad &&
         a.stride == b.stride && a.bias == b.bias && a.batch_statistics == b.batch_statistics;
}

void check_same_layers(const std::vector<LayerSpec>& there, const std::vector<LayerSpec>& here,
                       const std::string& where) {
  if (there.size() != here.size()) return;
  for (size_t i = 0; i < there.size(); ++i)
    if (!alike(there[i], here[i]))
      throw UserError(
          "{}: its expert.layers have \"{}\" where the student has \"{}\"; expected "
          "the same but for the width",
          where, there[i].text, here[i].text);
}

void check_same_model(const Recipe& teacher, const Recipe& student, const std::string& where) {
  Recipe there = teacher, here = student;
  Schema theirs, ours;
  describe(theirs, there);
  describe(ours, here);
  for (const Section& section : ours.sections())
    for (const Field& field : section.fields()) {
      const std::string& key = field.key();
      if (section.name() != "model" || std::ranges::count(kMayDiffer, key)) continue;
      const std::string value = theirs.find(key).value_text();
      if (value != field.value_text())
        throw UserError("{}: its {} is {}, the student's {}; expected the same", where, key, value,
                        field.value_text());
    }
}

}  // namespace

void check_same_architecture(const Teacher& teacher, const Recipe& recipe, const Model& student) {
  if (teacher.recipe().model.kind != recipe.model.kind) return;
  if (const auto* network = dynamic_cast<const Mixture*>(&student))
    check_same_layers(teacher.mixture().bank().specs(), network->bank().specs(), teacher.where());
  else
    check_same_model(teacher.recipe(), recipe, teacher.where());
}

}  // namespace moestro
