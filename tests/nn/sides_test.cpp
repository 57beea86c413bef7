#include "moestro/nn/sides.h"

#include <functional>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/nn/adapter_layer.h"
#include "moestro/nn/transformer.h"
#include "nn/transformer_fixture.h"

namespace moestro {
namespace {

using namespace testing;

// Whatever it is told, and what it was given.
class Told : public Sides {
 public:
  explicit Told(std::function<Tensor(int64_t, const Tensor&)> f) : f_(std::move(f)) {}
  Tensor forward(int64_t block, const Tensor& x_ND, const Packing&,
                 const ForwardContext&) override {
    given.push_back(x_ND);
    return f_(block, x_ND);
  }
  std::vector<Tensor> given;

 private:
  std::function<Tensor(int64_t, const Tensor&)> f_;
};

Packing ragged() {
  return Packing(at::tensor({2, 4, 1}, at::kLong), at::kCPU);
}

Transformer frozen(const TransformerShape& shape) {
  Transformer model(Transformer::Kind::encoder, shape, "stack", 3);
  convert(model.parameters(), {}, at::kDouble);
  for (const Parameter& parameter : model.parameters()) parameter.value.set_requires_grad(false);
  return model;
}

Tensor output(const Transformer& model, const Tensor& x_ND, Sides* sides) {
  return model.forward(x_ND, ragged(), {}, {}, nullptr, sides).x_ND;
}

Tensor normed(const Tensor& x_ND) {
  return at::layer_norm(x_ND, {8});
}

TEST(Sides, are_added_before_a_block_is_finished) {
  const Tensor x_ND = normal({7, 8}, 1);
  FeedForwardBank layer({8, 12}, "stack.0.feed_forward", 1, 3);
  convert(layer.parameters(), {}, at::kDouble);
  for (const bool norm_first : {true, false}) {
    TransformerShape shape = small_shape();
    shape.depth = 1;
    shape.norm_first = norm_first;
    Told told([](int64_t, const Tensor& x) { return x.square(); });
    const Tensor found = output(frozen(shape), x_ND, &told);
    const Tensor x = told.given.at(0);
    const Tensor given = norm_first ? normed(x) : x;
    EXPECT_TRUE(
        at::allclose(found, normed(x + layer.forward_one(0, given) + x.square()), 1e-9, 1e-10));
  }
}

TEST(Sides, that_give_nothing_change_nothing) {
  const Transformer model = frozen(small_shape());
  const Tensor x_ND = normal({7, 8}, 2), plain = output(model, x_ND, nullptr);
  Told nothing([](int64_t, const Tensor&) { return Tensor(); });
  Told zeros([](int64_t, const Tensor& x) { return at::zeros_like(x); });
  EXPECT_TRUE(output(model, x_ND, &nothing).equal(plain));
  EXPECT_TRUE(output(model, x_ND, &zeros).equal(plain));
}

TEST(Sides, stand_beside_blocks_that_share_their_layers_one_each) {
  TransformerShape shape = small_shape();
  shape.depth = 3;
  shape.share_depth = true;
  std::vector<int64_t> blocks;
  Told told([&](int64_t block, const Tensor&) {
    blocks.push_back(block);
    return Tensor();
  });
  output(frozen(shape), normal({7, 8}, 3), &told);
  EXPECT_EQ(blocks, (std::vector<int64_t>{0, 1, 2}));
}

// The frozen weights get no gradient, and below the first side that learns nothing needs one.
TEST(Sides, gradients_go_down_to_the_first_of_them) {
  TransformerShape shape = small_shape();
  shape.depth = 3;
  const Transformer model = frozen(shape);
  const Tensor learned = normal({8}, 4, true);
  Told told([&](int64_t block, const Tensor& x) { return block == 1 ? x * learned : Tensor(); });
  output(model, normal({7, 8}, 5), &told).sum().backward();
  EXPECT_TRUE(learned.grad().defined());
  for (const size_t block : {0, 1, 2}) EXPECT_EQ(told.given[block].requires_grad(), block == 2);
  for (const Parameter& parameter : model.parameters())
    EXPECT_FALSE(parameter.value.grad().defined()) << parameter.name;
}

TEST(Sides, of_adapters_gradients_match_differences) {
  for (const bool norm_first : {true, false}) {
    TransformerShape shape = small_shape();
    shape.norm_first = norm_first;
    const Transformer model = frozen(shape);
    std::vector<AdapterLayer> layers;
    std::vector<Tensor> leaves;
    for (const char* name : {"side.0", "side.1"}) {
      layers.emplace_back(AdapterShape{.width = 8, .experts = 3, .hidden = 4, .scale = 1}, name, 6);
      layers.back().add_task();
      for (const Parameter& parameter : layers.back().parameters()) {
        parameter.value.set_data(normal(parameter.value.sizes().vec(), 10 + leaves.size()));
        leaves.push_back(parameter.value);
      }
    }
    Told told([&](int64_t block, const Tensor& x) {
      return layers[block].forward(x, ragged(), 0, {}, {})->y_ND;
    });
    const Tensor x_ND = normal({7, 8}, 7), probe = normal({7, 8}, 8);
    EXPECT_LT(gradient_error([&] { return (output(model, x_ND, &told) * probe).sum(); }, leaves),
              1e-7);
  }
}

}  // namespace
}  // namespace moestro
