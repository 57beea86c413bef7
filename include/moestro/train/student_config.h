// The recipe's [student]: a dense network that is folded from a trained mixture.
#pragma once

#include <cstdint>
#include <string>

namespace moestro {

class Schema;

struct StudentConfig {
  std::string teacher;  // the folder of a finished run; empty: no student
  // none, sum, average, topk, svd, concat, best, random_expert, random_init
  std::string gather = "topk";
  bool align = false;
  std::string ranking = "norm";  // norm, norms, activation
  int64_t rank = 0;              // svd
  double energy = 0;             // svd
  bool mean = false;             // svd
  std::string fit = "scale";     // none, scale, linear
  int64_t calibration = 2048;    // rows

  bool copies() const { return gather != "none"; }  // what is not an expert's, from the teacher
  bool gathers() const { return copies() && gather != "random_init"; }
};

void describe(Schema& schema, StudentConfig& student);

}  // namespace moestro
