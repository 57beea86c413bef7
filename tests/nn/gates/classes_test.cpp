#include "gate_fixture.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

GateConfig classes_config(std::vector<std::string> classes) {
  GateConfig config = gate_config("classes");
  config.classes = std::move(classes);
  return config;
}

GateSetting four_classes(int64_t experts) {
  GateSetting setting = gate_setting(experts);
  setting.classes = 4;
  return setting;
}

std::string refusal(std::vector<std::string> classes, GateSetting setting = four_classes(2)) {
  return thrown<UserError>([&] { make_gate(classes_config(std::move(classes)), setting); });
}

TEST(ClassesGate, sends_every_sample_to_the_expert_of_its_class) {
  const auto gate = make_gate(classes_config({"3 0", "1 2"}), four_classes(2));
  ForwardContext context = kTraining;
  context.targets_N = at::tensor({0, 1, 2, 3, 0}, at::kLong);
  const Routing routing = gate->route({normal({5, 3}, 1), {}}, context);
  EXPECT_TRUE(at::equal(routing.experts_BK.squeeze(1), at::tensor({0, 1, 1, 0, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(routing.probs_BE.sum(1), at::ones({5})));
  EXPECT_TRUE(at::equal(routing.weights_BK, at::ones({5, 1})));
  EXPECT_TRUE(gate->parameters().empty());
}

TEST(ClassesGate, must_be_told_the_class) {
  const auto gate = make_gate(classes_config({"3 0", "1 2"}), four_classes(2));
  EXPECT_EQ(
      thrown<UserError>([&] {
        gate->route({normal({5, 3}, 1), {}}, kEvaluation);
      }),
      "gate.kind = \"classes\" must be told the class of every row; expected rows with labels");
}

TEST(ClassesGate, refuses_a_list_that_is_no_partition_of_the_classes) {
  EXPECT_EQ(refusal({"0 1 2 3"}), "gate.classes has 1 texts; expected 2, one an expert");
  EXPECT_EQ(refusal({"0 1", "2"}), "gate.classes: class 3 is missing; expected every class once");
  EXPECT_EQ(refusal({"0 1", "1 2 3"}),
            "gate.classes: class 1 is there twice; expected every class once");
  EXPECT_EQ(refusal({"0 1", "2 4"}),
            "gate.classes[1] = \"2 4\": class 4; expected numbers from 0 to 3");
  EXPECT_EQ(refusal({"0 1", "2 x"}),
            "gate.classes[1] = \"2 x\": class x; expected numbers from 0 to 3");
  EXPECT_EQ(refusal({"0", "1"}, gate_setting(2)),
            "gate.kind = \"classes\" on a target of values; expected classes");
}

}  // namespace
}  // namespace moestro
