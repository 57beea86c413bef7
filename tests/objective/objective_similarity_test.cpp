#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/data/batches.h"
#include "moestro/objective/distances.h"
#include "moestro/objective/objective.h"
#include "moestro/objective/similarity.h"
#include "objective/dense_trace.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::dense_trace;
using testing::normal;
using testing::thrown;

double value(const Tensor& scalar) {
  return scalar.item<double>();
}

// Inputs for four samples, and a mixture of two experts that has something to say of each.
struct Compared : ::testing::Test {
  Compared() {
    config.similarity_same = .3;
    config.similarity_different = .2;
  }
  LossTerms loss(const Guidance& guidance = {}) const {
    return Objective(config, OutputKind::logits)(mixed, {trace}, batch, guidance);
  }
  std::string refusal(const Guidance& guidance = {}) const {
    return thrown<UserError>([&] { loss(guidance); });
  }

  LossConfig config;
  MixtureTrace trace = dense_trace(4, 2, 20);
  Tensor mixed = normal({4, 3}, 21);
  Batch batch{normal({4, 1, 2, 2}, 22), at::tensor({0, 1, 2, 1}, at::kLong), {}};
};

TEST_F(Compared, samples_make_two_terms) {
  const LossTerms found = loss();
  const Similarity expected = similarity(trace.routing.probs_BE, euclidean_distances(batch.inputs),
                                         SimilarityForm::balanced);
  ASSERT_EQ(found.terms.size(), 3u);
  EXPECT_EQ(found.terms[1].name, "similarity_same");
  EXPECT_EQ(found.terms[2].name, "similarity_different");
  EXPECT_DOUBLE_EQ(value(found.terms[1].value), value(expected.same));
  EXPECT_DOUBLE_EQ(value(found.terms[2].value), value(expected.different));
  EXPECT_NEAR(
      value(found.total),
      value(found.terms[0].value) + .3 * value(expected.same) + .2 * value(expected.different),
      1e-14);
}

TEST_F(Compared, samples_are_compared_by_the_distance_and_in_the_form_of_the_recipe) {
  const Tensor euclidean = euclidean_distances(batch.inputs), features = normal({4, 7}, 23);
  const std::vector<std::pair<std::string, Tensor>> distances = {
      {"euclidean", euclidean},
      {"cosine", cosine_distances(batch.inputs)},
      {"features", euclidean_distances(features)},
      {"constant", constant_distances(euclidean)},
      {"shuffled", shuffled_distances(euclidean)}};
  config.similarity_run = "runs/a";
  for (const auto& [name, distance] : distances)
    for (const bool published : {false, true}) {
      config.similarity_distance = name;
      config.similarity_form = published ? "published" : "balanced";
      const Similarity expected =
          similarity(trace.routing.probs_BE, distance,
                     published ? SimilarityForm::published : SimilarityForm::balanced);
      EXPECT_DOUBLE_EQ(value(loss({{}, features}).terms[1].value), value(expected.same)) << name;
    }
}

TEST_F(Compared, samples_of_padding_do_not_count) {
  trace.valid_N = at::tensor({1, 0, 1, 1}, at::kLong).to(at::kBool);
  const double before = value(loss().terms[1].value);
  batch.inputs[1].fill_(100);
  EXPECT_DOUBLE_EQ(value(loss().terms[1].value), before);
}

TEST_F(Compared, one_sample_is_refused) {
  trace = dense_trace(1, 2, 24);
  mixed = mixed.narrow(0, 0, 1);
  batch = {batch.inputs.narrow(0, 0, 1), batch.targets_N.narrow(0, 0, 1), {}};
  EXPECT_EQ(refusal(),
            "loss.similarity_same = 0.3 compares the samples of a batch, and one row has no pairs; "
            "expected data.batch of at least 2, or 0");
}

TEST_F(Compared, decisions_that_are_not_samples_are_refused) {
  trace = dense_trace(8, 2, 25);
  config.similarity_same = 0;
  EXPECT_EQ(refusal(),
            "loss.similarity_different = 0.2 compares samples; expected one decision each, found 8 "
            "for 4");
}

TEST_F(Compared, features_that_are_not_there_are_refused) {
  config.similarity_distance = "features";
  EXPECT_EQ(refusal(),
            "loss.similarity_distance = \"features\" of no run; expected loss.similarity_run");
  config.similarity_run = "runs/a";
  EXPECT_EQ(refusal(),
            "loss.similarity_distance = \"features\" found no features; expected those of "
            "loss.similarity_run");
}

}  // namespace
}  // namespace moestro
