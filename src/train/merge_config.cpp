#include "moestro/train/merge_config.h"

#include "moestro/core/error.h"
#include "moestro/core/schema.h"

namespace moestro {

void describe(Schema& schema, MergeConfig& merge) {
  Section& section = schema.section(
      "merge",
      "While a task is learned, the two experts used most overwrite the one used least, layer by "
      "layer.");
  section.field("every", merge.every, "steps of a task from one merge to the next; 0: none")
      .at_least(0);
  const auto field = [&](const char* name, auto& value, const char* meaning) -> Field& {
    return section.field(name, value, meaning).only_when("merge.every", {"*"});
  };
  field("first", merge.first, "the step of each task after which the first merge is").at_least(1);
  field("last", merge.last, "the step of each task after which there is none any more").at_least(1);
  field("kind", merge.kind,
        "what overwrites: average: of the two used most; controls: random: of two drawn ones; "
        "copy: the one used most; fresh: newly drawn weights")
      .one_of({"average", "random", "copy", "fresh"});
  field("weights", merge.weights, "equal: the plain average; count: weighted by how often chosen")
      .one_of({"equal", "count"})
      .only_when("merge.kind", {"average", "random"});
  field("align", merge.align,
        "bring the hidden units of the second into the order of the first's before")
      .only_when("merge.kind", {"average", "random"});
  field("target", merge.target,
        "what may be overwritten: unfrozen: every expert that is not frozen; unused: of these, "
        "those that no earlier task's gate chose for any training sample of its task")
      .one_of({"unfrozen", "unused"});
  field("gate", merge.gate,
        "what the task's gate scores the overwritten expert by: keep: as before; mean: the mean "
        "of what it scores the first and the second by, of every kind alike")
      .one_of({"keep", "mean"});
  field("counts", merge.counts,
        "how often an expert is used: since_merge: choices since the layer's last merge, or the "
        "task's start; moving: choices a step of this task, older ones .99 times as much a step")
      .one_of({"since_merge", "moving"});
}

void check_merge(const MergeConfig& merge, int64_t steps, const Schema& schema) {
  if (merge.every == 0) return;
  if (merge.every > steps)
    throw UserError("{} = {}; expected at most {}, the steps of a task, or 0",
                    schema.where("merge.every"), merge.every, steps);
  if (merge.last > steps)
    throw UserError("{} = {}; expected at most {}, the steps of a task", schema.where("merge.last"),
                    merge.last, steps);
  if (merge.first > merge.last)
    throw UserError("{} = {}; expected at most merge.last = {}", schema.where("merge.first"),
                    merge.first, merge.last);
}

bool merges_after(const MergeConfig& merge, int64_t step) {
  return merge.every > 0 && step >= merge.first && step <= merge.last &&
         (step - merge.first) % merge.every == 0;
}

}  // namespace moestro
