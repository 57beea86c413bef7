#include "moestro/surgery/unit_gathering.h"

#include <gtest/gtest.h>

#include "expert_kinds.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

ExpertTensors drawn(const ExpertKind& kind, int64_t experts, uint64_t seed) {
  return ExpertTensors::stacked(kind.drawn(experts, seed));
}

Widths times(const Widths& widths, int64_t factor) {
  Widths all;
  for (const int64_t width : widths) all.push_back(factor * width);
  return all;
}

// All that makes or reads a unit that was not chosen becomes 0.
ExpertTensors without_others(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                             const std::vector<UnitChoice>& choice) {
  std::vector<NamedTensors> kept;
  for (int64_t e = 0; e < experts.experts(); ++e) {
    NamedTensors tensors = tensors_of(experts, e);
    for (auto& [name, tensor] : tensors) tensor = tensor.clone();
    for (size_t l = 0; l < layers.size(); ++l) {
      Tensor others = at::ones({layers[l].axis.units}, at::kBool);
      for (size_t u = 0; u < choice[l].unit_U.size(); ++u)
        if (choice[l].expert_U[u] == e) others[choice[l].unit_U[u]].fill_(false);
      const Tensor units = others.nonzero().flatten();
      for (size_t p = 0; p < layers[l].roles.size(); ++p) {
        const HiddenAxis::Part& part = layers[l].axis.parts[p];
        if (layers[l].roles[p] != HiddenLayer::Role::describes)
          tensor_named(tensors, part.tensor)
              .index_fill_(part.dim, layers[l].axis.indices(part, units), 0);
      }
    }
    kept.push_back(tensors);
  }
  return together(kept);
}

// What an expert answers where every hidden unit is silent: the output's bias.
Tensor silent(const ExpertKind& kind, const ExpertTensors& experts, const Tensor& x) {
  std::vector<UnitChoice> nobody(kind.layers().size());
  return kind.outputs(without_others(experts, kind.layers(), nobody), x);
}

Tensor mean_of(const Tensor& out_ENC, const std::vector<int64_t>& experts) {
  return out_ENC.index_select(0, at::tensor(experts, at::kLong)).mean(0);
}

TEST(GatherUnits, of_one_expert_gives_it_back) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const ExpertTensors experts = drawn(*kind, 3, 5);
    const std::vector<HiddenLayer> layers = kind->layers();
    for (int64_t e = 0; e < 3; ++e) {
      const NamedTensors student =
          gather_units(experts, layers, layers, whole_experts(layers, {e}));
      ASSERT_EQ(student.size(), experts.names().size());
      for (const auto& [name, tensor] : student)
        EXPECT_TRUE(tensor.equal(experts.at(name, e))) << name;
    }
  }
}

TEST(GatherUnits, of_whole_experts_answers_their_mean) {
  for (const auto& kind : all_kinds())
    for (const std::vector<int64_t>& chosen :
         {std::vector<int64_t>{2, 0}, std::vector<int64_t>{0, 1, 2, 3}}) {
      SCOPED_TRACE(kind->text());
      const ExpertTensors experts = drawn(*kind, 4, 5);
      const std::vector<HiddenLayer> layers = kind->layers();
      const auto count = static_cast<int64_t>(chosen.size());
      const auto wide = kind->of(times(kind->widths(), count));
      const NamedTensors student =
          gather_units(experts, layers, wide->layers(), whole_experts(layers, chosen),
                       1 / static_cast<double>(count));
      const Tensor x = kind->inputs(6);
      EXPECT_TRUE(close(answer(*wide, student, x), mean_of(kind->outputs(experts, x), chosen)));
    }
}

// The sum of the experts, with one bias in place of all: where nothing but the kept units is there,
// nothing is lost.
void expect_exact(const ExpertKind& kind, const Widths& widths) {
  SCOPED_TRACE(fmt::format("{} in {}", kind.text(), shape_text(widths)));
  const std::vector<HiddenLayer> layers = kind.layers();
  const ExpertTensors full = drawn(kind, 3, 5);
  const std::vector<UnitChoice> choice =
      strongest_units(unit_strengths(full, layers, Ranking::norm), widths);
  const ExpertTensors experts = without_others(full, layers, choice);
  const auto student = kind.of(widths);
  const NamedTensors gathered = gather_units(experts, layers, student->layers(), choice);

  const Tensor x = kind.inputs(6), biases_ENC = silent(kind, experts, x);
  const Tensor expected = (kind.outputs(experts, x) - biases_ENC).sum(0) +
                          mean_of(biases_ENC, experts_of(choice.back()));
  EXPECT_TRUE(close(answer(*student, gathered, x), expected));
  const Tensor full_NC =
      (kind.outputs(full, x) - biases_ENC).sum(0) + mean_of(biases_ENC, experts_of(choice.back()));
  EXPECT_FALSE(close(expected, full_NC));  // else nothing was left out
}

TEST(GatherUnits, is_exact_where_only_the_kept_units_are_there) {
  for (const auto& kind : all_kinds()) {
    expect_exact(*kind, kind->widths());
    Widths wider = kind->widths(), narrower = kind->widths();
    for (int64_t& width : wider) width += 1 + width / 2;
    for (int64_t& width : narrower) width = std::max<int64_t>(width - 2, 2);
    expect_exact(*kind, wider);
    expect_exact(*kind, narrower);
  }
}

TEST(GatherUnits, takes_fewer_units_than_experts) {
  for (const auto& kind : all_kinds()) expect_exact(*kind, Widths(kind->widths().size(), 2));
}

TEST(GatherUnits, of_all_units_is_the_sum_of_all_experts) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const ExpertTensors experts = drawn(*kind, 3, 5);
    const std::vector<HiddenLayer> layers = kind->layers();
    const auto wide = kind->of(times(kind->widths(), 3));
    const std::vector<UnitChoice> choice =
        strongest_units(unit_strengths(experts, layers, Ranking::norms), wide->widths());
    const NamedTensors student = gather_units(experts, layers, wide->layers(), choice);
    const Tensor x = kind->inputs(6), biases_ENC = silent(*kind, experts, x);
    EXPECT_TRUE(close(answer(*wide, student, x),
                      (kind->outputs(experts, x) - biases_ENC).sum(0) + biases_ENC.mean(0)));
  }
}

TEST(GatherUnits, keeps_experts_apart) {
  const NetworkExperts kind({"linear #", "relu", "linear #", "relu", "linear classes"}, {2},
                            {2, 1});
  const ExpertTensors experts = drawn(kind, 2, 5);
  const std::vector<UnitChoice> choice = {{{1, 0, 1}, {1, 0, 0}}, {{0, 1}, {0, 0}}};
  NamedTensors student = gather_units(experts, kind.layers(), kind.of({3, 2})->layers(), choice);
  const auto at = [&](const char* name, int64_t e) { return experts.at(name, e); };
  const Tensor zero = at::zeros({}, at::kDouble);
  EXPECT_TRUE(tensor_named(student, "0.weight")
                  .equal(at::stack({at("0.weight", 1).select(1, 1), at("0.weight", 0).select(1, 0),
                                    at("0.weight", 1).select(1, 0)},
                                   1)));
  EXPECT_TRUE(tensor_named(student, "0.bias")
                  .equal(at::stack({at("0.bias", 1)[1], at("0.bias", 0)[0], at("0.bias", 1)[0]})));
  EXPECT_TRUE(tensor_named(student, "2.weight")
                  .equal(at::stack({zero, at("2.weight", 1)[1][0], at("2.weight", 0)[0][0], zero,
                                    zero, at("2.weight", 1)[0][0]})
                             .view({3, 2})));
  EXPECT_TRUE(tensor_named(student, "4.weight")
                  .equal(at::stack({at("4.weight", 0)[0], at("4.weight", 1)[0]})));
  EXPECT_TRUE(close(tensor_named(student, "4.bias"), (at("4.bias", 0) + at("4.bias", 1)) / 2));
}

TEST(GatherUnits, gives_the_bias_of_experts_that_still_have_units) {
  const NetworkExperts kind({"linear #", "relu", "linear #", "relu", "linear classes"}, {2},
                            {2, 2});
  const ExpertTensors experts = drawn(kind, 3, 5);
  const std::vector<UnitChoice> choice = {{{0, 1, 2}, {0, 0, 0}}, {{0, 2}, {0, 0}}};
  NamedTensors student = gather_units(experts, kind.layers(), kind.of({3, 2})->layers(), choice);
  EXPECT_TRUE(close(tensor_named(student, "4.bias"),
                    (experts.at("4.bias", 0) + experts.at("4.bias", 2)) / 2));
}

TEST(GatherUnits, multiplies_what_reads_the_last_hidden_layer_and_nothing_else) {
  const NetworkExperts kind({"linear #", "relu", "linear #", "relu", "linear classes"}, {2},
                            {2, 2});
  const ExpertTensors experts = drawn(kind, 3, 5);
  const std::vector<HiddenLayer> layers = kind.layers();
  const std::vector<UnitChoice> choice =
      strongest_units(unit_strengths(experts, layers, Ranking::norm), {2, 2});
  const NamedTensors plain = gather_units(experts, layers, layers, choice),
                     scaled = gather_units(experts, layers, layers, choice, .25);
  for (size_t t = 0; t < plain.size(); ++t) {
    const double factor = plain[t].first == "4.weight" ? .25 : 1;
    EXPECT_TRUE(scaled[t].second.equal(factor * plain[t].second)) << plain[t].first;
  }
}

TEST(GatherUnits, without_hidden_layers_is_the_mean) {
  const NetworkExperts kind({"batchnorm", "linear classes"}, {3}, {});
  const ExpertTensors experts = drawn(kind, 3, 5);
  for (const auto& [name, tensor] : gather_units(experts, {}, {}, {}, .5))
    EXPECT_TRUE(
        close(tensor, (experts.at(name, 0) + experts.at(name, 1) + experts.at(name, 2)) / 3))
        << name;
}

// 256 + 1 + 1 + 2 in bf16, step by step, would be 258.
TEST(GatherUnits, keeps_the_type_and_means_in_double) {
  const auto layers = hidden_layers(FeedForwardShape{1, 1, FeedForwardKind::relu, true});
  const Tensor values = at::tensor({256., 1., 1., 2.}).to(at::kBFloat16);
  const NamedTensors tensors = {{"up.weight", values.view({4, 1, 1}).requires_grad_()},
                                {"up.bias", values.view({4, 1})},
                                {"down.weight", values.view({4, 1, 1})},
                                {"down.bias", values.view({4, 1})}};
  const auto student = hidden_layers(FeedForwardShape{1, 4, FeedForwardKind::relu, true});
  NamedTensors gathered = gather_units(ExpertTensors::stacked(tensors), layers, student,
                                       whole_experts(layers, {0, 1, 2, 3}));
  for (const auto& [name, tensor] : gathered) {
    EXPECT_EQ(tensor.scalar_type(), at::kBFloat16) << name;
    EXPECT_FALSE(tensor.requires_grad());
  }
  EXPECT_EQ(tensor_named(gathered, "down.bias").item<double>(), 65);
}

TEST(GatherUnits, refuses_a_student_of_another_make) {
  const NetworkExperts kind({"linear #", "relu", "linear classes"}, {3}, {4});
  const ExpertTensors experts = drawn(kind, 2, 5);
  const std::vector<UnitChoice> choice = whole_experts(kind.layers(), {0});
  const auto gather = [&](const std::vector<HiddenLayer>& student) {
    return thrown<InternalError>([&] { gather_units(experts, kind.layers(), student, choice); });
  };
  const NetworkExperts shifted({"relu", "linear #", "relu", "linear classes"}, {3}, {4});
  EXPECT_NE(gather(shifted.layers()).find("0.weight has another place in the student"),
            std::string::npos);
  EXPECT_NE(gather(kind.of({5})->layers()), "(nothing thrown)");
  EXPECT_NE(gather({}), "(nothing thrown)");
}

}  // namespace
}  // namespace moestro
