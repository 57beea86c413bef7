// Transformers beside PyTorch with the same weights.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/nn/positions.h"
#include "moestro/nn/transformer.h"
#include "moestro/store/safetensors.h"
#include "nn/transformer_fixture.h"
#include "test_paths.h"

namespace moestro {
namespace {

using namespace testing;

// tests/reference/transformer.py: weights under our names, and what PyTorch makes of them.
class Reference {
 public:
  explicit Reference(const std::string& part)
      : part_(part + "."),
        file_(std::filesystem::path(kSourceDir) / "tests" / "reference" /
              "transformer.safetensors") {}

  Tensor read(const std::string& name) const { return file_.tensor(part_ + name).clone(); }
  Packing rows(const std::string& lengths = "lengths") const {
    return Packing(file_.tensor(lengths).clone(), at::kCPU);
  }
  void load(const Transformer& model) const {
    for (const Parameter& parameter : model.parameters())
      parameter.value.set_data(read(parameter.name));
  }
  void expect_gradients(const Transformer& model) const {
    for (const Parameter& parameter : model.parameters())
      EXPECT_TRUE(at::allclose(parameter.value.grad(), read(parameter.name + ".grad"), 1e-9, 1e-10))
          << part_ << parameter.name;
  }

 private:
  std::string part_;
  SafetensorsFile file_;
};

void expect_agreement(const std::string& part, const TransformerShape& shape,
                      Transformer::Kind kind) {
  const Reference reference(part);
  Transformer model(kind, shape, "stack", 1);
  convert(model.parameters(), model.buffers(), at::kDouble);
  reference.load(model);
  const Tensor x_ND = reference.read("x").set_requires_grad(true);
  const bool decoder = kind == Transformer::Kind::decoder;
  const Packing rows = reference.rows(), memory_rows = reference.rows("memory_lengths");
  Tensor memory_MD;
  if (decoder) memory_MD = reference.read("memory").set_requires_grad(true);
  const Memory memory{memory_MD, memory_rows};
  const Tensor out =
      model.forward(x_ND, rows, {.training = true}, {}, decoder ? &memory : nullptr).x_ND;
  EXPECT_TRUE(at::allclose(out, reference.read("out"), 1e-9, 1e-10));
  (out * reference.read("probe")).sum().backward();
  EXPECT_TRUE(at::allclose(x_ND.grad(), reference.read("x.grad"), 1e-9, 1e-10));
  if (decoder) {
    EXPECT_TRUE(at::allclose(memory_MD.grad(), reference.read("memory.grad"), 1e-9, 1e-10));
  }
  reference.expect_gradients(model);
}

TEST(Transformer, agrees_with_pytorch_norm_first) {
  TransformerShape shape = small_shape();
  shape.activation = FeedForwardKind::relu;
  expect_agreement("pre", shape, Transformer::Kind::encoder);
}

TEST(Transformer, agrees_with_pytorch_norm_last) {
  TransformerShape shape = small_shape();
  shape.norm_first = false;
  expect_agreement("post", shape, Transformer::Kind::encoder);
}

TEST(Transformer, decoder_agrees_with_pytorch) {
  TransformerShape shape = small_shape();
  shape.activation = FeedForwardKind::relu;
  expect_agreement("decoder", shape, Transformer::Kind::decoder);
}

TEST(Transformer, agrees_with_a_block_as_llamas_written_out) {
  TransformerShape shape = small_shape();
  shape.depth = 1;
  shape.norm = NormKind::rms;
  shape.epsilon = 1e-6;
  shape.positions = PositionKind::rotary;
  shape.activation = FeedForwardKind::swiglu;
  shape.bias = false;
  expect_agreement("rotary", shape, Transformer::Kind::causal);
}

TEST(Positions, sinusoids_agree_with_the_formula) {
  const SafetensorsFile file(std::filesystem::path(kSourceDir) / "tests" / "reference" /
                             "transformer.safetensors");
  EXPECT_TRUE(at::allclose(sinusoids(0, 7, 8, at::kCPU), file.tensor("sinusoid"), 1e-12, 1e-12));
}

}  // namespace
}  // namespace moestro
