#include "moestro/surgery/tensor_gathering.h"

#include <limits>

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

ExpertTensors identical(const ExpertKind& kind, int64_t experts) {
  const NamedTensors one = tensors_of(drawn(kind, 1, 5), 0);
  return together(std::vector<NamedTensors>(static_cast<size_t>(experts), one));
}

ExpertTensors matrices(const std::vector<Tensor>& of_experts) {
  return ExpertTensors::stacked({{"w", at::stack(of_experts)}});
}

// rows x columns with these singular values.
Tensor with_values(const Tensor& values_R, int64_t rows, int64_t columns, uint64_t seed) {
  const auto [u, s, vh] = at::linalg_svd(normal({rows, columns}, seed), false);
  return (u * values_R).matmul(vh);
}

// The leading triples, one by one.
Tensor leading(const Tensor& matrix, int64_t rank) {
  const auto [u, s, vh] = at::linalg_svd(matrix, false);
  Tensor sum = at::zeros_like(matrix);
  for (int64_t r = 0; r < rank; ++r) sum = sum + s[r] * at::outer(u.select(1, r), vh[r]);
  return sum;
}

TEST(Summed, adds_every_tensor_of_all_experts) {
  for (const auto& kind : all_kinds()) {
    const ExpertTensors experts = drawn(*kind, 3, 5);
    const NamedTensors sum = summed(experts), mean = averaged(experts);
    ASSERT_EQ(sum.size(), experts.names().size());
    for (size_t t = 0; t < sum.size(); ++t) {
      const std::string name = experts.names()[t];
      EXPECT_EQ(sum[t].first, name);
      const Tensor expected = experts.at(name, 0) + experts.at(name, 1) + experts.at(name, 2);
      EXPECT_TRUE(close(sum[t].second, expected)) << name;
      EXPECT_TRUE(close(mean[t].second, expected / 3)) << name;
    }
  }
}

TEST(Averaged, identical_experts_are_one_of_them_and_their_sum_is_as_many_times_it) {
  for (const auto& kind : all_kinds()) {
    const ExpertTensors experts = identical(*kind, 4);
    for (const auto& [name, tensor] : averaged(experts))
      EXPECT_TRUE(tensor.equal(experts.at(name, 2))) << name;
    for (const auto& [name, tensor] : summed(experts))
      EXPECT_TRUE(tensor.equal(4 * experts.at(name, 2))) << name;
  }
}

TEST(Averaged, keeps_the_type_and_shares_nothing) {
  const Tensor weight = at::ones({1, 2}, at::kBFloat16).requires_grad_();
  const ExpertTensors one = ExpertTensors::stacked({{"w", weight}});
  for (const NamedTensors& tensors : {averaged(one), summed(one)}) {
    EXPECT_EQ(tensors[0].second.scalar_type(), at::kBFloat16);
    EXPECT_FALSE(tensors[0].second.requires_grad());
    EXPECT_NE(tensors[0].second.data_ptr(), weight.data_ptr());
  }
  const ExpertTensors exact = ExpertTensors::stacked({{"w", at::ones({1, 2}, at::kDouble)}});
  EXPECT_NE(averaged(exact)[0].second.data_ptr(), exact.at("w", 0).data_ptr());
}

// 256 + 1 + 1 in bf16, step by step, would stay 256.
TEST(Summed, adds_in_double) {
  const ExpertTensors experts =
      ExpertTensors::stacked({{"w", at::tensor({256., 1., 1.}).to(at::kBFloat16).unsqueeze(1)}});
  EXPECT_EQ(summed(experts)[0].second.item<double>(), 258);
}

TEST(SingularGathering, of_full_rank_is_the_sum) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const ExpertTensors experts = drawn(*kind, 3, 5);
    const NamedTensors sum = summed(experts), mean = averaged(experts);
    const SingularGathering all = singular_gathering(experts, {.energy = 1});
    const SingularGathering halved = singular_gathering(experts, {.energy = 1, .mean = true});
    size_t matrix = 0;
    for (size_t t = 0; t < sum.size(); ++t) {
      const auto& [name, tensor] = all.tensors[t];
      EXPECT_EQ(name, sum[t].first);
      const bool vector = tensor.dim() < 2;
      EXPECT_TRUE(close(tensor, vector ? mean[t].second : sum[t].second)) << name;
      EXPECT_TRUE(close(halved.tensors[t].second, mean[t].second)) << name;
      if (vector) continue;
      EXPECT_EQ(all.kept[matrix].tensor, name);
      for (int64_t e = 0; e < 3; ++e) EXPECT_NEAR(all.kept[matrix].energy_E[e], 1, 1e-12);
      ++matrix;
    }
    EXPECT_EQ(all.kept.size(), matrix);
  }
}

TEST(SingularGathering, adds_the_leading_triples_of_each_expert) {
  const std::vector<Tensor> w = {normal({5, 7}, 1), normal({5, 7}, 2), normal({5, 7}, 3)};
  for (const int64_t rank : {1, 2, 5}) {
    const SingularGathering gathered = singular_gathering(matrices(w), {.rank = rank}),
                            mean = singular_gathering(matrices(w), {.rank = rank, .mean = true});
    const Tensor sum = leading(w[0], rank) + leading(w[1], rank) + leading(w[2], rank);
    EXPECT_TRUE(close(gathered.tensors[0].second, sum));
    EXPECT_TRUE(close(mean.tensors[0].second, sum / 3));
    EXPECT_EQ(gathered.kept[0].rank_E, (std::vector<int64_t>{rank, rank, rank}));
  }
}

// Squares 16, 9, 4, 1 of 30: shares .533, .833, .967, 1.
TEST(SingularGathering, keeps_the_least_rank_that_holds_the_energy) {
  const Tensor w = with_values(at::tensor({4., 3., 2., 1.}), 6, 4, 1),
               flat = with_values(at::ones({4}, at::kDouble), 6, 4, 2);
  const auto kept = [&](double energy) {
    const KeptSingular found = singular_gathering(matrices({w, flat}), {.energy = energy}).kept[0];
    return found.rank_E;
  };
  using Ranks = std::vector<int64_t>;
  EXPECT_EQ(kept(.01), (Ranks{1, 1}));
  EXPECT_EQ(kept(.53), (Ranks{1, 3}));
  EXPECT_EQ(kept(.54), (Ranks{2, 3}));
  EXPECT_EQ(kept(.83), (Ranks{2, 4}));
  EXPECT_EQ(kept(.84), (Ranks{3, 4}));
  EXPECT_EQ(kept(.97), (Ranks{4, 4}));
  EXPECT_EQ(kept(1), (Ranks{4, 4}));
  const Tensor halves = at::eye(2, at::kDouble);  // the first holds half, no less
  EXPECT_EQ(singular_gathering(matrices({halves}), {.energy = .5}).kept[0].rank_E, Ranks{1});
  const KeptSingular found = singular_gathering(matrices({w, flat}), {.energy = .54}).kept[0];
  EXPECT_NEAR(found.energy_E[0], 25. / 30, 1e-12);
  EXPECT_NEAR(found.energy_E[1], 3. / 4, 1e-12);
}

TEST(SingularGathering, energy_stands_in_for_rank) {
  const Tensor w = with_values(at::tensor({4., 3., 2., 1.}), 6, 4, 1);
  EXPECT_EQ(singular_gathering(matrices({w}), {.rank = 9, .energy = .5}).kept[0].rank_E[0], 1);
}

TEST(SingularGathering, says_what_share_of_the_squares_was_kept) {
  const ExpertTensors experts =
      drawn(FeedForwardExperts({5, 8, FeedForwardKind::gelu, true}), 2, 5);
  double before = 0;
  for (int64_t rank = 1; rank <= 5; ++rank) {
    const SingularGathering gathered = singular_gathering(experts, {.rank = rank});
    const Tensor w = experts.at("up.weight", 1);
    const double share = (leading(w, rank).square().sum() / w.square().sum()).item<double>();
    EXPECT_EQ(gathered.kept[0].tensor, "up.weight");
    EXPECT_NEAR(gathered.kept[0].energy_E[1], share, 1e-12);
    EXPECT_GT(share, before);
    before = share;
  }
  EXPECT_NEAR(before, 1, 1e-12);
}

TEST(SingularGathering, shares_the_rank_out_by_default_one_at_least) {
  const auto rank = [](int64_t rows, int64_t columns, int64_t experts) {
    std::vector<Tensor> w;
    for (int64_t e = 0; e < experts; ++e) w.push_back(normal({rows, columns}, e));
    return singular_gathering(matrices(w), {}).kept[0].rank_E;
  };
  using Ranks = std::vector<int64_t>;
  EXPECT_EQ(rank(6, 9, 3), (Ranks{2, 2, 2}));
  EXPECT_EQ(rank(9, 7, 2), (Ranks{3, 3}));
  EXPECT_EQ(rank(2, 9, 4), (Ranks{1, 1, 1, 1}));
  EXPECT_EQ(rank(5, 4, 1), (Ranks{4}));
}

TEST(SingularGathering, takes_a_convolution_as_outputs_by_the_rest) {
  const std::vector<Tensor> w = {normal({3, 2, 2, 2}, 1), normal({3, 2, 2, 2}, 2)};
  const SingularGathering gathered = singular_gathering(matrices(w), {.rank = 2});
  const Tensor expected = leading(w[0].reshape({3, 8}), 2) + leading(w[1].reshape({3, 8}), 2);
  EXPECT_TRUE(close(gathered.tensors[0].second, expected.view({3, 2, 2, 2})));
}

TEST(SingularGathering, averages_what_is_no_matrix) {
  const ExpertTensors experts = ExpertTensors::stacked(
      {{"bias", at::tensor({1., 2., 3., 6.}).view({2, 2})}, {"scale", at::tensor({2., 4.})}});
  const SingularGathering gathered = singular_gathering(experts, {});
  EXPECT_TRUE(gathered.tensors[0].second.equal(at::tensor({2., 4.})));
  EXPECT_EQ(gathered.tensors[1].second.item<double>(), 3);
  EXPECT_TRUE(gathered.kept.empty());
}

TEST(SingularGathering, of_zeros_is_zero_with_nothing_lost) {
  const Tensor zeros = at::zeros({4, 4}, at::kFloat);
  for (const SingularOptions& options :
       {SingularOptions{}, SingularOptions{.energy = .9}, SingularOptions{.rank = 2}}) {
    const SingularGathering gathered = singular_gathering(matrices({zeros, zeros}), options);
    EXPECT_TRUE(gathered.tensors[0].second.equal(zeros));
    EXPECT_EQ(gathered.kept[0].energy_E, (std::vector<double>{1, 1}));
  }
}

TEST(SingularGathering, refuses_what_it_cannot_cut) {
  const auto message = [](const Tensor& w, const SingularOptions& options) {
    return thrown<UserError>([&] { singular_gathering(matrices({w, w}), options); });
  };
  const Tensor w = normal({5, 7}, 1);
  EXPECT_EQ(message(w, {.rank = 6}), "rank 6 of \"w\", which is 5x7; expected at most 5");
  EXPECT_EQ(message(w, {.rank = -1}), "rank -1; expected at least 0");
  EXPECT_EQ(message(w, {.energy = 1.5}), "energy 1.5; expected 0 to 1");
  EXPECT_EQ(message(w, {.energy = -.5}), "energy -0.5; expected 0 to 1");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message(w, {.energy = nan}), "energy nan; expected 0 to 1");
  EXPECT_EQ(message(w * nan, {}), "\"w\" of expert 0 has values that are not finite");
}

}  // namespace
}  // namespace moestro
