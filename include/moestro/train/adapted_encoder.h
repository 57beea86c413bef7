// An encoder that stays as it is, with a mixture of adapters beside every block's
// feed-forward layer (nn/adapter_layer.h): what learns one task after another.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/nn/adapter_layer.h"
#include "moestro/train/frozen_encoder.h"

namespace moestro {

struct AdaptedOutput {
  Tensor unit_BD;                    // samples as unit vectors, float32
  std::vector<MixtureTrace> traces;  // one a block; none where the encoder is untouched
};

class AdaptedEncoder {
 public:
  // shape.width is the encoder's, whatever it says. Layers "<name>.<block>", float32 on the
  // encoder's device, whatever its precision: rows are cast on their way in and out. The first
  // shared_layers of them have one expert each, common to all tasks. Throws UserError for more of
  // these than there are blocks.
  AdaptedEncoder(std::shared_ptr<const FrozenEncoder> encoder, AdapterShape shape, uint64_t seed,
                 int64_t shared_layers = 0, const std::string& name = "adapters");

  // In the place of adapters a copy of the encoder, in float32, all of whose weights every task
  // learns: fine-tuning, to compare with. It has no layers.
  AdaptedEncoder(std::shared_ptr<const FrozenEncoder> encoder,
                 std::shared_ptr<const FrozenEncoder> copy);
  // Whether what a task learns is what all tasks are answered with.
  bool is_tuned() const { return copy_ != nullptr; }

  // A gate in every layer -> the task's number, from 0 on.
  int64_t add_task();
  int64_t tasks() const { return tasks_; }
  void freeze_gates(int64_t task, bool frozen = true);
  // Experts that every sample meets, of all layers, and those of shared layers.
  void freeze_shared();
  // Those and every expert that there is: what is learned from then on, by experts that are
  // appended, changes nothing that earlier tasks are answered with.
  void freeze_experts();

  // Beside block 0, 1, ...: to grow one, or to freeze its experts.
  std::vector<AdapterLayer>& layers() { return layers_; }
  const std::vector<AdapterLayer>& layers() const { return layers_; }

  // A batch as the encoder reads it, all of one task; below 0 the untouched encoder answers,
  // without gradients. Throws UserError for a task that was not added.
  AdaptedOutput forward(const Tensor& inputs, const Packing& rows, int64_t task,
                        const ForwardContext& context, const TraceNeeds& needs = {}) const;
  // In evaluation, without gradients: [B, D].
  Tensor embed(const Tensor& inputs, const Packing& rows, int64_t task) const;
  // What the task's gates do not learn by gradient, after a training step with these traces.
  void after_step(int64_t task, const std::vector<MixtureTrace>& traces);

  const FrozenEncoder& encoder() const { return *encoder_; }
  std::vector<Parameter> parameters(int64_t task) const;  // what training a task moves
  std::vector<Parameter> parameters() const;              // with the gates of all tasks
  std::vector<Buffer> buffers() const;

 private:
  std::shared_ptr<const FrozenEncoder> encoder_, copy_;
  int64_t tasks_ = 0;
  std::vector<AdapterLayer> layers_;
};

}  // namespace moestro
