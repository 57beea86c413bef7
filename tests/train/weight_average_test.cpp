#include "moestro/train/weight_average.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/nn/classifier.h"
#include "moestro/train/checkpoint.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

// With mixture layers whose gates have a buffer: the balance bias.
Classifier small_model(uint64_t seed) {
  TransformerShape shape;
  shape.width = 4;
  shape.heads = 1;
  shape.depth = 1;
  shape.hidden = 6;
  shape.mixture.experts = 2;
  shape.mixture.gate.kind = "sigmoid";
  return Classifier(shape, /*vocabulary=*/5, {}, seed);
}

void fill(const Model& model, double value) {
  for (const auto& [name, tensor] : model_tensors(model)) tensor.detach().fill_(value);
}

EpochReport end_of(int64_t epoch) {
  return {epoch, epoch, 0, {}, {}};
}

// Each number of the model is `value` at the end of an epoch.
void epoch(const Model& model, WeightAverage& average, int64_t number, double value) {
  fill(model, value);
  average.on_epoch_end(end_of(number));
}

void expect_all(const Model& model, double value) {
  for (const auto& [name, tensor] : model_tensors(model))
    EXPECT_TRUE(at::allclose(tensor, at::full_like(tensor, value), 1e-6, 1e-6)) << name;
}

TEST(WeightAverage, is_the_mean_of_the_last_epochs) {
  const Classifier model = small_model(1);
  WeightAverage average(model, /*epochs=*/5, /*last=*/3);
  const double values[] = {100, -50, 1, 4, 10};
  for (int64_t e = 1; e <= 5; ++e) epoch(model, average, e, values[e - 1]);
  expect_all(model, 10);  // until it is asked for
  average.apply();
  expect_all(model, 5);
  ASSERT_FALSE(model.buffers().empty());
}

TEST(WeightAverage, of_the_last_epoch_alone_is_what_it_ended_with) {
  const Classifier model = small_model(1);
  WeightAverage average(model, 2, 1);
  epoch(model, average, 1, 3);
  epoch(model, average, 2, 7);
  fill(model, 0);
  average.apply();
  expect_all(model, 7);
}

TEST(WeightAverage, of_more_epochs_than_there_are_takes_all) {
  const Classifier model = small_model(1);
  WeightAverage average(model, 2, 10);
  epoch(model, average, 1, 3);
  epoch(model, average, 2, 7);
  average.apply();
  expect_all(model, 5);
}

TEST(WeightAverage, goes_on_from_its_stored_state) {
  const testing::TemporaryFolder folder;
  const Classifier model = small_model(1);
  WeightAverage average(model, 4, 3);
  epoch(model, average, 1, 100);
  epoch(model, average, 2, 1);
  epoch(model, average, 3, 4);
  write_safetensors(folder / "c.safetensors", average.state());

  const Classifier other = small_model(2);
  WeightAverage resumed(other, 4, 3);
  restore(SafetensorsFile(folder / "c.safetensors"), resumed.state());
  epoch(other, resumed, 4, 10);
  resumed.apply();
  expect_all(other, 5);
}

TEST(WeightAverage, is_read_back_into_a_model_from_a_checkpoint) {
  const testing::TemporaryFolder folder;
  const Classifier model = small_model(1), other = small_model(2);
  WeightAverage average(model, 2, 2);
  average.on_epoch_end(end_of(1));
  fill(model, 3);
  average.on_epoch_end(end_of(2));
  write_safetensors(folder / "c.safetensors", average.state());
  restore_average(SafetensorsFile(folder / "c.safetensors"), other);
  average.apply();
  const NamedTensors ours = model_tensors(other), theirs = model_tensors(model);
  for (size_t i = 0; i < ours.size(); ++i)
    EXPECT_TRUE(at::equal(ours[i].second, theirs[i].second)) << ours[i].first;
}

TEST(WeightAverage, that_a_checkpoint_lacks_is_missed_by_name) {
  const testing::TemporaryFolder folder;
  const Classifier model = small_model(1);
  write_safetensors(folder / "c.safetensors", model_tensors(model));
  EXPECT_TRUE(testing::contains(testing::thrown<UserError>([&] {
                                  restore_average(SafetensorsFile(folder / "c.safetensors"), model);
                                }),
                                "average.embeddings.tokens is missing"));
}

TEST(WeightAverage, takes_no_part_in_gradients) {
  const Classifier model = small_model(1);
  WeightAverage average(model, 1, 1);
  average.on_epoch_end(end_of(1));
  for (const auto& [name, tensor] : average.state()) EXPECT_FALSE(tensor.requires_grad()) << name;
  average.apply();
  for (const Parameter& parameter : model.parameters())
    EXPECT_TRUE(parameter.value.requires_grad() && parameter.value.is_leaf()) << parameter.name;
}

}  // namespace
}  // namespace moestro
