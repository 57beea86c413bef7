// A dense run as one file that other programs run.
//
//   NAME.onnx         the whole way from raw inputs to answers, operator set 17, float32 (inputs
//   and
//                     outputs: docs/guide.md)
//   NAME.safetensors  its weights by name, without the expert axis: "0.weight" is that of the first
//                     layer in expert.layers, of a Transformer names are those of its checkpoints;
//                     linear weights are [in, out]
//
// Metadata of both, JSON where it is no plain text: format, version, run, recipe (TOML, resolved),
// normaliser, class_names of classes, inputs (names, in their order) and table of a table, text of
// texts (the last as in the run's data.json); linear_weights of safetensors.
#pragma once

#include <filesystem>

namespace moestro {

// Throws UserError for a name with another ending, a file that is there (without `force`), a run
// that is not finished, a mixture of experts, a translator, batch norm that takes the statistics of
// each batch, and an ONNX file of 2 GiB or more. Nothing is written then.
void export_run(const std::filesystem::path& run, const std::filesystem::path& out,
                bool force = false);

}  // namespace moestro
