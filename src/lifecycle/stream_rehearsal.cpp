#include "moestro/lifecycle/stream_rehearsal.h"

#include <algorithm>

#include "stream_encoder.h"
#include "stream_learner.h"

namespace moestro {
namespace {

// The few rows that a limit is lowered to, where 0 means all.
int64_t few_of(int64_t limit) {
  return limit == 0 ? 2 : std::min<int64_t>(limit, 2);
}

}  // namespace

void rehearse_stream(const ContinualDocument& document, const std::filesystem::path& data_root) {
  check(document.recipe, document.schema);
  const StreamEncoder encoder = open_stream_encoder(document.recipe.stream, c10::kCPU, c10::kFloat);
  ContinualRecipe few = document.recipe;
  few.stream.samples = few_of(few.stream.samples);
  few.stream.most_test = few_of(few.stream.most_test);
  few.stream.support = 1;
  ContinualProgress progress{.streamed = std::ssize(few.stream.tasks)};
  const StreamSamples samples = read_stream(few, progress, data_root, encoder);
  StreamLearner(document.recipe, encoder.encoder(), samples, progress);
}

}  // namespace moestro
