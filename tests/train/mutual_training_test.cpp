// Mutual distillation through the training loop.
#include <gtest/gtest.h>

#include "moestro/core/device.h"
#include "moestro/core/log.h"
#include "store/temporary_folder.h"
#include "train/toy.h"

namespace moestro {
namespace {

using testing::TemporaryFolder;
using testing::ToyTraining;

// Weight and value of the term after each step.
class Terms : public Hook {
 public:
  void after_step(const StepReport& report) override {
    for (const LossTerm& term : report.loss.terms)
      if (term.name == "mutual_distillation") {
        weights.push_back(term.weight);
        values.push_back(term.value.item<double>());
      }
  }

  std::vector<double> weights, values;
};

Terms train(const std::vector<std::string>& more) {
  set_log_level(LogLevel::quiet);
  set_threads(1);
  const TemporaryFolder folder;
  Terms terms;
  ToyTraining toy(folder.path(), more, {&terms});
  toy.trainer->run();
  return terms;
}

TEST(MutualTraining, draws_experts_together_the_more_the_larger_its_weight) {
  const double little = train({"loss.mutual_distillation=0.000001"}).values.back(),
               some = train({"loss.mutual_distillation=0.1"}).values.back(),
               much = train({"loss.mutual_distillation=10"}).values.back();
  EXPECT_LT(some, .8 * little);
  EXPECT_LT(much, .5 * some);
}

TEST(MutualTraining, reaches_experts_that_the_gate_does_not_choose) {
  const std::vector<std::string> sparse = {"gate.kind=switch", "mixture.output=logits"};
  const auto with = [&](const std::string& weight) {
    std::vector<std::string> all = sparse;
    all.push_back("loss.mutual_distillation=" + weight);
    return train(all).values.back();
  };
  EXPECT_LT(with("1"), .5 * with("0.000001"));
}

TEST(MutualTraining, weight_rises_or_falls_over_all_steps_on_a_straight_line) {
  const Terms rise = train({"loss.mutual_distillation=0.6", "loss.mutual_schedule=rise"}),
              fall = train({"loss.mutual_distillation=0.6", "loss.mutual_schedule=fall"});
  ASSERT_EQ(rise.weights.size(), 60u);
  for (size_t step = 0; step < 60; ++step) {
    EXPECT_NEAR(rise.weights[step], .01 * (static_cast<double>(step) + .5), 1e-12);
    EXPECT_NEAR(rise.weights[step] + fall.weights[step], .6, 1e-12);
  }
}

}  // namespace
}  // namespace moestro
