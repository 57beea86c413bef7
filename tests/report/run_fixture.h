// Made-up run folders that look as real ones do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace moestro::testing {

struct MadeUpRun {
  int64_t experts = 5;
  std::vector<std::string> classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Bag"};
  bool regression = false;  // then without classes
  int64_t channels = 1;     // of the sample images; 0: none
  int64_t epochs = 3;       // 0: not even the first one has ended
  bool validation = true;
  std::string status = "finished";  // else without summary and inspection
  double error = .0987;
  std::vector<int64_t> idle;  // experts that get no sample
  int64_t schema = 2;         // of inspection.json; 1: as the first version wrote it
  bool inspected = true;      // a Transformer has neither inspection.json nor owners
  bool probing = true;        // in inspection.json; 0.1.0 wrote none
  int64_t turned = 0;         // owners.safetensors: of rows that belong to the next expert
  std::string rows = "r";     // digest of the test rows
  std::string recipe;         // empty: of such a mixture
};

// Class c goes to expert c modulo experts (the next that is not idle): 90 of its 100 samples, the
// other 10 to the next one.
//
// Of each expert's two samples the first is right and the most typical, the second the least; each
// expert answers .9 of its own samples rightly and .2 of another's.
void write_run(const std::filesystem::path& folder, const MadeUpRun& run = {});

// What summary.json says otherwise.
void change_summary(const std::filesystem::path& folder,
                    const std::function<void(nlohmann::json&)>& change);

}  // namespace moestro::testing
