// A Transformer encoder that reads a text or an image and answers with a class or a value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/model.h"
#include "moestro/nn/patch_embedding.h"
#include "moestro/nn/token_embedding.h"
#include "moestro/nn/transformer.h"

namespace moestro {

// What stands for the whole sentence: the mean of its last rows, or the first of them.
enum class Pooling { mean, first };

struct AnswerShape {
  int64_t count = 2;                       // C: classes, or 1 value
  OutputKind output = OutputKind::logits;  // logits or values
  Pooling pooling = Pooling::mean;
};

class Classifier : public Model {
 public:
  // Of texts: inputs are int token ids [B, T] below the vocabulary, -1 behind the end of each.
  // Tensors "embeddings.tokens" ..., "encoder.0...", "head.weight" [1, D, C], "head.bias". Throws
  // UserError as Transformer does.
  Classifier(const TransformerShape& shape, int64_t vocabulary, const AnswerShape& answer,
             uint64_t seed);
  // Of images [B, C, H, W]; the first row is a class token where it is pooled.
  Classifier(const TransformerShape& shape, PatchShape patches, const AnswerShape& answer,
             uint64_t seed);
  ~Classifier() override;

  ModelOutput forward(const Tensor& inputs, const ForwardContext& context,
                      const TraceNeeds& needs) const override;
  OutputKind output() const override { return answer_.output; }
  void after_step(const std::vector<MixtureTrace>& traces) override;
  std::vector<MixtureName> mixture_names() const override { return encoder_.mixture_names(); }
  std::vector<Parameter> parameters() const override;
  std::vector<Buffer> buffers() const override { return encoder_.buffers(); }
  std::vector<std::string> describe() const override { return encoder_.describe(); }
  Cost cost(int64_t tokens) const override;

  const PatchEmbedding* patches() const { return patches_ ? &*patches_ : nullptr; }  // of images
  Pooling pooling() const { return answer_.pooling; }
  Transformer& encoder() { return encoder_; }
  const Transformer& encoder() const { return encoder_; }

 private:
  struct Head;
  struct Rows;

  Rows rows_of(const Tensor& inputs, const ForwardContext& context) const;

  AnswerShape answer_;
  double dropout_;
  std::optional<TokenEmbedding> tokens_;
  std::optional<PatchEmbedding> patches_;
  Transformer encoder_;
  std::unique_ptr<Head> head_;
};

}  // namespace moestro
