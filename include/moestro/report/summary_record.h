// summary.json: the figures of a finished run. What is absent is NaN, or 0 for counts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "moestro/report/metrics_record.h"
#include "moestro/report/student_record.h"

namespace moestro {

struct SpecialisationRecord {  // bits
  double mutual_information = kNotKnown, mutual_information_predicted = kNotKnown,
         permutation_baseline = kNotKnown, sample_entropy = kNotKnown, usage_entropy = kNotKnown;
  int64_t experts_used = 0;
};

struct SummaryRecord {
  std::string data, device;
  int64_t seed = 0, parameters = 0, epochs = 0, steps = 0;
  double seconds = kNotKnown;
  ScoresRecord test, valid;
  double hard_top1_error = kNotKnown, calibration_error = kNotKnown;
  double bleu = kNotKnown, bleu_lowercase = kNotKnown;  // translations, 0 to 100
  std::optional<SpecialisationRecord> specialisation;   // of more than one whole network
  std::optional<StudentRecord> student;                 // with a teacher
};

// Throws UserError that names the file and the key; also for a schema of a later version.
SummaryRecord read_summary(const std::filesystem::path& path);

}  // namespace moestro
