#include "stream_model.h"

#include "stream_encoder.h"

namespace moestro {

std::unique_ptr<AdaptedEncoder> make_stream_model(const ContinualRecipe& recipe,
                                                  std::shared_ptr<const FrozenEncoder> encoder,
                                                  const ContinualProgress& progress) {
  std::unique_ptr<AdaptedEncoder> model;
  if (recipe.adapter.kind == "none")
    model = std::make_unique<AdaptedEncoder>(
        encoder, open_stream_encoder(recipe.stream, encoder->device(), at::kFloat).encoder());
  else
    model = std::make_unique<AdaptedEncoder>(encoder, adapter_shape(recipe.adapter),
                                             static_cast<uint64_t>(recipe.train.seed),
                                             recipe.adapter.shared_layers);
  progress.rebuild(*model);
  return model;
}

}  // namespace moestro
