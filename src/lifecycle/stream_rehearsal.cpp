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
  StreamConfig few = document.recipe.stream;
  few.samples = few_of(few.samples);
  few.most_test = few_of(few.most_test);
  few.support = 1;
  const StreamSamples samples =
      read_stream(few, std::ssize(few.tasks), data_root,
                  static_cast<uint64_t>(document.recipe.train.seed), encoder);
  ContinualProgress progress{.streamed = std::ssize(few.tasks)};
  StreamLearner(document.recipe, encoder.encoder(), samples, progress);
}

}  // namespace moestro
