// The demonstration: one expert alone, the original gate and the attentive gate on Fashion-MNIST,
// and the last of these folded into one network of an expert's shape.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moestro {

struct DemoOptions {
  std::filesystem::path out;        // <out>/<arm>/ is replaced where it holds a run
  std::filesystem::path data_root;  // may be empty
  std::string device;               // empty: the recipes'
  int64_t threads = -1;             // -1: the recipes'
  int64_t epochs = 0;               // 0: the recipes'
};

// Trains the arms of recipes/demo, which the program carries, and the student (<out>/student).
// Returns the run folders, in order: the student's is the last, its teacher's the one before.
std::vector<std::filesystem::path> run_demo(const DemoOptions& options);

}  // namespace moestro
