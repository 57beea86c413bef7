#include "moestro/lifecycle/partition.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "gradient_check.h"
#include "moestro/lifecycle/expert_probing.h"

namespace moestro {
namespace {

Tensor longs(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}

const Tensor kOrder = at::tensor({3, 1, 0, 2}, at::kLong);

// What 40 rows say to four experts, of which one gets none.
struct Rows {
  Tensor probs_NE, part_N;
  Evaluation evaluation;
  Dataset data;
};

Rows drawn() {
  Rows rows;
  rows.probs_NE = (testing::normal({40, 4}, 1) - at::tensor({0., 0., 9., 0.})).softmax(1);
  rows.part_N = testing::normal({40, 4}, 2).argmax(1);
  rows.data.targets_N = at::floor(testing::normal({40}, 3).abs() * 2).to(at::kLong);
  rows.data.classes = 9;
  rows.evaluation.expert_predicted_NE =
      at::floor(testing::normal({40, 4}, 4).abs() * 2).to(at::kLong);
  return rows;
}

nlohmann::json probed(const Rows& rows, const Tensor& part_E) {
  return probe_experts(rows.evaluation, rows.data, owners_by_part(part_E, rows.part_N)).to_json();
}

TEST(PartsOfExperts, are_those_that_an_expert_shares_most_rows_with) {
  const Tensor probs_NE = at::eye(3).index_select(0, longs({0, 0, 0, 1, 1, 2}));
  EXPECT_TRUE(at::equal(parts_of_experts(probs_NE, longs({2, 2, 0, 0, 0, 1})), longs({2, 0, 1})));
  // Expert 0 shares two rows with part 0 and two with part 1, expert 1 rows of part 0 only.
  const Tensor two_NE = at::eye(2).index_select(0, longs({0, 0, 0, 0, 1}));
  EXPECT_TRUE(at::equal(parts_of_experts(two_NE, longs({0, 0, 1, 1, 0})), longs({1, 0})));
}

TEST(PartsOfExperts, follow_the_gates_probability_where_rows_leave_a_choice) {
  // Expert 0 owns all; the others stand behind it, each in a part of its own.
  const Tensor probs_NE =
      at::tensor({.6, .3, .1, .6, .3, .1, .6, .3, .1, .6, .1, .3, .7, .2, .1, .7, .2, .1})
          .view({6, 3});
  const Tensor part_N = longs({0, 0, 0, 1, 2, 2});
  EXPECT_TRUE(at::equal(parts_of_experts(probs_NE, part_N), longs({0, 2, 1})));
}

TEST(PartsOfExperts, of_a_runs_own_split_are_its_experts) {
  const Tensor probs_NE = drawn().probs_NE;
  const Tensor part_E = parts_of_experts(probs_NE, probs_NE.argmax(1));
  EXPECT_TRUE(at::equal(part_E, at::arange(4)));
  EXPECT_TRUE(at::equal(owners_by_part(part_E, probs_NE.argmax(1)), probs_NE.argmax(1)));
}

TEST(PartsOfExperts, move_with_permuted_experts_and_change_nothing_that_is_measured) {
  const Rows rows = drawn();
  Rows permuted = drawn();
  permuted.probs_NE = rows.probs_NE.index_select(1, kOrder);
  permuted.evaluation.expert_predicted_NE =
      rows.evaluation.expert_predicted_NE.index_select(1, kOrder);
  const Tensor before_E = parts_of_experts(rows.probs_NE, rows.part_N),
               after_E = parts_of_experts(permuted.probs_NE, permuted.part_N);
  EXPECT_TRUE(at::equal(after_E, before_E.index_select(0, kOrder)));
  nlohmann::json before = probed(rows, before_E), after = probed(permuted, after_E);
  for (const char* list : {"share", "own", "others", "all"}) {
    nlohmann::json expected;
    for (int64_t e = 0; e < 4; ++e)
      expected.push_back(before[list][static_cast<size_t>(kOrder[e].item<int64_t>())]);
    EXPECT_EQ(after[list], expected) << list;
    before.erase(list);
    after.erase(list);
  }
  for (const auto& [key, value] : before.items())
    EXPECT_NEAR(after[key].get<double>(), value.get<double>(), 1e-14) << key;
}

TEST(PartsOfExperts, with_other_names_for_the_parts_are_the_same_parts) {
  const Rows rows = drawn();
  const Tensor part_E = parts_of_experts(rows.probs_NE, rows.part_N),
               renamed_N = kOrder.index_select(0, rows.part_N);
  const Tensor renamed_E = parts_of_experts(rows.probs_NE, renamed_N);
  EXPECT_TRUE(at::equal(renamed_E, kOrder.index_select(0, part_E)));
  EXPECT_TRUE(at::equal(owners_by_part(renamed_E, renamed_N), owners_by_part(part_E, rows.part_N)));
}

}  // namespace
}  // namespace moestro
