#include "moestro/train/adapted_encoder.h"

#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/nn/sides.h"
#include "moestro/train/optimiser.h"
#include "thrown.h"
#include "tiny_adapted.h"

namespace moestro {
namespace {

using namespace testing;

const ForwardContext kTraining{.training = true, .seed = 4};

TEST(AdaptedEncoder, is_the_encoder_to_the_bit_before_it_has_learned) {
  const Texts batch = texts();
  for (const auto precision : {at::kFloat, at::kBFloat16}) {
    const AdaptedEncoder model = adapted(1, precision);
    const Tensor expected = model.encoder().embed(batch.ids_N, batch.rows);
    EXPECT_TRUE(model.embed(batch.ids_N, batch.rows, -1).equal(expected));
    EXPECT_TRUE(model.embed(batch.ids_N, batch.rows, 0).equal(expected));
    EXPECT_TRUE(model.forward(batch.ids_N, batch.rows, 0, kTraining).unit_BD.equal(expected));
  }
}

TEST(AdaptedEncoder, gives_a_sentence_the_same_alone_and_beside_others) {
  const AdaptedEncoder model = adapted();
  fill(model);
  const Texts all = texts();
  const Tensor together = model.embed(all.ids_N, all.rows, 0);
  EXPECT_FALSE(at::allclose(together, model.embed(all.ids_N, all.rows, -1), 0, 1e-2));
  for (int64_t text = 0; text < all.rows.sentences(); ++text) {
    const Texts one = texts({text});
    EXPECT_TRUE(
        at::allclose(model.embed(one.ids_N, one.rows, 0), together.narrow(0, text, 1), 0, 1e-6))
        << text;
  }
}

TEST(AdaptedEncoder, says_what_every_block_decided) {
  const AdaptedEncoder model = adapted();
  const Texts batch = texts();
  const AdaptedOutput output = model.forward(batch.ids_N, batch.rows, 0, {}, {.ends = true});
  ASSERT_EQ(output.traces.size(), 2u);
  EXPECT_EQ(output.traces[1].layer, "adapters.1");
  EXPECT_EQ(output.traces[1].routing.experts_BK.sizes(), (Shape{batch.rows.sentences(), 2}));
  EXPECT_EQ(output.traces[1].x_MD->sizes(), (Shape{batch.rows.rows(), 16}));
  EXPECT_TRUE(model.forward(batch.ids_N, batch.rows, -1, {}).traces.empty());
}

TEST(AdaptedEncoder, learns_beside_an_encoder_of_either_precision) {
  for (const auto precision : {at::kFloat, at::kBFloat16}) {
    const AdaptedEncoder model = adapted(1, precision);
    Optimiser optimiser(model.parameters(0), adamw());
    const double before = train_step(model, 0, optimiser).loss;
    for (int step = 0; step < 30; ++step) train_step(model, 0, optimiser);
    EXPECT_LT(train_step(model, 0, optimiser).loss, before - .3);
  }
}

TEST(AdaptedEncoder, moves_neither_frozen_experts_nor_gates_of_other_tasks) {
  AdaptedEncoder model = adapted(2);
  fill(model);
  model.layers()[0].freeze(1);
  model.layers()[1].freeze(3);
  const Texts batch = texts();
  const std::map<std::string, Tensor> before = values(model);
  Optimiser optimiser(model.parameters(),
                      adamw());  // of all, so that it could move what it must not
  for (int step = 0; step < 3; ++step) train_step(model, 1, optimiser);
  for (const auto& [name, value] : values(model)) {
    const Tensor same_E = value.eq(before.at(name)).flatten(1).all(1);
    if (name.find(".gate.0.") != std::string::npos) {
      EXPECT_TRUE(same_E.all().item<bool>()) << name;
    } else if (name.find(".experts.") != std::string::npos) {
      const int64_t frozen = name.starts_with("adapters.0") ? 1 : 3;
      for (int64_t e = 0; e < 4; ++e) EXPECT_EQ(same_E[e].item<bool>(), e == frozen) << name << e;
    } else {
      EXPECT_FALSE(same_E.any().item<bool>()) << name;
    }
  }
}

TEST(AdaptedEncoder, keeps_what_a_task_gets_when_it_grows_and_learns_another_on_new_experts) {
  AdaptedEncoder model = adapted();
  fill(model);
  const Texts batch = texts();
  const Tensor before = model.embed(batch.ids_N, batch.rows, 0);
  for (AdapterLayer& layer : model.layers()) {
    for (int64_t e = 0; e < 4; ++e) layer.freeze(e);
    layer.shared()->freeze(0);
    layer.grow(2);
  }
  EXPECT_EQ(model.add_task(), 1);
  Optimiser optimiser(model.parameters(1), adamw());
  const double first = train_step(model, 1, optimiser).loss;
  for (int step = 0; step < 20; ++step) train_step(model, 1, optimiser);
  EXPECT_LT(train_step(model, 1, optimiser).loss, first);
  EXPECT_TRUE(model.embed(batch.ids_N, batch.rows, 0).equal(before));
}

// Block 0 is given rows without a graph: the frozen blocks below keep nothing for a way back.
class Watching : public Sides {
 public:
  Tensor forward(int64_t block, const Tensor& x_ND, const Packing&,
                 const ForwardContext&) override {
    EXPECT_EQ(x_ND.requires_grad(), block > 0);
    return block == 0 ? x_ND * learned : Tensor();
  }
  Tensor learned = at::ones({16}, at::kFloat).requires_grad_();
};

TEST(PretrainedEncoder, lets_gradients_reach_what_stands_beside_it_and_nothing_else) {
  const auto encoder = pretrained();
  const Texts batch = texts();
  Watching sides;
  encoder->embed(batch.ids_N, batch.rows, sides, {}).sum().backward();
  EXPECT_GT(sides.learned.grad().abs().max().item<double>(), 0);
  EXPECT_FALSE(encoder->last_rows(batch.ids_N, batch.rows, {}).requires_grad());
}

TEST(AdaptedEncoder, names_a_task_that_was_not_added) {
  const Texts batch = texts();
  EXPECT_EQ(thrown<UserError>([&] { adapted().embed(batch.ids_N, batch.rows, 1); }),
            "adapters.0: task 1; expected one of the 1 that were added");
}

}  // namespace
}  // namespace moestro
