#include "moestro/nn/expert_config.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "moestro/nn/model_config.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

struct Read {
  ExpertConfig expert;
  MixtureConfig mixture;
  ModelConfig model;
  explicit Read(const std::string& toml) {
    Schema schema;
    describe(schema, expert);
    describe(schema, model);
    describe(schema, mixture);
    schema.parse_text(toml, "r.toml");
    schema.check_effects();
  }
};

std::string refusal(const std::string& toml) {
  return thrown<UserError>([&] { Read read(toml); });
}

TEST(ExpertConfig, reads_its_keys) {
  const Read read(
      "[expert]\ncount = 20\nlayers = [\"linear 8\", \"linear classes\"]\n"
      "[mixture]\noutput = \"logits\"");
  EXPECT_EQ(read.expert.count, 20);
  EXPECT_EQ(read.expert.layers, (std::vector<std::string>{"linear 8", "linear classes"}));
  EXPECT_EQ(read.mixture.output, "logits");
}

TEST(ExpertConfig, refuses_values_out_of_range) {
  EXPECT_NE(refusal("[expert]\ncount = 0").find("r.toml:2: expert.count = 0; expected"),
            std::string::npos);
  EXPECT_NE(refusal("[mixture]\noutput = \"logit\"").find("logits"), std::string::npos);
}

}  // namespace
}  // namespace moestro
