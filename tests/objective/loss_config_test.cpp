#include "moestro/objective/loss_config.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "moestro/nn/gate_config.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

struct Recipe {
  Recipe() {
    describe(schema, gate);
    describe(schema, loss);
  }
  void read(const std::string& toml) {
    schema.parse_text(toml, "r.toml");
    schema.check_effects();
  }
  Schema schema;
  GateConfig gate;
  LossConfig loss;
};

TEST(LossConfig, takes_terms_by_name_and_weight) {
  Recipe recipe;
  recipe.read("[loss]\nkind = \"stochastic\"\nimportance = 0.4\nz_loss = 0.001\n");
  EXPECT_EQ(recipe.loss.kind, "stochastic");
  EXPECT_EQ(recipe.loss.importance, .4);
  EXPECT_EQ(recipe.loss.z_loss, .001);
  EXPECT_EQ(recipe.loss.switch_balance, 0);
}

TEST(LossConfig, refuses_a_negative_weight) {
  Recipe recipe;
  EXPECT_EQ(thrown<UserError>([&] { recipe.read("[loss]\nimportance = -1\n"); }),
            "r.toml:2: loss.importance = -1; expected a number, at least 0");
}

TEST(LossConfig, refuses_a_balance_term_for_a_gate_that_does_not_learn) {
  Recipe recipe;
  const std::string message = thrown<UserError>(
      [&] { recipe.read("[gate]\nkind = \"fixed\"\n[loss]\nimportance = 0.4\n"); });
  EXPECT_TRUE(message.starts_with("r.toml:4: loss.importance has no effect here")) << message;
}

TEST(LossConfig, refuses_negative_weights_of_every_term) {
  for (const char* key : {"task", "importance", "switch_balance", "z_loss", "similarity_same",
                          "similarity_different", "gate_distillation", "gate_correctness"}) {
    Recipe recipe;
    EXPECT_EQ(thrown<UserError>([&] { recipe.read(fmt::format("[loss]\n{} = -0.5\n", key)); }),
              fmt::format("r.toml:2: loss.{} = -0.5; expected a number, at least 0", key));
  }
}

TEST(LossConfig, takes_how_samples_are_compared_with_either_weight) {
  for (const char* key : {"similarity_same", "similarity_different"}) {
    Recipe recipe;
    recipe.read(
        fmt::format("[loss]\n{} = 0.1\nsimilarity_form = \"published\"\n"
                    "similarity_distance = \"features\"\nsimilarity_run = \"runs/a\"\n",
                    key));
    EXPECT_TRUE(recipe.loss.compares_samples());
    EXPECT_EQ(recipe.loss.similarity_run, "runs/a");
  }
}

TEST(LossConfig, refuses_how_samples_are_compared_where_they_are_not) {
  for (const char* key : {"form = \"published\"", "distance = \"cosine\"", "run = \"runs/a\""}) {
    Recipe recipe;
    const std::string message =
        thrown<UserError>([&] { recipe.read(fmt::format("[loss]\nsimilarity_{}\n", key)); });
    EXPECT_TRUE(message.starts_with("r.toml:2: loss.similarity_")) << message;
    EXPECT_NE(message.find("has no effect here"), std::string::npos) << message;
  }
  Recipe recipe;
  EXPECT_EQ(thrown<UserError>([&] { recipe.read("[loss]\nsimilarity_form = \"balanced\"\n"); }),
            "r.toml:2: loss.similarity_form has no effect here; it is used where "
            "loss.similarity_same or loss.similarity_different is set, and they are 0.0 and 0.0");
}

TEST(LossConfig, refuses_a_feature_run_for_another_distance) {
  Recipe recipe;
  EXPECT_EQ(thrown<UserError>(
                [&] { recipe.read("[loss]\nsimilarity_same = 1\nsimilarity_run = \"runs/a\"\n"); }),
            "r.toml:3: loss.similarity_run has no effect here; it is used where "
            "loss.similarity_distance is features, and that is \"euclidean\"");
}

TEST(LossConfig, takes_a_share_of_smoothing_below_one_for_the_expectation_alone) {
  Recipe recipe;
  recipe.read("[loss]\nlabel_smoothing = 0.1\n");
  EXPECT_EQ(recipe.loss.label_smoothing, .1);
  for (const char* wrong : {"1", "-0.1"}) {
    Recipe other;
    EXPECT_EQ(thrown<UserError>(
                  [&] { other.read(fmt::format("[loss]\nlabel_smoothing = {}\n", wrong)); }),
              fmt::format("r.toml:2: loss.label_smoothing = {}; expected a number, at least 0 and "
                          "below 1",
                          wrong));
  }
  for (const char* kind : {"stochastic", "competitive", "least_squares"}) {
    Recipe other;
    const std::string message = thrown<UserError>(
        [&] { other.read(fmt::format("[loss]\nkind = \"{}\"\nlabel_smoothing = 0.1\n", kind)); });
    EXPECT_TRUE(message.starts_with("r.toml:3: loss.label_smoothing has no effect here")) << kind;
  }
}

TEST(LossConfig, refuses_an_unknown_kind) {
  Recipe recipe;
  const std::string message =
      thrown<UserError>([&] { recipe.read("[loss]\nkind = \"expectaton\"\n"); });
  EXPECT_NE(message.find("did you mean \"expectation\"?"), std::string::npos) << message;
}

}  // namespace
}  // namespace moestro
