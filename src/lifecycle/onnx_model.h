// A dense run as an ONNX graph, from raw inputs to answers.
//
//   input  "input"   float32 [batch, C, H, W] or [batch, D], as the readers of data give rows:
//                    pixels 0 to 255, numbers of a table in their units and categories one-hot
//          "tokens"  int64 [batch, length], -1 behind the end of each text; length is at most the
//                    run's data.longest
//   output "probabilities", "logits"  float32 [batch, classes]
//          "value"   float32 [batch], in the target's units
#pragma once

#include "moestro/lifecycle/trained_run.h"
#include "moestro/store/onnx.h"

namespace moestro {

// weights: the run's, float32, without an expert axis (lifecycle/export_run.h).
OnnxGraph onnx_model(const TrainedRun& run, const NamedTensors& weights);

}  // namespace moestro
