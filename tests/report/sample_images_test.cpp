#include "moestro/report/sample_images.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "report/well_formed.h"

namespace moestro {
namespace {

RunRecord two_samples(int64_t pixels) {
  RunRecord run;
  run.inspection.emplace();
  run.inspection->experts = 2;
  run.inspection->classes = {"cat", "dog"};
  run.inspection->samples = {{{7, 1, 1, .9}, {8, 0, 1, .8}}, {}};
  run.images = {at::zeros({2, 3, pixels, pixels}, at::TensorOptions().dtype(at::kByte)), {}};
  return run;
}

TEST(SampleImages, are_grouped_by_class_and_say_what_they_are) {
  const std::string html = sample_images(two_samples(32), 0);
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_LT(html.find("<div>cat<span>"), html.find("<div>dog<span>"));
  EXPECT_NE(html.find("alt=\"Row 7: dog; the gate chose this expert with 90.0 %\""),
            std::string::npos);
  EXPECT_NE(html.find("<img class=\"wrong\""), std::string::npos);
}

TEST(SampleImages, of_regression_say_target_and_answer) {
  RunRecord run = two_samples(32);
  run.inspection->classes.clear();
  run.inspection->samples[0] = {{7, 2.5, 2.25, .9}, {8, 0, .5, .8}};
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
