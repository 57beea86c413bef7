#include "moestro/measure/layer_usage.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/measure/specialisation.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::thrown;

Tensor whole(std::vector<int64_t> values) {
  return at::tensor(values, at::kLong);
}

Tensor numbers(std::vector<double> values) {
  return at::tensor(values, at::kDouble);
}

// Top k of random probabilities, by token.
MixtureTrace top_k(int64_t rows, int64_t experts, int64_t k, int64_t seed) {
  MixtureTrace trace;
  Routing& routing = trace.routing;
  routing.scores_BE = normal({rows, experts}, seed);
  routing.probs_BE = routing.scores_BE.softmax(1);
  routing.experts_BK = top_experts(routing.probs_BE, k);
  routing.weights_BK = routing.probs_BE.gather(1, routing.experts_BK);
  return trace;
}

// Each decision for one expert alone, with its probability 1.
MixtureTrace certain(const std::vector<int64_t>& owners, int64_t experts) {
  MixtureTrace trace;
  trace.routing = forced_routing(whole(owners).unsqueeze(1), experts);
  return trace;
}

LayerUsage counted(const MixtureTrace& trace, const Tensor& positions_N, int64_t positions,
                   const Tensor& ids_N = {}, int64_t vocabulary = 0) {
  LayerUsageCounter counter(trace.routing.probs_BE.size(1), positions, vocabulary, at::kCPU);
  counter.add(trace, positions_N, ids_N);
  return counter.result();
}

void expect_same(const LayerUsage& a, const LayerUsage& b) {
  EXPECT_EQ(a.decisions, b.decisions);
  EXPECT_TRUE(at::equal(a.usage_E, b.usage_E));
  EXPECT_TRUE(at::allclose(a.importance_E, b.importance_E, 1e-12));
  EXPECT_NEAR(a.sample_entropy, b.sample_entropy, 1e-12);
  EXPECT_NEAR(a.usage_entropy, b.usage_entropy, 1e-12);
  EXPECT_TRUE(at::equal(a.position_TE, b.position_TE));
  EXPECT_TRUE(at::equal(a.token_VE, b.token_VE));
}

TEST(LayerUsage, counts_choices_by_place_and_by_token) {
  const LayerUsage usage =
      counted(certain({0, 1, 1, 2, 1}, 4), whole({0, 1, 2, 0, 1}), 3, whole({5, 6, 6, 5, 0}), 7);
  EXPECT_EQ(usage.decisions, 5);
  EXPECT_TRUE(at::allclose(usage.usage_E, numbers({.2, .6, .2, 0})));
  EXPECT_TRUE(
      at::equal(usage.position_TE, whole({1, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0}).view({3, 4})));
  EXPECT_TRUE(at::equal(usage.token_VE[5], whole({1, 0, 1, 0})));
  EXPECT_TRUE(at::equal(usage.token_VE[6], whole({0, 2, 0, 0})));
  EXPECT_TRUE(at::equal(usage.token_VE[0], whole({0, 1, 0, 0})));
  EXPECT_EQ(usage.token_VE.sum().item<int64_t>(), 5);
}

TEST(LayerUsage, has_the_entropies_of_specialisation) {
  const MixtureTrace trace = top_k(50, 4, 1, 1);
  const LayerUsage usage = counted(trace, at::zeros({50}, at::kLong), 1);
  const Tensor none_B = at::zeros({50}, at::kLong);
  const Specialisation same = specialisation(trace.routing.probs_BE, none_B, none_B, 1);
  EXPECT_NEAR(usage.sample_entropy, same.sample_entropy, 1e-12);
  EXPECT_NEAR(usage.usage_entropy, same.usage_entropy, 1e-12);
  EXPECT_TRUE(at::allclose(usage.importance_E, trace.routing.probs_BE.to(at::kDouble).mean(0)));
}

TEST(LayerUsage, counts_every_one_of_several_choices_that_has_a_weight) {
  MixtureTrace trace = certain({0, 1}, 3);
  trace.routing.experts_BK = whole({0, 2, 1, 2}).view({2, 2});
  trace.routing.weights_BK = at::tensor({.6, .4, 1., 0.}, at::kFloat).view({2, 2});
  const LayerUsage usage = counted(trace, whole({0, 1}), 2, whole({1, 1}), 2);
  EXPECT_TRUE(at::allclose(usage.usage_E, numbers({1. / 3, 1. / 3, 1. / 3})));
  EXPECT_TRUE(at::equal(usage.position_TE, whole({1, 0, 1, 0, 1, 0}).view({2, 3})));
  EXPECT_TRUE(at::equal(usage.token_VE[1], whole({1, 1, 1})));
}

TEST(LayerUsage, of_a_gate_that_computes_all_counts_the_most_probable_expert) {
  MixtureTrace trace;
  const Tensor probs = at::tensor({.6, .3, .1, .2, .7, .1}, at::kFloat).view({2, 3});
  trace.routing = dense_routing(probs, probs);
  EXPECT_TRUE(at::equal(counted(trace, whole({0, 0}), 1).usage_E, numbers({.5, .5, 0})));
}

TEST(LayerUsage, of_a_sentence_routed_once_counts_each_of_its_rows) {
  MixtureTrace trace = certain({1, 0}, 2);
  trace.rows_per_decision = 3;
  trace.valid_N = at::tensor({1, 1, 1, 1, 0, 0}).to(at::kBool);
  const LayerUsage usage =
      counted(trace, whole({0, 1, 2, 0, 1, 2}), 3, whole({4, 5, 4, 6, -1, -1}), 7);
  EXPECT_EQ(usage.decisions, 2);
  EXPECT_TRUE(at::equal(usage.usage_E, numbers({.5, .5})));  // of decisions
  EXPECT_TRUE(at::equal(usage.position_TE, whole({1, 1, 0, 1, 0, 1}).view({3, 2})));
  EXPECT_TRUE(at::equal(usage.token_VE[4], whole({0, 2})));
  EXPECT_TRUE(at::equal(usage.token_VE[6], whole({1, 0})));
}

TEST(LayerUsage, counts_padding_nowhere) {
  const MixtureTrace plain = top_k(6, 4, 2, 2);
  const Tensor places = whole({0, 1, 2, 0, 1, 2}), ids = whole({3, 1, 4, 1, 5, 2});
  MixtureTrace padded = top_k(10, 4, 2, 3);
  for (auto member : {&Routing::probs_BE, &Routing::experts_BK, &Routing::weights_BK})
    (padded.routing.*member).narrow(0, 2, 6).copy_(plain.routing.*member);
  padded.routing.probs_BE[0].fill_(NAN);
  padded.valid_N = at::tensor({0, 0, 1, 1, 1, 1, 1, 1, 0, 0}).to(at::kBool);
  const Tensor none = whole({-1, -1});
  expect_same(counted(padded, at::cat({none, places, none}), 3, at::cat({none, ids, none}), 6),
              counted(plain, places, 3, ids, 6));
}

TEST(LayerUsage, of_a_decision_without_a_valid_row_counts_nothing) {
  MixtureTrace trace = certain({1, 0}, 2);
  trace.rows_per_decision = 2;
  trace.valid_N = at::tensor({1, 1, 0, 0}).to(at::kBool);
  const LayerUsage usage = counted(trace, whole({0, 1, 0, 1}), 2);
  EXPECT_EQ(usage.decisions, 1);
  EXPECT_TRUE(at::equal(usage.usage_E, numbers({0, 1})));
  EXPECT_TRUE(at::equal(usage.importance_E, numbers({0, 1})));
  EXPECT_EQ(usage.sample_entropy, 0);
}

TEST(LayerUsage, of_batches_is_that_of_the_whole) {
  const MixtureTrace all = top_k(9, 4, 2, 4);
  const Tensor places = at::arange(9).remainder(3), ids = at::arange(9).remainder(5);
  LayerUsageCounter counter(4, 3, 5, at::kCPU);
  for (int64_t first = 0; first < 9; first += 4) {
    const int64_t count = std::min<int64_t>(4, 9 - first);
    MixtureTrace part;
    for (auto member : {&Routing::probs_BE, &Routing::experts_BK, &Routing::weights_BK})
      part.routing.*member = (all.routing.*member).narrow(0, first, count);
    counter.add(part, places.narrow(0, first, count), ids.narrow(0, first, count));
  }
  expect_same(counter.result(), counted(all, places, 3, ids, 5));
}

TEST(LayerUsage, follows_a_permutation_of_the_experts) {
  const MixtureTrace plain = top_k(40, 5, 2, 5);
  const Tensor places = at::arange(40).remainder(4), ids = at::arange(40).remainder(7);
  const Tensor order_E = whole({3, 0, 4, 1, 2});  // new expert i is what order[i] was
  MixtureTrace moved = plain;
  moved.routing.probs_BE = plain.routing.probs_BE.index_select(1, order_E);
  moved.routing.experts_BK = order_E.argsort().index({plain.routing.experts_BK});
  LayerUsage expected = counted(plain, places, 4, ids, 7);
  for (Tensor* tensor : {&expected.usage_E, &expected.importance_E})
    *tensor = tensor->index_select(0, order_E);
  for (Tensor* tensor : {&expected.position_TE, &expected.token_VE})
    *tensor = tensor->index_select(1, order_E);
  expect_same(counted(moved, places, 4, ids, 7), expected);
}

TEST(LayerUsage, refuses_a_set_without_decisions) {
  EXPECT_EQ(thrown<UserError>([] { LayerUsageCounter(2, 1, 0, at::kCPU).result(); }),
            "usage: no decisions; expected at least one valid row");
}

}  // namespace
}  // namespace moestro
