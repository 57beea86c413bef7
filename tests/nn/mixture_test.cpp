#include "moestro/nn/mixture.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gates/gate_fixture.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

ExpertBank bank(int64_t experts) {
  return ExpertBank(
      parse_layers({"linear 5", "tanh", "linear classes"}, {3}, {"expert.layers", "classes", 4}),
      "experts", experts, 11);
}

Mixture mixture_of(std::unique_ptr<Gate> gate, int64_t experts,
                   OutputKind output = OutputKind::probabilities) {
  Mixture mixture(bank(experts), std::move(gate), output);
  convert(mixture.parameters(), mixture.buffers(), at::kDouble);
  return mixture;
}

Mixture mixture_of(const std::string& kind, int64_t experts, int64_t k = 2,
                   OutputKind output = OutputKind::probabilities) {
  GateConfig config = gate_config(kind);
  config.k = k;
  return mixture_of(make_gate(config, gate_setting(experts)), experts, output);
}

TraceNeeds everything() {
  return {true, true, true};
}

bool close(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && at::allclose(a, b, 1e-12, 1e-12);
}

TEST(Mixture, with_a_dense_gate_mixes_every_expert_alone) {
  const Tensor x = normal({6, 3}, 1);
  for (const OutputKind output : {OutputKind::probabilities, OutputKind::logits}) {
    const Mixture mixture = mixture_of("softmax", 3, 1, output);
    const ModelOutput result = mixture.forward(x, kTraining, {});
    std::vector<Tensor> alone;
    for (int64_t e = 0; e < 3; ++e) alone.push_back(mixture.bank().forward_one(e, x, kTraining));
    const Tensor expected = mix(at::stack(alone, 1), result.traces[0].routing.probs_BE, output);
    EXPECT_TRUE(close(result.mixed_NC, expected));
  }
}

TEST(Mixture, with_a_sparse_gate_says_that_experts_run_one_by_one) {
  const auto first = [](const char* kind, int64_t k) {
    return mixture_of(kind, 4, k).describe().front();
  };
  const std::string one_by_one =
      "experts: one expert after the other on the rows sent to it, since their numbers differ; all "
      "at once only where every output is read";
  EXPECT_EQ(first("switch", 1), one_by_one);
  EXPECT_EQ(first("sigmoid", 2), one_by_one);
  EXPECT_EQ(first("sigmoid", 4),
            "experts: linear 5: one product for 4 experts, since they share their rows");
  EXPECT_EQ(first("softmax", 1), first("sigmoid", 4));
}

TEST(Mixture, with_a_sparse_gate_gives_the_same_whether_all_or_the_chosen_are_computed) {
  const Tensor x = normal({7, 3}, 2);
  for (const char* kind : {"switch", "noisy_topk", "sigmoid"}) {
    const Mixture mixture = mixture_of(kind, 4);
    const ModelOutput sparse = mixture.forward(x, kTraining, {});
    const ModelOutput full = mixture.forward(x, kTraining, everything());
    EXPECT_TRUE(at::equal(sparse.traces[0].routing.experts_BK, full.traces[0].routing.experts_BK))
        << kind;
    EXPECT_TRUE(close(sparse.mixed_NC, full.mixed_NC)) << kind;
  }
}

TEST(Mixture, keeping_every_expert_of_a_sparse_gate_is_the_dense_one) {
  const Tensor x = normal({5, 3}, 3);
  EXPECT_TRUE(close(mixture_of("noisy_topk", 3, 3).forward(x, kEvaluation, {}).mixed_NC,
                    mixture_of("softmax", 3).forward(x, kEvaluation, {}).mixed_NC));
}

TEST(Mixture, of_one_expert_is_that_expert) {
  const Tensor x = normal({1, 3}, 4);
  for (const char* kind : {"softmax", "switch", "attentive", "sigmoid", "noisy_topk", "fixed"}) {
    const Mixture mixture = mixture_of(kind, 1, 1);
    const Tensor alone = mixture.bank().forward_one(0, x, kTraining).log_softmax(1);
    EXPECT_TRUE(close(mixture.forward(x, kTraining, {}).mixed_NC, alone)) << kind;
  }
}

TEST(Mixture, keeps_in_its_trace_what_was_asked_for) {
  const Tensor x = normal({6, 3}, 5);
  const Mixture mixture = mixture_of("switch", 4);
  const MixtureTrace bare = mixture.forward(x, kTraining, {}).traces[0];
  EXPECT_FALSE(bare.out_ENC || bare.hidden_ENF || bare.out_NKC);
  EXPECT_EQ(bare.rows_per_decision, 1);
  EXPECT_FALSE(bare.valid_N.defined());
  const MixtureTrace full = mixture.forward(x, kTraining, everything()).traces[0];
  EXPECT_EQ(full.out_ENC->sizes(), at::IntArrayRef({4, 6, 4}));
  EXPECT_EQ(full.hidden_ENF->sizes(), at::IntArrayRef({4, 6, 5}));
  EXPECT_EQ(full.out_NKC->sizes(), at::IntArrayRef({6, 1, 4}));
  for (int64_t n = 0; n < 6; ++n) {
    const int64_t e = full.routing.experts_BK[n].item<int64_t>();
    EXPECT_TRUE(at::equal(full.out_NKC->select(0, n)[0], full.out_ENC->select(0, e)[n]));
  }
  const MixtureTrace chosen = mixture.forward(x, kTraining, {false, false, true}).traces[0];
  EXPECT_FALSE(chosen.out_ENC);
  EXPECT_TRUE(close(*chosen.out_NKC, *full.out_NKC));
}

TEST(Mixture, gives_an_attentive_gate_the_experts_hidden_layers) {
  const Tensor x = normal({6, 3}, 6);
  const Mixture mixture = mixture_of("attentive", 3);
  const MixtureTrace trace = mixture.forward(x, kTraining, everything()).traces[0];
  const Tensor hidden = at::matmul(x, parameter(mixture, "experts.0.weight")) +
                        parameter(mixture, "experts.0.bias").unsqueeze(1);
  EXPECT_TRUE(close(*trace.hidden_ENF, hidden));
  EXPECT_TRUE(close(trace.routing.probs_BE, mixture.gate().route({x, hidden}, kTraining).probs_BE));
}

TEST(Mixture, with_another_routing_answers_by_it) {
  const Tensor x = normal({6, 3}, 7);
  const Mixture mixture = mixture_of("softmax", 3);
  const Routing own = mixture.forward(x, kEvaluation, {}).traces[0].routing;
  EXPECT_TRUE(close(mixture.forward_with(x, own, kEvaluation),
                    mixture.forward(x, kEvaluation, {}).mixed_NC));
  const Tensor map = at::full({6, 1}, 2, at::kLong);
  EXPECT_TRUE(close(mixture.forward_with(x, forced_routing(map, 3), kEvaluation),
                    mixture.bank().forward_one(2, x, kEvaluation).log_softmax(1)));
  const Tensor hard = mixture.forward_with(x, top_one(own), kEvaluation);
  for (int64_t n = 0; n < 6; ++n) {
    const int64_t e = own.probs_BE[n].argmax().item<int64_t>();
    const Tensor alone = mixture.bank().forward_one(e, x, kEvaluation)[n].log_softmax(0);
    EXPECT_TRUE(close(hard[n], alone));
  }
}

TEST(Mixture, that_chooses_one_computes_no_other) {
  const Tensor x = normal({6, 3}, 7);
  Mixture mixture = mixture_of("softmax", 3);
  const ModelOutput all = mixture.forward(x, kEvaluation, {});
  const double dense = mixture.cost(1).operations;
  const Tensor expected = mixture.forward_with(x, top_one(all.traces[0].routing), kEvaluation);
  mixture.choose_one();
  const ModelOutput one = mixture.forward(x, kEvaluation, {});
  EXPECT_TRUE(close(one.mixed_NC, expected));
  EXPECT_EQ(one.traces[0].routing.experts_BK.size(1), 1);
  EXPECT_TRUE(close(one.traces[0].routing.probs_BE, all.traces[0].routing.probs_BE));
  const double expert = cost_of(mixture.bank().specs()).operations;
  EXPECT_EQ(mixture.cost(1).operations, dense - 2 * expert);
  // An expert that nobody chooses may hold anything.
  const c10::NoGradGuard no_gradients;
  const Tensor owner_N = all.traces[0].routing.probs_BE.argmax(1);
  for (int64_t e = 0; e < 3; ++e)
    if (!owner_N.eq(e).any().item<bool>()) parameter(mixture, "experts.0.weight")[e].fill_(NAN);
  EXPECT_TRUE(close(mixture.forward(x, kEvaluation, {}).mixed_NC, expected));
}

TEST(Mixture, that_would_save_nothing_by_choosing_one_says_why) {
  const auto refused = [](const std::string& kind, int64_t experts) {
    Mixture mixture = mixture_of(kind, experts);
    return thrown<UserError>([&] { mixture.choose_one(); });
  };
  EXPECT_NE(refused("attentive", 3).find("the gate reads a hidden layer of every expert"),
            std::string::npos);
  EXPECT_NE(refused("switch", 3).find("the gate chooses one already"), std::string::npos);
  EXPECT_NE(refused("fixed", 1).find("there is but one"), std::string::npos);
}

TEST(Mixture, an_expert_that_is_never_chosen_learns_nothing) {
  const Tensor x = normal({6, 3}, 8), map = at::zeros({6, 1}, at::kLong);
  const Mixture mixture = mixture_of(make_frozen_gate(forced_routing(map, 3)), 3);
  for (const TraceNeeds& needs : {TraceNeeds{}, everything()}) {
    mixture.forward(x, kTraining, needs).mixed_NC.select(1, 0).sum().backward();
    const Tensor gradient = parameter(mixture, "experts.0.weight").grad();
    EXPECT_GT(gradient[0].abs().sum().item<double>(), 0);
    EXPECT_EQ(gradient.narrow(0, 1, 2).abs().sum().item<double>(), 0);
  }
}

TEST(Mixture, permuting_experts_and_gate_permutes_the_routing_and_changes_nothing_else) {
  const Tensor x = normal({6, 3}, 9);
  const Mixture mixture = mixture_of("softmax", 3);
  const ModelOutput before = mixture.forward(x, kEvaluation, {});
  for (const Parameter& value : mixture.parameters()) {
    if (value.name.starts_with("experts.")) value.value.set_data(value.value.detach().flip(0));
    if (value.name.starts_with("gate.2.")) value.value.set_data(value.value.detach().flip(-1));
  }
  const ModelOutput after = mixture.forward(x, kEvaluation, {});
  EXPECT_TRUE(close(after.traces[0].routing.probs_BE, before.traces[0].routing.probs_BE.flip(1)));
  EXPECT_TRUE(close(after.mixed_NC, before.mixed_NC));
}

TEST(Mixture, gradient_matches_differences) {
  const Tensor x = normal({4, 3}, 10);
  const auto check = [&](const Mixture& mixture, const TraceNeeds& needs) {
    return gradient_error(
        [&] {
          return (mixture.forward(x, kTraining, needs).mixed_NC * normal({4, 4}, 11)).sum();
        },
        leaves(mixture));
  };
  for (const char* kind : {"softmax", "attentive", "switch", "noisy_topk", "sigmoid"})
    for (const TraceNeeds& needs : {TraceNeeds{}, everything()})
      EXPECT_LT(check(mixture_of(kind, 3), needs), 1e-7) << kind;
  EXPECT_LT(check(mixture_of("softmax", 3, 1, OutputKind::logits), {}), 1e-7);
}

TEST(Mixture, mixes_values) {
  const Tensor x = normal({5, 3}, 12);
  const Mixture mixture = mixture_of("fixed", 2, 1, OutputKind::values);
  const Tensor mean = (mixture.bank().forward_one(0, x, kEvaluation) +
                       mixture.bank().forward_one(1, x, kEvaluation)) /
                      2;
  EXPECT_TRUE(close(mixture.forward(x, kEvaluation, {}).mixed_NC, mean));
}

TEST(Mixture, lists_the_experts_parameters_before_the_gates) {
  const Mixture mixture = mixture_of("softmax", 3);
  const std::vector<Parameter> all = mixture.parameters();
  EXPECT_EQ(all.size(), 8u);
  EXPECT_EQ(all.front().name, "experts.0.weight");
  EXPECT_EQ(all.back().name, "gate.2.bias");
  EXPECT_EQ(mixture.parameter_count(), 3 * (3 * 5 + 5 + 5 * 4 + 4) + (3 * 4 + 4 + 4 * 3 + 3));
}

TEST(Mixture, lists_the_buffers_of_experts_and_gate) {
  const Mixture mixture = mixture_of("sigmoid", 3);
  ASSERT_EQ(mixture.buffers().size(), 1u);
  EXPECT_EQ(mixture.buffers().front().name, "gate.balance_bias");
}

}  // namespace
}  // namespace moestro
