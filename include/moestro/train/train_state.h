// Where a training run stands, besides weights and moments. Draws are keyed, so no generator state
// is among it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace moestro {

struct TrainState {
  int64_t step = 0;          // steps done
  int64_t epoch = 0;         // epochs done
  int64_t batch = 0;         // batches done of the running epoch
  double seconds = 0;        // spent training, over all sittings
  double epoch_seconds = 0;  // of it in the running epoch
  double loss_sum = 0;       // over the samples of the running epoch
  double error_sum = 0;      // wrong samples, or squared errors
  int64_t samples = 0;
  double best_loss = std::numeric_limits<double>::infinity();  // on validation
  int64_t best_epoch = 0, best_step = 0;
  bool finished = false;

  std::string to_json() const;
  // Throws UserError for anything that to_json() did not write.
  static TrainState from_json(const std::string& text);
};

}  // namespace moestro
