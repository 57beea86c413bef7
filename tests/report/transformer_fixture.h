// Made-up folders of Transformer runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace moestro::testing {

struct MadeUpTransformer {
  std::string kind = "encoder";  // or "vit", "translator"
  int64_t layers = 2;            // mixture layers; 0: dense
  int64_t experts = 4;
  int64_t epochs = 3;
  std::string status = "finished";
  double bleu = 28.41;   // of a translator
  bool probing = false;  // of layers, as `moestro inspect --probe` has it
  bool split = true;     // then with own and others' answers
};

// encoder.1, encoder.3, ...: each expert e gets (e + 1) / (1 + 2 + ... + E) of the choices, so the
// last one most. Of texts expert 1's most typical token is "▁the".
nlohmann::json layers_inspection(const MadeUpTransformer& run);

void write_transformer_run(const std::filesystem::path& folder, const MadeUpTransformer& run = {});

}  // namespace moestro::testing
