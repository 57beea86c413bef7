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

// "linear 64" -> "linear", "conv 16 3 pad=1" -> "conv 3 pad=1".
std::string without_width(const std::string& layer) {
  if (!layer.starts_with("linear ") && !layer.starts_with("conv ")) return layer;
  const size_t width = layer.find(' '), rest = std::min(layer.find(' ', width + 1), layer.size());
  return layer.substr(0, width) + layer.substr(rest);
}

void check_same_layers(const Recipe& teacher, const Recipe& student, const std::string& where) {
  const std::vector<std::string>&there = teacher.expert.layers, &here = student.expert.layers;
  if (there.size() != here.size()) return;
  for (size_t i = 0; i < there.size(); ++i)
    if (without_width(there[i]) != without_width(here[i]))
      throw UserError(
          "{}: its expert.layers have \"{}\" where the student has \"{}\"; expected "
          "the same but for the width",
          where, there[i], here[i]);
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

void check_same_architecture(const Recipe& teacher, const Recipe& student,
                             const std::string& where) {
  if (teacher.model.kind != student.model.kind) return;
  if (teacher.model.transformer())
    check_same_model(teacher, student, where);
  else
    check_same_layers(teacher, student, where);
}

}  // namespace moestro
