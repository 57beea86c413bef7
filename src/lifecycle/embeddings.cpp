#include "moestro/lifecycle/embeddings.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/progress.h"
#include "moestro/data/text_file.h"
#include "moestro/data/word_pieces.h"
#include "moestro/store/hugging_face.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

TokenIds read_plain_texts(const EmbeddingOptions& options, const PretrainedEncoder& encoder) {
  const std::vector<std::string> texts = read_lines(options.texts, "utf-8");
  if (texts.empty())
    throw UserError("{}: no lines; expected one text a line", options.texts.string());
  const WordPieces pieces(options.model);
  check_fits(options.model.string(), pieces, encoder);
  // As sentence-transformers cuts them: never beyond the model's positions.
  const int64_t longest = pieces.longest() == 0 ? encoder.longest() : pieces.longest();
  return encode_texts(pieces, texts, std::min(longest, encoder.longest()));
}

}  // namespace

void check_fits(const std::string& model, const WordPieces& pieces,
                const PretrainedEncoder& encoder) {
  if (pieces.vocabulary() > encoder.vocabulary())
    throw UserError("{}: its tokenizer has {} pieces; expected at most {}, the model's vocabulary",
                    model, pieces.vocabulary(), encoder.vocabulary());
  if (encoder.longest() < 3)
    throw UserError("{}: a text has at most {} tokens; expected room for 3: begin, a word, end",
                    model, encoder.longest());
}

Tensor embed_all(const FrozenEncoder& encoder, const EncoderInputs& samples, int64_t tokens) {
  if (tokens == 0) tokens = encoder.batch_tokens();
  const Tensor embeddings_ND = at::empty({samples.count(), encoder.width()}, at::kFloat);
  Progress progress("embedding", samples.count(), samples.noun());
  int64_t done = 0;
  for (const Tensor& samples_B : samples.batches(tokens)) {
    const EncoderBatch batch = samples.batch(samples_B, encoder.device());
    embeddings_ND.index_copy_(0, samples_B, encoder.embed(batch.inputs, batch.rows).cpu());
    done += samples_B.size(0);
    progress.advance(done);
  }
  return embeddings_ND;
}

Tensor embed_texts(const PretrainedEncoder& encoder, const TokenIds& texts, int64_t tokens) {
  return embed_all(encoder, TextInputs(texts), tokens);
}

int64_t embed_file(const EmbeddingOptions& options) {
  if (options.out.extension() != ".safetensors")
    throw UserError("{}: unknown kind of file; expected a name that ends in .safetensors",
                    options.out.string());
  set_threads(options.threads);
  const PretrainedEncoder encoder(HuggingFaceFolder(options.model), resolve_device(options.device),
                                  options.precision == "bf16" ? at::kBFloat16 : at::kFloat);
  const TokenIds texts =
      is_named_as_text(options.texts)
          ? read_plain_texts(options, encoder)
          : read_token_ids(options.texts, encoder.vocabulary(), encoder.longest());
  write_safetensors(options.out, {{"embeddings", embed_texts(encoder, texts)}});
  return texts.texts();
}

}  // namespace moestro
