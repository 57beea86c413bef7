// From the file of a table to a model that learns from it.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/source.h"
#include "moestro/train/model.h"
#include "moestro/train/optimiser.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::TemporaryFolder;
using testing::thrown;

// 200 rows of six jobs (one of them missing) in two towns: yes for the first jobs in "b" and for
// the others in "c".
std::string people() {
  std::string text = "age,job,seven,town,y\n";
  for (int i = 0; i < 200; ++i) {
    const int job = i % 6;
    const bool b = i / 6 % 2;
    text += fmt::format("{},{},7,{},{}\n", i % 5 ? fmt::format("{}", i % 50) : "nan",
                        job ? fmt::format("job {}", job) : "?", b ? "b" : "c",
                        (job < 3) == b ? "yes" : "no");
  }
  return text;
}

class Table : public ::testing::Test {
 protected:
  DataSource source(DataConfig config = {}) {
    put(folder_ / "people.csv", people());
    config.path = folder_ / "people.csv";
    config.format = "csv";
    set_log_level(LogLevel::quiet);
    return load_data(config, {}, 1);
  }

  // first: what the layers of experts and gate begin with.
  Mixture mixture(const DataSource& data, const std::string& first = "") {
    document_.schema.set("expert.count=2");
    document_.schema.set("train.rate=0.02");
    document_.schema.set("expert.layers=[" + first + R"("linear 8", "relu", "linear classes"])");
    document_.schema.set("gate.layers=[" + first + R"("linear 4", "relu", "linear experts"])");
    return build_mixture(document_, task_of(data.record()));
  }

  TemporaryFolder folder_;
  RecipeDocument document_;
};

// The share of training rows that are answered wrong after so many full steps.
double trained_error(const Mixture& mixture, const DataSource& source, const TrainConfig& config,
                     int64_t steps) {
  const Tensor x_ND = source.normaliser.apply(source.train.inputs),
               targets_N = source.train.targets_N;
  Optimiser optimiser(mixture.parameters(), config);
  for (int64_t i = 0; i < steps; ++i) {
    optimiser.zero_gradients();
    at::nll_loss(mixture.forward(x_ND, {.training = true}, {}).mixed_NC, targets_N).backward();
    optimiser.step(config.rate);
  }
  const Tensor answers_N = mixture.forward(x_ND, {}, {}).mixed_NC.argmax(1);
  return answers_N.ne(targets_N).to(at::kDouble).mean().item<double>();
}

void expect_finite(const Mixture& mixture, const Tensor& x_ND) {
  for (const Parameter& parameter : mixture.parameters())
    EXPECT_TRUE(parameter.value.isfinite().all().item<bool>()) << parameter.name;
  EXPECT_TRUE(mixture.forward(x_ND, {}, {}).mixed_NC.isfinite().all().item<bool>());
}

TEST_F(Table, the_task_says_which_inputs_are_one_categorical_column) {
  const DataRecord record = source().record();
  // age, age missing, job (5 and missing), seven, town (2).
  const Task task = task_of(record);
  EXPECT_EQ(task.sample_shape, (Shape{2 + 6 + 1 + 2}));
  ASSERT_EQ(task.categories.size(), 2u);
  EXPECT_EQ(task.categories[0].first, 2);
  EXPECT_EQ(task.categories[0].count, 6);
  EXPECT_EQ(task.categories[1].first, 9);
  EXPECT_EQ(task.categories[1].count, 2);
}

TEST_F(Table, with_gaps_and_a_constant_column_is_learned_without_nan) {
  const DataSource data = source();
  const Mixture made = mixture(data);
  EXPECT_LT(trained_error(made, data, document_.recipe.train, 150), .05);
  expect_finite(made, data.normaliser.apply(data.test.inputs));
}

TEST_F(Table, is_learned_by_experts_and_a_gate_that_embed_its_categories) {
  const DataSource data = source();
  const Mixture made = mixture(data, R"("embed 3", )");
  EXPECT_EQ(made.parameters()[0].name, "experts.0.weight");
  EXPECT_EQ(made.parameters()[0].value.sizes(), (Shape{2, 8, 3}));
  EXPECT_EQ(made.parameters()[1].value.sizes(), (Shape{2, 3 + 2 * 3, 8}));
  EXPECT_LT(trained_error(made, data, document_.recipe.train, 150), .05);
  expect_finite(made, data.normaliser.apply(data.test.inputs));
}

TEST_F(Table, is_not_embedded_where_its_categories_are_no_longer_told_by_the_largest_input) {
  DataConfig config;
  config.mean = std::vector<double>(11, .5);
  config.deviation = std::vector<double>(11, 2);
  EXPECT_TRUE(task_of(source(config).record()).categories[1].one_hot);
  config.mean[10] = -1;  // town = c: 1 / 2 where it is 0, and town = b 1 / 4 where it is 1
  const DataSource data = source(config);
  EXPECT_EQ(thrown<UserError>([&] { mixture(data, R"("embed 3", )"); }),
            "--set: expert.layers[0] \"embed 3\": reads which input of a column is 1, but "
            "data.mean and data.deviation lift others above it; expected the same for all inputs "
            "of a column");
  EXPECT_EQ(thrown<UserError>([&] { mixture(data); }), "(nothing thrown)");
}

TEST_F(Table, without_categories_has_none_to_embed) {
  put(folder_ / "numbers.csv", "a,b,y\n1,2,0\n2,1,1\n3,2,0\n4,1,1\n5,3,0\n");
  DataConfig config;
  config.path = folder_ / "numbers.csv";
  config.format = "csv";
  config.validation = 0;
  const DataSource data = load_data(config, {}, 1);
  EXPECT_EQ(thrown<UserError>([&] { mixture(data, R"("embed 3", )"); }),
            "--set: expert.layers[0] \"embed 3\": needs categorical columns, but the samples have "
            "none; expected a table with categories");
}

}  // namespace
}  // namespace moestro
