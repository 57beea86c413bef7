#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/nn/bank.h"
#include "moestro/nn/gate.h"
#include "network_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

// A number, a column of 3 categories, two numbers, one of 2 categories.
constexpr int64_t kInputs = 8, kNumbers = 3, kCategories = 5, kWidth = 2;
const std::vector<InputSpan> kColumns = {{1, 3}, {6, 2}};
const std::vector<int64_t> kNumberPlaces = {0, 4, 5};

std::vector<LayerSpec> specs_of_table(const std::vector<std::string>& layers, int64_t outputs,
                                      const std::vector<InputSpan>& columns = kColumns,
                                      int64_t inputs = kInputs) {
  return parse_layers(layers, {inputs}, {"layers", "classes", outputs, columns});
}

Network embedding(int64_t experts, std::shared_ptr<const FreezeMask> frozen = nullptr) {
  Network made(specs_of_table({"embed 2"}, kNumbers + 2 * kWidth),
               {"net", experts, 1, std::move(frozen)});
  convert(made.parameters(), made.buffers(), at::kDouble);
  return made;
}

Tensor one_hot(const std::vector<int64_t>& categories, int64_t count) {
  return at::one_hot(at::tensor(categories, at::kLong), count).to(at::kDouble);
}

// Six rows; every category of both columns is there.
struct Rows {
  Tensor numbers_NM = normal({6, kNumbers}, 1), a_NW = one_hot({0, 2, 1, 2, 0, 0}, 3),
         b_NW = one_hot({1, 1, 0, 1, 0, 1}, 2);

  Tensor inputs_ND() const {
    return at::cat({numbers_NM.narrow(1, 0, 1), a_NW, numbers_NM.narrow(1, 1, 2), b_NW}, 1);
  }
  // What the layer gives: the numbers, then one-hot times matrix of each column.
  Tensor expected_ENF(const Tensor& weight_EWF) const {
    const Shape rows = {weight_EWF.size(0), -1, -1};
    return at::cat({numbers_NM.expand(rows), at::matmul(a_NW, weight_EWF.narrow(1, 0, 3)),
                    at::matmul(b_NW, weight_EWF.narrow(1, 3, 2))},
                   2);
  }
};

TEST(Embed, puts_a_tables_numbers_first_and_then_one_hot_times_matrix_of_each_column) {
  const Rows rows;
  for (const int64_t experts : {1, 4}) {
    const Network made = embedding(experts);
    const Tensor weight_EWF = value_of(made, "0.weight");
    ASSERT_EQ(weight_EWF.sizes(), (Shape{experts, kCategories, kWidth}));
    EXPECT_TRUE(
        at::equal(forward_all(made, rows.inputs_ND(), kTraining), rows.expected_ENF(weight_EWF)));
  }
}

TEST(Embed, has_the_gradient_of_one_hot_times_matrix) {
  const Rows rows;
  const Network made = embedding(3);
  const Tensor weight_EWF = value_of(made, "0.weight"),
               plain_EWF = weight_EWF.detach().clone().requires_grad_(),
               probe = normal({3, 6, kNumbers + 2 * kWidth}, 2);
  const auto ours = [&] { return (forward_all(made, rows.inputs_ND(), kTraining) * probe).sum(); };
  EXPECT_LT(gradient_error(ours, {weight_EWF}), 1e-8);
  (rows.expected_ENF(plain_EWF) * probe).sum().backward();
  EXPECT_LT(distance(weight_EWF.grad(), plain_EWF.grad()), 1e-13);
}

TEST(Embed, passes_the_gradient_of_numbers_and_none_to_categories) {
  const Network made = embedding(2);
  const Tensor x_ND = Rows().inputs_ND().requires_grad_();
  forward_all(made, x_ND, kTraining).sum().backward();
  Tensor expected_ND = at::zeros_like(x_ND);
  for (const int64_t place : kNumberPlaces) expected_ND.select(1, place).fill_(2);
  EXPECT_TRUE(at::equal(x_ND.grad(), expected_ND));
}

TEST(Embed, of_one_expert_is_that_of_all) {
  const Tensor x_ND = Rows().inputs_ND();
  const Network made = embedding(4);
  const Tensor all_ENF = forward_all(made, x_ND, kEvaluation);
  for (int64_t e = 0; e < 4; ++e)
    EXPECT_TRUE(at::equal(made.forward(x_ND, {e, 1}, kEvaluation).out_ENC[0], all_ENF[e]));
  EXPECT_TRUE(at::equal(made.forward(x_ND, {1, 2}, kEvaluation).out_ENC, all_ENF.narrow(0, 1, 2)));
  EXPECT_FALSE(at::equal(all_ENF[0], all_ENF[1]));
}

TEST(Embed, takes_one_row_and_none) {
  const Network made = embedding(2);
  const Tensor x_ND = Rows().inputs_ND(), all_ENF = forward_all(made, x_ND, kEvaluation);
  EXPECT_TRUE(
      at::equal(forward_all(made, x_ND.narrow(0, 1, 1), kEvaluation), all_ENF.narrow(1, 1, 1)));
  EXPECT_EQ(forward_all(made, x_ND.narrow(0, 0, 0), kEvaluation).sizes(),
            (Shape{2, 0, kNumbers + 2 * kWidth}));
}

TEST(Embed, takes_columns_without_numbers_and_of_one_category) {
  const std::vector<InputSpan> columns = {{0, 2}, {2, 1}};
  Network made(specs_of_table({"embed 3"}, 6, columns, 3), {"net", 2, 1});
  const Tensor weight_EWF = value_of(made, "0.weight"),
               x_ND = at::tensor({0.f, 1.f, 1.f}).view({1, 3});
  const Tensor expected_ENF =
      at::cat({weight_EWF.select(1, 1), weight_EWF.select(1, 2)}, 1).unsqueeze(1);
  EXPECT_TRUE(at::equal(forward_all(made, x_ND, kEvaluation), expected_ENF));
}

TEST(Embed, starts_uniform_up_to_one_and_each_expert_by_itself) {
  const auto weight = [](int64_t experts) {
    const Network made(specs_of_table({"embed 400"}, kNumbers + 800), {"net", experts, 1});
    return value_of(made, "0.weight");
  };
  const Tensor two_EWF = weight(2), four_EWF = weight(4);
  EXPECT_TRUE(at::equal(four_EWF.narrow(0, 0, 2), two_EWF));
  EXPECT_FALSE(at::equal(two_EWF[0], two_EWF[1]));
  EXPECT_LE(four_EWF.abs().max().item<double>(), 1);
  EXPECT_GT(four_EWF.abs().max().item<double>(), .99);
  EXPECT_NEAR(four_EWF.var().item<double>(), 1 / 3., .02);
}

TEST(Embed, of_a_frozen_expert_gets_no_gradient) {
  const Network made = embedding(3, std::make_shared<FreezeMask>(FreezeMask{false, true, false}));
  const Tensor x_ND = Rows().inputs_ND(), weight_EWF = value_of(made, "0.weight");
  const Tensor out_ENF = forward_all(made, x_ND, kTraining);
  EXPECT_TRUE(at::equal(out_ENF, Rows().expected_ENF(weight_EWF)));
  out_ENF.sum().backward();
  EXPECT_TRUE(weight_EWF.grad()[1].eq(0).all().item<bool>());
  EXPECT_FALSE(weight_EWF.grad()[0].eq(0).any().item<bool>());
  EXPECT_FALSE(weight_EWF.grad()[2].eq(0).any().item<bool>());
}

TEST(Embed, gives_the_precision_that_arrives_and_sums_gradients_in_that_of_its_weights) {
  const Network made(specs_of_table({"embed 2"}, kNumbers + 2 * kWidth), {"net", 2, 1});
  const Tensor x_ND = Rows().inputs_ND().repeat({500, 1}).to(at::kBFloat16),
               weight_EWF = value_of(made, "0.weight");
  const Tensor out_ENF = forward_all(made, x_ND, kTraining);
  EXPECT_EQ(out_ENF.scalar_type(), at::kBFloat16);
  const Tensor expected_ENF = Rows().expected_ENF(weight_EWF.to(at::kDouble));
  EXPECT_TRUE(at::equal(out_ENF.narrow(1, 0, 6), expected_ENF.to(at::kFloat).to(at::kBFloat16)));
  out_ENF.sum().backward();
  // Three rows of the first category, 500 times: bfloat16 counts to 256.
  EXPECT_TRUE(weight_EWF.grad().select(1, 0).eq(1500).all().item<bool>());
}

TEST(Embed, leaves_no_input_that_experts_share) {
  const Network made(specs_of_table({"embed 2", "linear 4", "relu", "linear classes"}, 3),
                     {"net", 3, 1});
  const std::vector<std::string> lines = made.describe();
  EXPECT_EQ(lines[0], "embed 2: one look-up of 2 columns for 3 experts");
  EXPECT_TRUE(lines[1].starts_with("linear 4: one batched product for 3 experts")) << lines[1];
  const Tensor x_ND = Rows().inputs_ND().to(at::kFloat);
  const Tensor hidden_ENF = Rows().expected_ENF(value_of(made, "0.weight").to(at::kDouble));
  const Tensor expected_ENF = at::baddbmm(value_of(made, "1.bias").unsqueeze(1),
                                          hidden_ENF.to(at::kFloat), value_of(made, "1.weight"));
  const NetworkOutput output = made.forward(x_ND, {0, 3}, kTraining, /*want_hidden=*/true);
  EXPECT_LT(distance(*output.hidden_ENF, expected_ENF), 1e-5);
}

TEST(Embed, of_routed_rows_equals_that_of_all_rows) {
  const ExpertBank bank(specs_of_table({"embed 2", "linear classes"}, 4), "experts", 3, 1);
  const Tensor x_ND = Rows().inputs_ND().to(at::kFloat),
               experts_NK = at::tensor({0, 2, 2, 0, 1, 1}, at::kLong).unsqueeze(1);
  const Tensor all_ENC = bank.forward_all(x_ND, kTraining).out_ENC,
               routed_NKC = bank.forward_routed(x_ND, experts_NK, kTraining);
  for (int64_t n = 0; n < 6; ++n)
    EXPECT_LT(distance(routed_NKC[n][0], all_ENC[experts_NK[n][0].item<int64_t>()][n]), 1e-5);
}

TEST(Embed, begins_a_gate_of_any_kind) {
  GateSetting setting{{kInputs}, 3, 5, 11, "gate.layers"};
  GateConfig config;
  config.layers = {"embed 2", "linear 4", "tanh", "linear experts"};
  const GateInput input{Rows().inputs_ND().to(at::kFloat), normal({3, 6, 5}, 2).to(at::kFloat)};
  for (const std::string& kind : learned_gate_kinds()) {
    config.kind = kind;
    EXPECT_EQ(thrown<UserError>([&] {
                make_gate(config, {{kInputs}, 3, 5, 11, "gate.layers"});
              }),
              "gate.layers[0] \"embed 2\": needs categorical columns, but the samples have none; "
              "expected a table with categories");
    setting.categories = kColumns;
    const auto gate = make_gate(config, setting);
    EXPECT_EQ(gate->parameters()[0].name, "gate.0.weight") << kind;
    EXPECT_EQ(gate->parameters()[0].value.sizes(), (Shape{1, kCategories, kWidth})) << kind;
    EXPECT_EQ(gate->route(input, kTraining).probs_BE.sizes(), (Shape{6, 3})) << kind;
  }
}

}  // namespace
}  // namespace moestro
