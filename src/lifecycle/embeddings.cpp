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

Tensor embed_texts(const PretrainedEncoder& encoder, const TokenIds& texts, int64_t tokens) {
  const c10::Device device = encoder.device();
  if (tokens == 0) tokens = encoder.batch_tokens();
  const Tensor embeddings_ND = at::empty({texts.texts(), encoder.width()}, at::kFloat);
  Progress progress("embedding", texts.texts(), "texts");
  int64_t done = 0;
  for (const Tensor& texts_B : batches_by_length(texts.lengths_N(), tokens)) {
    const TokenBatch batch = select_texts(texts, texts_B);
    const Packing rows(batch.lengths_B, device);
    embeddings_ND.index_copy_(0, texts_B, encoder.embed(batch.ids_N.to(device), rows).cpu());
    done += texts_B.size(0);
    progress.advance(done);
  }
  return embeddings_ND;
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
