#include "moestro/nn/bank.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "network_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

ExpertBank bank(const std::vector<std::string>& layers, const Shape& input, int64_t experts) {
  ExpertBank made(specs_of(layers, input), "experts", experts, 1);
  convert(made.parameters(), made.buffers(), at::kDouble);
  return made;
}

// The chosen rows of all outputs.
Tensor gathered(const Tensor& out_ENC, const Tensor& experts_NK) {
  const int64_t classes = out_ENC.size(2);
  const Tensor index_NKC = experts_NK.unsqueeze(2).expand({-1, -1, classes});
  return out_ENC.transpose(0, 1).gather(1, index_NKC);
}

// K different experts a row, none of them `unused` (-1: all are used).
Tensor random_routing(int64_t rows, int64_t experts, int64_t chosen, uint64_t seed,
                      int64_t unused = -1) {
  Tensor noise_NE = normal({rows, experts}, seed);
  if (unused >= 0) noise_NE.select(1, unused).fill_(-1e9);
  return std::get<1>(noise_NE.topk(chosen, 1));
}

TEST(ExpertBank, routed_rows_equal_those_of_all_outputs) {
  struct Case {
    int64_t rows, experts, chosen, unused;
  };
  const ExpertBank five = bank(kMnistExpert, {1, 28, 28}, 5),
                   one = bank(kMnistExpert, {1, 28, 28}, 1);
  for (const Case& c :
       {Case{9, 5, 2, -1}, Case{9, 5, 2, 3}, Case{9, 5, 1, 0}, Case{1, 5, 1, -1}, Case{1, 5, 3, -1},
        Case{7, 5, 5, -1}, Case{4, 1, 1, -1}, Case{1, 1, 1, -1}}) {
    const ExpertBank& made = c.experts == 1 ? one : five;
    const Tensor x = normal({c.rows, 1, 28, 28}, 3);
    const Tensor experts_NK = random_routing(c.rows, c.experts, c.chosen, 4, c.unused);
    const Tensor out_NKC = made.forward_routed(x, experts_NK, kTraining);
    const Tensor all_ENC = made.forward_all(x, kTraining).out_ENC;
    EXPECT_LT(distance(out_NKC, gathered(all_ENC, experts_NK)), 1e-12) << c.rows << c.chosen;
  }
}

TEST(ExpertBank, routed_gradients_equal_those_of_all_outputs) {
  const ExpertBank made = bank({"linear 6", "relu", "linear classes"}, {4}, 4);
  const Tensor experts_NK = random_routing(8, 4, 2, 4, /*unused=*/1), probe = normal({8, 2, 10}, 5);
  const auto gradients = [&](bool routed) {
    const Tensor x = normal({8, 4}, 3, true);
    for (const Parameter& parameter : made.parameters()) parameter.value.mutable_grad() = Tensor();
    const Tensor out_NKC = routed ? made.forward_routed(x, experts_NK, kTraining)
                                  : gathered(made.forward_all(x, kTraining).out_ENC, experts_NK);
    (out_NKC * probe).sum().backward();
    std::vector<Tensor> all = {x.grad()};
    for (const Parameter& parameter : made.parameters()) all.push_back(parameter.value.grad());
    return all;
  };
  const auto routed = gradients(true), all = gradients(false);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_LT(distance(routed[i], all[i]), 1e-12) << i;
  EXPECT_TRUE(routed[1][1].eq(0).all().item<bool>());  // the expert without rows
}

TEST(ExpertBank, takes_no_rows_at_all) {
  const ExpertBank made = bank({"linear classes"}, {4}, 3);
  const Tensor none_NK = at::empty({0, 2}, at::kLong);
  EXPECT_EQ(made.forward_routed(normal({0, 4}, 1), none_NK, kTraining).sizes(), (Shape{0, 2, 10}));
}

TEST(ExpertBank, one_expert_alone_gives_its_outputs) {
  const ExpertBank made = bank(kMnistExpert, {1, 28, 28}, 3);
  const Tensor x = normal({4, 1, 28, 28}, 3);
  const Tensor all_ENC = made.forward_all(x, kTraining).out_ENC;
  for (int64_t e = 0; e < 3; ++e)
    EXPECT_LT(distance(made.forward_one(e, x, kTraining), all_ENC[e]), 1e-12);
}

TEST(ExpertBank, refuses_to_train_batch_norm_on_routed_rows) {
  ExpertBank made = bank({"linear 4", "batchnorm", "relu", "linear classes"}, {3}, 2);
  const Tensor x = normal({5, 3}, 1), experts_NK = random_routing(5, 2, 1, 2);
  EXPECT_EQ(thrown<UserError>([&] { made.forward_routed(x, experts_NK, kTraining); }),
            "experts: batchnorm cannot learn from the rows that a sparse gate sends to an expert; "
            "expected a dense gate, or experts without batchnorm");

  const Tensor all_ENC = made.forward_all(x, kEvaluation).out_ENC;
  const Tensor expected = gathered(all_ENC, experts_NK);
  EXPECT_LT(distance(made.forward_routed(x, experts_NK, kEvaluation), expected), 1e-12);
  made.freeze(0);
  made.freeze(1);  // both take running statistics in training too
  EXPECT_LT(distance(made.forward_routed(x, experts_NK, kTraining), expected), 1e-12);
}

TEST(ExpertBank, freezes_and_thaws_one_expert) {
  ExpertBank made = bank({"linear classes"}, {3}, 3);
  const std::shared_ptr<const FreezeMask> seen_by_optimiser = made.parameters()[0].frozen;
  made.freeze(1);
  EXPECT_EQ(*seen_by_optimiser, (FreezeMask{false, true, false}));
  made.forward_all(normal({4, 3}, 1), kTraining).out_ENC.sum().backward();
  const Tensor gradient = made.parameters()[0].value.grad();
  EXPECT_TRUE(gradient[1].eq(0).all().item<bool>());
  EXPECT_FALSE(gradient[0].eq(0).any().item<bool>());
  made.freeze(1, false);
  EXPECT_EQ(made.frozen(), (FreezeMask{false, false, false}));
}

TEST(ExpertBank, shows_its_live_tensors_by_name) {
  const ExpertBank made = bank(kMnistExpert, {1, 28, 28}, 3);
  const ExpertTensors tensors = made.tensors();
  EXPECT_EQ(tensors.experts(), 3);
  EXPECT_EQ(tensors.names().front(), "0.weight");
  EXPECT_EQ(tensors.parameters_per_expert(), 1382);
  EXPECT_EQ(tensors.shape("3.weight"), (Shape{169, 5}));
  const c10::NoGradGuard no_gradient;
  tensors.at("3.weight", 1).fill_(2);
  EXPECT_TRUE(made.tensors().at("3.weight", 1).eq(2).all().item<bool>());
  EXPECT_FALSE(made.tensors().at("3.weight", 0).eq(2).any().item<bool>());
}

TEST(ExpertBank, refuses_an_expert_that_is_not_there) {
  const ExpertBank made = bank({"linear classes"}, {3}, 2);
  const Tensor experts_NK = at::tensor({0, 2}, at::kLong).unsqueeze(1);
  const auto route = [&] { made.forward_routed(normal({2, 3}, 1), experts_NK, kTraining); };
  EXPECT_NE(thrown<InternalError>(route).find("routed to expert 2 of 2"), std::string::npos);
}

}  // namespace
}  // namespace moestro
