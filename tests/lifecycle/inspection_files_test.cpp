#include "moestro/lifecycle/inspection_files.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/store/json_file.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::TemporaryFolder;

// Six rows of two classes: expert 0 owns rows 0 to 3, expert 1 the others; any number of experts.
Evaluation six_rows(int64_t experts) {
  Evaluation evaluation;
  const Tensor owner_N = at::tensor({0, 0, 0, 0, 1, 1}, at::kLong);
  evaluation.probs_NE = at::one_hot(owner_N, experts).to(at::kFloat);
  evaluation.experts_NK = at::arange(experts).expand({6, experts});
  evaluation.weights_NK = evaluation.probs_NE;
  evaluation.predicted_N = owner_N;
  evaluation.expert_predicted_NE = at::zeros({6, experts}, at::kLong);
  return evaluation;
}

Dataset images() {
  Dataset data;
  data.inputs = at::arange(6 * 6).reshape({6, 1, 2, 3}).to(at::kByte);
  data.targets_N = at::zeros({6}, at::kLong);
  data.classes = 2;
  data.class_names = {"ape", "bee"};
  return data;
}

Inspection inspected(int64_t experts, const Dataset& data) {
  return inspect(six_rows(experts), data, Normaliser::fit(data), "test");
}

TEST(SamplePixels, are_those_of_both_lists_in_their_order) {
  const Dataset data = images();
  const NamedTensors pixels = sample_pixels(inspected(3, data), data);
  ASSERT_EQ(pixels.size(), 3u);
  EXPECT_EQ(pixels[0].first, "expert_0");
  EXPECT_TRUE(at::equal(pixels[0].second, data.inputs.narrow(0, 0, 4)));
  EXPECT_TRUE(at::equal(pixels[1].second, data.inputs.narrow(0, 4, 2)));
  EXPECT_EQ(pixels[2].second.sizes(), (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(SamplePixels, are_kept_of_images_only) {
  Dataset data = images();
  data.inputs = data.inputs.to(at::kFloat).flatten(1);
  EXPECT_TRUE(sample_pixels(inspected(2, data), data).empty());
  const TemporaryFolder folder;
  write_inspection(folder.path(), inspected(2, data), data);
  EXPECT_EQ(folder.entries(), 2u);
}

TEST(WriteInspection, leaves_the_owner_of_every_row_beside_the_figures) {
  const TemporaryFolder folder;
  const Dataset data = images();
  const Inspection inspection = inspected(2, data);
  write_inspection(folder.path(), inspection, data);
  EXPECT_EQ(read_json_file(folder / "inspection.json"), nlohmann::json(inspection.to_json()));
  const SafetensorsFile owners(folder / "owners.safetensors");
  EXPECT_TRUE(at::equal(owners.tensor("expert"), at::tensor({0, 0, 0, 0, 1, 1}, at::kByte)));
  EXPECT_EQ(owners.metadata().at("set"), "test");
  EXPECT_EQ(owners.metadata().at("experts"), "2");
  EXPECT_EQ(owners.metadata().at("rows_digest"), data.digest());
  EXPECT_EQ(folder.entries(), 3u);  // and the pixels
}

TEST(WriteInspection, stores_more_experts_than_a_byte_can_tell_in_four) {
  const TemporaryFolder folder;
  const Dataset data = images();
  write_inspection(folder.path(), inspected(256, data), data);
  EXPECT_EQ(SafetensorsFile(folder / "owners.safetensors").dtype("expert"), at::kByte);
  write_inspection(folder.path(), inspected(257, data), data);
  EXPECT_EQ(SafetensorsFile(folder / "owners.safetensors").dtype("expert"), at::kInt);
}

}  // namespace
}  // namespace moestro
