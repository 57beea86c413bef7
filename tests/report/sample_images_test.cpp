#include "moestro/report/sample_images.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/report/png.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

RunRecord two_samples(int64_t pixels) {
  RunRecord run;
  run.inspection.emplace();
  run.inspection->experts = 2;
  run.inspection->classes = {"cat", "dog"};
  run.inspection->samples.resize(2);
  run.inspection->samples[0].drawn = {{7, 1, 1, .9}, {8, 0, 1, .8}};
  run.images = {at::zeros({2, 3, pixels, pixels}, at::TensorOptions().dtype(at::kByte)), {}};
  return run;
}

TEST(SampleImages, that_were_drawn_are_grouped_by_class_and_say_what_they_are) {
  const std::string html = sample_images(two_samples(32), 0);
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_LT(html.find("<div>cat<span>"), html.find("<div>dog<span>"));
  EXPECT_NE(html.find("alt=\"Row 7: dog; the gate chose this expert with 90.0 %\""),
            std::string::npos);
  EXPECT_NE(html.find("<img class=\"wrong\""), std::string::npos);
}

// One row a picture, black to white: the place of each among the pictures shows in its bytes.
RunRecord typical(int64_t experts, std::size_t of_each) {
  RunRecord run = two_samples(1);
  SamplesRecord samples;
  for (std::size_t i = 0; i < of_each; ++i) {
    samples.most_typical.push_back({static_cast<int64_t>(i), 1, 1, .9});
    samples.least_typical.push_back({static_cast<int64_t>(100 + i), 0, 0, .5});
  }
  run.inspection->experts = experts;
  run.inspection->samples = {samples, {}};
  const auto count = static_cast<int64_t>(2 * of_each);
  run.images[0] = at::arange(count).to(at::kByte).view({count, 1, 1, 1});
  return run;
}

TEST(SampleImages, stand_in_two_rows_of_the_most_and_the_least_typical) {
  const RunRecord run = typical(2, 3);
  const std::string html = sample_images(run, 0);
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_LT(html.find("<div>most typical<span>"), html.find("<div>least typical<span>"));
  EXPECT_EQ(html.find("<div>dog"), std::string::npos);
  // The fourth picture is the first of the least typical.
  const std::string fourth = png_data_uri(run.images[0][3]);
  EXPECT_NE(html.find("<div>least typical<span><img src=\"" + fourth), std::string::npos);
  EXPECT_NE(html.find("alt=\"Row 100: cat; the gate chose this expert with 50.0 %\""),
            std::string::npos);
}

TEST(SampleImages, are_fewer_of_each_of_many_experts) {
  const auto pictures = [](const std::string& html) {
    std::size_t found = 0;
    for (std::size_t at = html.find("<img"); at != std::string::npos;
         at = html.find("<img", at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(pictures(sample_images(typical(10, 12), 0)), 24u);
  EXPECT_EQ(pictures(sample_images(typical(20, 12), 0)), 12u);
}

TEST(SampleImages, of_regression_say_target_and_answer) {
  RunRecord run = two_samples(32);
  run.inspection->classes.clear();
  run.inspection->samples[0].drawn = {{7, 2.5, 2.25, .9}, {8, 0, .5, .8}};
  EXPECT_NE(sample_images(run, 0).find("Row 7: 2.5, predicted 2.25;"), std::string::npos);
}

TEST(SampleImages, that_are_large_are_shown_by_every_few_pixels) {
  EXPECT_NE(sample_images(two_samples(64), 0).find("width=\"64\" height=\"64\""),
            std::string::npos);
  EXPECT_NE(sample_images(two_samples(200), 0).find("width=\"50\" height=\"50\""),
            std::string::npos);
}

TEST(SampleImages, of_an_expert_without_samples_are_nothing) {
  EXPECT_EQ(sample_images(two_samples(32), 1), "");
  EXPECT_EQ(sample_images(RunRecord(), 0), "");
}

}  // namespace
}  // namespace moestro
