#include "moestro/nn/model_config.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "moestro/nn/expert_config.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

struct Read {
  ModelConfig model;
  ExpertConfig expert;
  MixtureConfig mixture;
  GateConfig gate;
  Schema schema;
  explicit Read(const std::string& toml) {
    describe(schema, model);
    describe(schema, expert);
    describe(schema, gate);
    describe(schema, mixture);
    schema.parse_text(toml, "r.toml");
    schema.check_effects();
  }
  TransformerShape shape(int64_t experts) const {
    return transformer_shape(model, gate, experts, 50);
  }
};

std::string refusal(const std::string& toml) {
  return thrown<UserError>([&] { Read read(toml); });
}

std::string of_kind(const std::string& kind, const std::string& line) {
  return "[model]\nkind = \"" + kind + "\"\n" + line + "\n";
}

// What a Transformer is made of, each away from its default.
const std::vector<std::string> kTransformerKeys = {"width = 24",
                                                   "heads = 3",
                                                   "depth = 5",
                                                   "hidden = 48",
                                                   "activation = \"relu\"",
                                                   "norm = \"rms\"",
                                                   "norm_first = false",
                                                   "positions = \"rotary\"",
                                                   "dropout = 0.2",
                                                   "bias = false",
                                                   "share_depth = true",
                                                   "mixture_every = 2",
                                                   "expert_hidden = 7",
                                                   "route = \"mean\"",
                                                   "shared = 2"};

TEST(ModelConfig, reads_every_key_into_the_shape) {
  std::string toml = "[gate]\nkind = \"noisy_topk\"\nk = 3\n[model]\nkind = \"encoder\"\n";
  for (const std::string& line : kTransformerKeys) toml += line + "\n";
  const Read read(toml + "shared_hidden = 9\nshared_gate = true\npooling = \"first\"\n");
  const TransformerShape shape = read.shape(4);
  EXPECT_EQ(shape.width, 24);
  EXPECT_EQ(shape.heads, 3);
  EXPECT_EQ(shape.depth, 5);
  EXPECT_EQ(shape.hidden, 48);
  EXPECT_EQ(shape.activation, FeedForwardKind::relu);
  EXPECT_EQ(shape.norm, NormKind::rms);
  EXPECT_FALSE(shape.norm_first);
  EXPECT_EQ(shape.positions, PositionKind::rotary);
  EXPECT_EQ(shape.dropout, .2);
  EXPECT_FALSE(shape.bias);
  EXPECT_TRUE(shape.share_depth);
  EXPECT_EQ(shape.longest, 50);
  EXPECT_EQ(shape.mixture.experts, 4);
  EXPECT_EQ(shape.mixture.every, 2);
  EXPECT_EQ(shape.mixture.hidden, 7);
  EXPECT_EQ(shape.mixture.route, RouteBy::mean);
  EXPECT_EQ(shape.mixture.shared, 2);
  EXPECT_EQ(shape.mixture.shared_hidden, 9);
  EXPECT_TRUE(shape.mixture.shared_gate);
  EXPECT_EQ(shape.mixture.gate.kind, "noisy_topk");
  EXPECT_EQ(shape.mixture.gate.k, 3);
  EXPECT_EQ(pooling_of(read.model), Pooling::first);
}

TEST(ModelConfig, every_choice_of_a_key_has_a_meaning_of_its_own) {
  const auto shape = [](const std::string& line) { return Read(of_kind("vit", line)).shape(2); };
  EXPECT_EQ(shape("activation = \"gelu\"").activation, FeedForwardKind::gelu);
  EXPECT_EQ(shape("activation = \"swiglu\"").activation, FeedForwardKind::swiglu);
  EXPECT_EQ(shape("norm = \"layer\"").norm, NormKind::layer);
  EXPECT_EQ(shape("positions = \"learned\"").positions, PositionKind::learned);
  EXPECT_EQ(shape("positions = \"sinusoidal\"").positions, PositionKind::sinusoidal);
  EXPECT_EQ(shape("route = \"token\"").mixture.route, RouteBy::token);
  EXPECT_EQ(shape("route = \"first\"").mixture.route, RouteBy::first);
  EXPECT_EQ(pooling_of(Read(of_kind("vit", "pooling = \"mean\"")).model), Pooling::mean);
}

TEST(ModelConfig, one_expert_gives_ordinary_feed_forward_layers) {
  EXPECT_EQ(Read(of_kind("encoder", "")).shape(1).mixture.experts, 0);
  EXPECT_EQ(Read(of_kind("encoder", "")).shape(2).mixture.experts, 2);
}

TEST(ModelConfig, a_translator_searches_as_it_is_told) {
  const Read read(of_kind("translator", "beam = 3\nlength_penalty = 0.6"));
  const BeamOptions options = beam_options(read.model, 40);
  EXPECT_EQ(options.beam, 3);
  EXPECT_EQ(options.length_penalty, .6);
  EXPECT_EQ(options.longest, 40);
}

TEST(ModelConfig, keys_of_transformers_are_refused_for_a_mixture_of_whole_networks) {
  for (const std::string& line : kTransformerKeys) {
    const std::string key = line.substr(0, line.find(' '));
    EXPECT_EQ(refusal("[model]\n" + line)
                  .find("r.toml:2: model." + key +
                        " has no effect here; "
                        "it is used where model.kind is"),
              0u)
        << refusal("[model]\n" + line);
    for (const char* kind : {"encoder", "vit", "translator"})
      EXPECT_NO_THROW(Read(of_kind(kind, line))) << kind << ": " << line;
  }
}

TEST(ModelConfig, keys_of_mixtures_of_whole_networks_are_refused_for_transformers) {
  for (const char* kind : {"encoder", "vit", "translator"}) {
    EXPECT_EQ(refusal(of_kind(kind, "[expert]\nlayers = [\"linear classes\"]"))
                  .find("r.toml:4: expert.layers has no effect here"),
              0u);
    EXPECT_EQ(refusal(of_kind(kind, "[mixture]\noutput = \"logits\""))
                  .find("r.toml:4: mixture.output has no effect here"),
              0u);
  }
}

TEST(ModelConfig, keys_of_one_kind_are_refused_for_the_others) {
  const auto refused = [](const char* kind, const char* line) {
    return refusal(of_kind(kind, line)).find("has no effect here") != std::string::npos;
  };
  for (const char* kind : {"mixture", "encoder", "vit", "translator"}) {
    const std::string name = kind;
    EXPECT_EQ(refused(kind, "pooling = \"first\""), name == "mixture" || name == "translator");
    EXPECT_EQ(refused(kind, "patch = 2"), name != "vit");
    EXPECT_EQ(refused(kind, "beam = 2"), name != "translator");
    EXPECT_EQ(refused(kind, "length_penalty = 2"), name != "translator");
    EXPECT_TRUE(refused(kind, "shared_hidden = 2"));  // without shared ones
    EXPECT_TRUE(refused(kind, "shared_gate = true"));
    EXPECT_EQ(refused(kind, "shared = 1\nshared_hidden = 2\nshared_gate = true"),
              name == "mixture");
  }
}

TEST(ModelConfig, refuses_values_out_of_range) {
  for (const char* key : {"width", "heads", "depth", "hidden", "mixture_every"})
    EXPECT_TRUE(refusal(of_kind("encoder", fmt::format("{} = 0", key)))
                    .starts_with(fmt::format(
                        "r.toml:3: model.{} = 0; expected an integer, at least 1", key)))
        << key;
  for (const char* key : {"expert_hidden", "shared"})
    EXPECT_TRUE(refusal(of_kind("encoder", fmt::format("{} = -1", key)))
                    .starts_with(fmt::format(
                        "r.toml:3: model.{} = -1; expected an integer, at least 0", key)))
        << key;
  EXPECT_EQ(refusal(of_kind("encoder", "width = 4000000")),
            "r.toml:3: model.width = 4000000; expected an integer, at least 1 and at most 65536");
  EXPECT_EQ(refusal(of_kind("encoder", "dropout = 1")),
            "r.toml:3: model.dropout = 1; expected a number, at least 0 and below 1");
  EXPECT_EQ(refusal(of_kind("vit", "patch = 0")),
            "r.toml:3: model.patch = 0; expected an integer, at least 1");
  EXPECT_NE(refusal(of_kind("translator", "beam = 65")).find("at most 64"), std::string::npos);
  EXPECT_NE(refusal(of_kind("translator", "length_penalty = -1")).find("at least 0"),
            std::string::npos);
  EXPECT_NE(refusal(of_kind("encodr", "")).find("did you mean \"encoder\"?"), std::string::npos);
  EXPECT_NE(refusal(of_kind("encoder", "route = \"word\"")).find("token"), std::string::npos);
}

}  // namespace
}  // namespace moestro
