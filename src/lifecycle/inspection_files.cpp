#include "moestro/lifecycle/inspection_files.h"

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/lifecycle/layer_inspection.h"
#include "moestro/lifecycle/owners.h"
#include "moestro/lifecycle/predictions.h"
#include "moestro/nn/mixture.h"
#include "moestro/store/json_file.h"

namespace moestro {

NamedTensors sample_pixels(const Inspection& inspection, const Dataset& data) {
  NamedTensors pixels;
  if (!data.is_image()) return pixels;
  for (size_t e = 0; e < inspection.samples.size(); ++e) {
    std::vector<int64_t> rows;
    for (const auto& sample : inspection.samples[e].all()) rows.push_back(sample.row);
    const Tensor rows_M = at::tensor(rows, at::TensorOptions().dtype(at::kLong));
    pixels.emplace_back(fmt::format("expert_{}", e), data.inputs.index_select(0, rows_M));
  }
  return pixels;
}

void write_inspection(const std::filesystem::path& folder, const Inspection& inspection,
                      const Dataset& data) {
  write_json_file(folder / "inspection.json", inspection.to_json());
  write_owners(folder / "owners.safetensors",
               {inspection.owner_N, inspection.experts, data.digest()}, inspection.set);
  const NamedTensors pixels = sample_pixels(inspection, data);
  if (!pixels.empty()) write_safetensors(folder / "samples.safetensors", pixels);
}

std::vector<LayerInspection> inspect_layers(const Responder& responder, const Dataset& rows) {
  const Tokenizer* tokenizer = responder.tokenizer;
  TokenName name;
  if (tokenizer) name = [tokenizer](int64_t id) { return tokenizer->piece(id); };
  return inspect_layers(responder.model, rows, responder.data.normaliser, responder.options(),
                        name);
}

Figures test_figures(const std::filesystem::path& folder, const Responder& responder,
                     const Dataset& rows, const std::string& set) {
  const Normaliser& normaliser = responder.data.normaliser;
  if (dynamic_cast<const Mixture*>(&responder.model)) {
    const Evaluation evaluation = responder.evaluate(rows, /*experts=*/true);
    write_inspection(folder, inspect(evaluation, rows, normaliser, set), rows);
    return figures(evaluation, rows);
  }
  if (!responder.model.mixture_names().empty())
    write_json_file(folder / "inspection.json",
                    layers_json(inspect_layers(responder, rows), set, rows.rows()));
  if (!responder.translates()) return figures(responder, rows);
  const std::vector<std::string> translations = responder.translate(rows);
  write_translations(folder / "translations.txt", translations);
  return figures_of_translations(translations, rows, responder.score(rows).loss);
}

}  // namespace moestro
