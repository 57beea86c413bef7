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

TEST(LossConfig, refuses_an_unknown_kind) {
  Recipe recipe;
  const std::string message =
      thrown<UserError>([&] { recipe.read("[loss]\nkind = \"expectaton\"\n"); });
  EXPECT_NE(message.find("did you mean \"expectation\"?"), std::string::npos) << message;
}

}  // namespace
}  // namespace moestro
