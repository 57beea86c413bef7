#include "moestro/core/expert_tensors.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

struct Stacked : ::testing::Test {
  Tensor weight_EDF = at::arange(24, at::kFloat).reshape({2, 3, 4});
  Tensor bias_EF = at::zeros({2, 4});
  ExpertTensors experts = ExpertTensors::stacked({{"0.weight", weight_EDF}, {"0.bias", bias_EF}});
};

TEST_F(Stacked, keeps_names_in_order_and_shapes_of_one_expert) {
  EXPECT_EQ(experts.experts(), 2);
  EXPECT_EQ(experts.names(), (std::vector<std::string>{"0.weight", "0.bias"}));
  EXPECT_EQ(experts.shape("0.weight"), (Shape{3, 4}));
  EXPECT_EQ(experts.shape("0.bias"), (Shape{4}));
  EXPECT_EQ(experts.parameters_per_expert(), 16);
}

TEST_F(Stacked, shares_storage_both_ways) {
  const Tensor slice_DF = experts.at("0.weight", 1);
  EXPECT_TRUE(at::equal(slice_DF, weight_EDF[1]));
  EXPECT_EQ(slice_DF.data_ptr(), weight_EDF[1].data_ptr());
  experts.at("0.bias", 1).fill_(5);
  EXPECT_TRUE(
      at::equal(bias_EF, at::tensor({0., 0., 0., 0., 5., 5., 5., 5.}, at::kFloat).view({2, 4})));
}

TEST_F(Stacked, refuses_an_unknown_name) {
  EXPECT_EQ(thrown<UserError>([&] { experts.at("0.wieght", 0); }),
            "no expert tensor \"0.wieght\"; did you mean \"0.weight\"?");
  EXPECT_EQ(thrown<UserError>([&] { experts.shape("x"); }),
            "no expert tensor \"x\"; expected one of 0.weight, 0.bias");
}

TEST_F(Stacked, refuses_an_expert_that_is_not_there) {
  for (const int64_t expert : {-1, 2})
    EXPECT_EQ(thrown<UserError>([&] { experts.at("0.bias", expert); }),
              fmt::format("expert {}; expected 0 to 1", expert));
}

TEST_F(Stacked, needs_the_same_number_of_experts_everywhere) {
  const std::string uneven = thrown<InternalError>([&] {
    ExpertTensors::stacked({{"a", weight_EDF}, {"b", at::zeros({3, 4})}});
  });
  EXPECT_TRUE(uneven.ends_with("b holds 3 experts, the first tensor 2")) << uneven;
  const std::string scalar = thrown<InternalError>([] {
    ExpertTensors::stacked({{"s", at::zeros({})}});
  });
  EXPECT_TRUE(scalar.ends_with("s has no expert axis")) << scalar;
  EXPECT_THROW(ExpertTensors::stacked({{"u", Tensor()}}), InternalError);
}

TEST(ExpertTensors, asks_the_entry_for_the_one_expert_only) {
  std::vector<int64_t> asked;
  const ExpertTensors experts(8, {{"w", {2}, [&](int64_t expert) {
                                     asked.push_back(expert);
                                     return at::full({2}, expert);
                                   }}});
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(experts.at("w", 5)[0].item<int64_t>(), 5);
  EXPECT_EQ(asked, std::vector<int64_t>{5});
}

TEST(ExpertTensors, count_a_scalar_as_one_parameter) {
  EXPECT_EQ(ExpertTensors::stacked({{"scale", at::zeros({3})}}).parameters_per_expert(), 1);
  EXPECT_EQ(ExpertTensors::stacked({}).parameters_per_expert(), 0);
  EXPECT_EQ(ExpertTensors::stacked({}).experts(), 0);
}

}  // namespace
}  // namespace moestro
