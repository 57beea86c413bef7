#include "moestro/nn/token_embedding.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

TransformerShape shape_with(PositionKind positions) {
  TransformerShape shape;
  shape.width = 6;
  shape.longest = 5;
  shape.positions = positions;
  return shape;
}

TokenEmbedding exact(const EmbeddingShape& embedding, const TransformerShape& shape) {
  TokenEmbedding tokens(embedding, shape, "embeddings", 3);
  convert(tokens.parameters(), {}, at::kDouble);
  return tokens;
}

const Tensor& ids() {
  static const Tensor ids_N = at::tensor({4, 0, 6, 6, 2}, at::kLong);
  return ids_N;
}

Packing rows() {
  return Packing(at::tensor({2, 3}, at::kLong), at::kCPU);
}

TEST(TokenEmbedding, is_the_sum_of_a_tokens_vector_and_its_places) {
  const TokenEmbedding tokens = exact({.vocabulary = 7}, shape_with(PositionKind::learned));
  const Tensor table_VD = tokens.parameters()[0].value[0],
               places_TD = tokens.parameters()[1].value[0];
  const Tensor places = at::tensor({0, 1, 0, 1, 2}, at::kLong);
  const Tensor expected = table_VD.index_select(0, ids()) + places_TD.index_select(0, places);
  EXPECT_TRUE(at::equal(tokens.forward(ids(), rows(), {}), expected));
}

TEST(TokenEmbedding, at_one_place_gives_the_same_as_in_a_sentence) {
  for (const auto positions :
       {PositionKind::learned, PositionKind::sinusoidal, PositionKind::rotary})
    for (const bool norm : {false, true}) {
      const TokenEmbedding tokens =
          exact({.vocabulary = 7, .scaled = true, .norm = norm}, shape_with(positions));
      const Tensor x_BTD = rows().pad(tokens.forward(ids(), rows(), {}));
      const Tensor second_B = at::tensor({0, 6}, at::kLong);
      EXPECT_TRUE(at::allclose(tokens.at_place(second_B, 1), x_BTD.select(1, 1), 1e-12, 1e-12));
    }
}

TEST(TokenEmbedding, scores_by_the_same_vectors) {
  const TokenEmbedding tokens = exact({.vocabulary = 7}, shape_with(PositionKind::rotary));
  const Tensor table_VD = tokens.parameters()[0].value[0];
  EXPECT_EQ(tokens.parameters().size(), 1u);
  const Tensor scores_NV = tokens.scores(table_VD);
  EXPECT_TRUE(at::allclose(scores_NV, table_VD.mm(table_VD.t()), 1e-12, 1e-12));
}

TEST(TokenEmbedding, takes_its_longest_sentence_and_none_longer) {
  const TokenEmbedding tokens = exact({.vocabulary = 7}, shape_with(PositionKind::learned));
  const auto run = [&](int64_t length) {
    tokens.forward(at::zeros({length}, at::kLong), Packing(1, length, at::kCPU), {});
  };
  EXPECT_NO_THROW(run(5));
  EXPECT_EQ(thrown<UserError>([&] { run(6); }),
            "a sentence of 6 tokens; expected at most 5 (data.longest)");
}

TEST(TokenEmbedding, drops_differently_on_each_side) {
  TransformerShape shape = shape_with(PositionKind::learned);
  shape.dropout = .5;
  const TokenEmbedding tokens = exact({.vocabulary = 7}, shape);
  const ForwardContext training{.training = true};
  const Tensor source = tokens.forward(ids(), rows(), training, ".source");
  EXPECT_TRUE(at::equal(source, tokens.forward(ids(), rows(), training, ".source")));
  EXPECT_FALSE(at::equal(source, tokens.forward(ids(), rows(), training, ".target")));
}

}  // namespace
}  // namespace moestro
