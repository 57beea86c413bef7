// Made-up runs of students, to parse and to show.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace moestro::testing {

struct MadeUpStudent {
  std::string gather = "topk";  // "svd": aligned, with matrices; others: neither units nor matrices
  int64_t layers = 2;           // of a Vision Transformer; 0: whole networks of two hidden layers
  int64_t experts = 4;
  int64_t epochs = 3;  // 0: folded only
  bool validation = true;
};

// summary.json's "student": the mixture's error is .0921, as folded .4321.
nlohmann::json student_json(const MadeUpStudent& run);

// A finished run of it; the mixture has 1,537,800 parameters, twice the student's.
void write_student_run(const std::filesystem::path& folder, const MadeUpStudent& run = {});

}  // namespace moestro::testing
