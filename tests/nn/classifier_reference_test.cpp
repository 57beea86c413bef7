// Classifiers beside PyTorch with the same weights.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/nn/classifier.h"
#include "moestro/store/safetensors.h"
#include "nn/transformer_fixture.h"
#include "test_paths.h"

namespace moestro {
namespace {

using namespace testing;

constexpr int64_t kVocabulary = 13, kClasses = 3;
constexpr PatchShape kPatches{.channels = 2, .height = 6, .width = 9, .patch = 3};

// tests/reference/classifier.py: weights under our names, logits and gradients.
class ClassifierReference : public ::testing::Test {
 protected:
  Tensor read(const std::string& name) const { return file_.tensor(part_ + name).clone(); }

  // What the gate draws in training alone has no part in it.
  static bool is_noise(const Parameter& parameter) {
    return parameter.name.ends_with(".noise.weight");
  }

  void expect_agreement(const std::string& part, const Classifier& model) {
    part_ = part + ".";
    convert(model.parameters(), model.buffers(), at::kDouble);
    for (const Parameter& parameter : model.parameters())
      if (!is_noise(parameter)) parameter.value.set_data(read(parameter.name));
    const ModelOutput output = model.forward(read("inputs"), {}, {});
    EXPECT_TRUE(at::allclose(output.mixed_NC, read("logits"), 1e-9, 1e-10));
    (output.mixed_NC * read("probe")).sum().backward();
    for (const Parameter& parameter : model.parameters())
      if (!is_noise(parameter)) {
        EXPECT_TRUE(
            at::allclose(parameter.value.grad(), read(parameter.name + ".grad"), 1e-9, 1e-10))
            << parameter.name;
      }
  }

  std::string part_;
  SafetensorsFile file_{std::filesystem::path(kSourceDir) / "tests" / "reference" /
                        "classifier.safetensors"};
};

TransformerShape text_shape() {
  TransformerShape shape = small_shape();
  shape.longest = 7;
  return shape;
}

TEST_F(ClassifierReference, of_texts_agrees_on_logits_and_gradients) {
  expect_agreement("text", Classifier(text_shape(), kVocabulary, {kClasses}, 1));
}

TEST_F(ClassifierReference, of_images_agrees_on_logits_and_gradients) {
  TransformerShape shape = small_shape();
  shape.norm_first = false;
  expect_agreement("vit",
                   Classifier(shape, kPatches, {kClasses, OutputKind::logits, Pooling::first}, 1));
}

TEST_F(ClassifierReference, with_mixture_layers_agrees_with_the_dense_formula) {
  TransformerShape shape = text_shape();
  shape.mixture.experts = 4;
  shape.mixture.gate.kind = "noisy_topk";
  shape.mixture.gate.k = 2;
  shape.mixture.hidden = 5;
  shape.mixture.shared = 1;
  shape.mixture.shared_hidden = 6;
  shape.mixture.shared_gate = true;
  expect_agreement("mixture", Classifier(shape, kVocabulary, {kClasses}, 1));
}

}  // namespace
}  // namespace moestro
