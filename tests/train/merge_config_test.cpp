#include "moestro/train/merge_config.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "moestro/train/adapter_config.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

// Both sections as a recipe would hold them.
struct Sections {
  explicit Sections(const std::vector<std::string>& assignments = {}) {
    describe(schema, adapter);
    describe(schema, merge);
    for (const std::string& assignment : assignments) schema.set(assignment);
    schema.check_effects();
  }
  MergeConfig merge;
  AdapterConfig adapter;
  Schema schema;
};

std::string error_of(const std::vector<std::string>& assignments, int64_t steps = 300) {
  return thrown<UserError>([&] {
    Sections sections(assignments);
    check_merge(sections.merge, steps, sections.schema);
    check_adapter(sections.adapter, sections.schema);
  });
}

TEST(MergeConfig, merges_from_the_first_to_the_last_step_in_its_period) {
  MergeConfig merge;
  merge.every = 5;
  merge.first = 3;
  merge.last = 13;
  std::vector<int64_t> steps;
  for (int64_t step = 1; step <= 20; ++step)
    if (merges_after(merge, step)) steps.push_back(step);
  EXPECT_EQ(steps, (std::vector<int64_t>{3, 8, 13}));
  merge.every = 0;
  EXPECT_FALSE(merges_after(merge, 3));
}

TEST(MergeConfig, refuses_steps_that_a_task_does_not_have) {
  EXPECT_EQ(error_of({}), "(nothing thrown)");
  EXPECT_EQ(error_of({"merge.every=0"}, 10), "(nothing thrown)");
  EXPECT_EQ(error_of({"merge.every=400"}),
            "--set: merge.every = 400; expected at most 300, the steps of a task, or 0");
  EXPECT_EQ(error_of({"merge.last=301"}),
            "--set: merge.last = 301; expected at most 300, the steps of a task");
  EXPECT_EQ(error_of({"merge.first=241"}),
            "--set: merge.first = 241; expected at most merge.last = 240");
}

TEST(MergeConfig, refuses_keys_without_effect) {
  for (const char* key :
       {"first=3", "kind=\"copy\"", "target=\"unused\"", "gate=\"mean\"", "counts=\"moving\""})
    EXPECT_NE(error_of({"merge.every=0", std::string("merge.") + key}), "(nothing thrown)") << key;
  for (const char* kind : {"copy", "fresh"})
    for (const char* key : {"weights=\"count\"", "align=true"})
      EXPECT_NE(error_of({fmt::format("merge.kind=\"{}\"", kind), std::string("merge.") + key}),
                "(nothing thrown)")
          << kind << key;
  EXPECT_EQ(error_of({"merge.kind=\"random\"", "merge.weights=\"count\"", "merge.align=true"}),
            "(nothing thrown)");
}

TEST(AdapterConfig, becomes_the_shape_of_a_layer) {
  const Sections sections({"adapter.experts=5", "adapter.hidden=6", "adapter.k=3",
                           "adapter.dropout=0", "adapter.scale=.5", "adapter.shared=1"});
  const AdapterShape shape = adapter_shape(sections.adapter);
  EXPECT_EQ((std::vector<int64_t>{shape.experts, shape.hidden, shape.gate.k, shape.shared}),
            (std::vector<int64_t>{5, 6, 3, 1}));
  EXPECT_EQ(shape.gate.kind, "noisy_topk");
  EXPECT_EQ(shape.dropout, 0);
  EXPECT_EQ(shape.scale, .5);
}

TEST(AdapterConfig, refuses_more_experts_than_there_are) {
  EXPECT_EQ(error_of({"adapter.k=23"}),
            "--set: adapter.k = 23; expected at most adapter.experts = 22");
  EXPECT_EQ(error_of({"adapter.freeze=23"}),
            "--set: adapter.freeze = 23; expected at most adapter.experts = 22");
  EXPECT_NE(error_of({"adapter.freeze=0", "adapter.grow=1"}), "(nothing thrown)");
}

}  // namespace
}  // namespace moestro
