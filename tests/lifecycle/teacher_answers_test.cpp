// What a teacher answers while its student learns: kept for all rows, or computed batch by batch.
#include "lifecycle/student_fixture.h"
#include "lifecycle/text_fixture.h"
#include "moestro/data/batches.h"
#include "moestro/lifecycle/student.h"

namespace moestro::testing {
namespace {

// For the batches of an epoch, one after the other, in the order of rows.
template <class Fixture>
class Answers : public Students<Fixture> {
 protected:
  using typename Students<Fixture>::Settings;

  // kept: [N, C], as a student is told that learns for several epochs and keeps them.
  Tensor answers(bool kept, const Settings& settings = {}) {
    RecipeDocument document;
    write_student_recipe({.run = this->teacher()}, document);
    document.schema.set(kept ? "train.epochs=2" : "train.epochs=1");
    for (const std::string& assignment : settings) document.schema.set(assignment);
    const DataSource data = load_data(document.recipe.data, {}, 0, this->tokenizer());
    Student student(document, data, at::kCPU);
    Batches batches(data.train, data.normaliser,
                    {.batch = 7, .tokens = document.recipe.data.tokens, .seed = 3},
                    data.augmentation);
    batches.start(0);
    Tensor all_NC;
    while (const auto batch = batches.next()) {
      const Tensor answer_BC = student.teach(*batch);
      if (!all_NC.defined()) all_NC = at::zeros({data.train.rows(), answer_BC.size(1)});
      all_NC.index_copy_(0, batch->rows_N, answer_BC);
    }
    EXPECT_EQ(student.to_json().contains("teacher_seconds"), kept);
    return all_NC;
  }

  std::shared_ptr<const Tokenizer> tokenizer() const {
    const auto path = this->teacher() / kTokenizerFile;
    return std::filesystem::exists(path) ? Tokenizer::load(path) : nullptr;
  }

  void expect_the_same_answers(const Settings& settings = {}) {
    const Tensor kept_NC = answers(true, settings), computed_NC = answers(false, settings);
    EXPECT_TRUE(at::allclose(kept_NC, computed_NC, 1e-5, 1e-6));
    // Rows in another order would show.
    EXPECT_FALSE(at::allclose(kept_NC, computed_NC.roll(1, 0), 1e-2, 1e-2));
  }
};

using NetworkAnswers = Answers<RunTest>;

TEST_F(NetworkAnswers, are_the_same_kept_and_computed) {
  train_mixture();
  expect_the_same_answers();
}

TEST_F(NetworkAnswers, are_without_the_noise_that_a_gate_trains_with) {
  train_mixture({"expert.count=4", "gate.kind=noisy_topk", "gate.k=2"});
  expect_the_same_answers();
}

TEST_F(NetworkAnswers, that_are_values_are_the_same_kept_and_computed) {
  write_houses();
  train_mixture(houses_settings());
  expect_the_same_answers();
}

using TextAnswers = Answers<ReviewsTest>;

TEST_F(TextAnswers, are_the_same_kept_and_computed_in_batches_by_length) {
  train_mixture(joined(with_mixture_layers(), {"train.epochs=1"}));
  expect_the_same_answers({"data.tokens=100"});
}

}  // namespace
}  // namespace moestro::testing
