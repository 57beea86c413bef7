// Plans and rows of a study that nobody trained.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/study/results.h"

namespace moestro::testing {

inline StudyRow row(const std::string& arm, int64_t seed, double error) {
  return {arm,          seed,   {{"epochs", 3}, {"test.error", error}}, "cpu (\"x\", 2 threads)",
          "2026-01-02", "0.1.0"};
}

// The second arm is compared with the first, every other one with the first too.
inline StudyPlan plan_of(const std::vector<std::string>& arms, int64_t seeds) {
  StudyPlan plan;
  plan.name = "toy";
  plan.study.seeds = seeds;
  plan.study.columns = {"epochs"};
  for (const std::string& arm : arms) plan.study.arms.emplace_back(arm, std::vector<std::string>());
  plan.study.primary = {arms[1], arms[0]};
  plan.study.baseline = arms[0];
  plan.runs.resize(arms.size() * static_cast<size_t>(seeds));
  return plan;
}

}  // namespace moestro::testing
