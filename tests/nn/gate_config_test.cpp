#include "moestro/nn/gate_config.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

GateConfig read(const std::string& toml) {
  GateConfig gate;
  Schema schema;
  describe(schema, gate);
  schema.parse_text("[gate]\n" + toml, "r.toml");
  schema.check_effects();
  return gate;
}

std::string refusal(const std::string& toml) {
  return thrown<UserError>([&] { read(toml); });
}

TEST(GateConfig, reads_every_key_where_it_has_an_effect) {
  EXPECT_EQ(read("layers = [\"linear 8\", \"relu\", \"linear experts\"]").layers.size(), 3u);
  EXPECT_EQ(read("kind = \"noisy_topk\"\nk = 3").k, 3);
  EXPECT_EQ(read("kind = \"sigmoid\"\nbias_rate = 0.01").bias_rate, .01);
  const GateConfig attentive =
      read("kind = \"attentive\"\nquery = \"after\"\nstop_gradient = true");
  EXPECT_EQ(attentive.query, "after");
  EXPECT_TRUE(attentive.stop_gradient);
  EXPECT_EQ(read("kind = \"fixed\"\nweights = [1, 2.5]").weights, (std::vector<double>{1, 2.5}));
}

TEST(GateConfig, refuses_keys_without_effect) {
  for (const char* toml :
       {"k = 2", "kind = \"switch\"\nk = 1", "kind = \"fixed\"\nlayers = [\"linear experts\"]",
        "query = \"after\"", "stop_gradient = true", "bias_rate = 0.1", "weights = [1]"}) {
    const std::string message = refusal(toml);
    EXPECT_NE(message.find("has no effect here"), std::string::npos) << toml << ": " << message;
  }
}

TEST(GateConfig, refuses_values_out_of_range) {
  EXPECT_EQ(refusal("kind = \"sigmoid\"\nk = 0"),
            "r.toml:3: gate.k = 0; expected an integer, at least 1");
  EXPECT_EQ(refusal("kind = \"sigmoid\"\nbias_rate = -0.1"),
            "r.toml:3: gate.bias_rate = -0.1; expected a number, at least 0");
  for (const char* toml : {"kind = \"softmx\"", "kind = \"attentive\"\nquery = \"beside\"",
                           "kind = \"fixed\"\nweights = [1, -1]"})
    EXPECT_NE(refusal(toml).find("expected"), std::string::npos) << toml;
}

}  // namespace
}  // namespace moestro
