// Inputs as a network wants them: (x - mean) / deviation, a mean and a deviation for each entry of
// dimension 1 (a channel of images, a column of tables), fitted on training rows only. Pixels
// (uint8) count 0 to 1 before that. One-hot and indicator columns stay as they are. Regression
// targets are standardised the same way; restore() takes predictions back to the target's units.
// Token ids of texts and translations pass unchanged.
#pragma once

#include <string>
#include <vector>

#include <c10/core/Device.h>
#include <nlohmann/json_fwd.hpp>

#include "moestro/core/tensor.h"
#include "moestro/data/dataset.h"

namespace moestro {

struct TableSchema;

class Normaliser {
 public:
  Normaliser() = default;  // for no data at all

  // Mean and population deviation of the rows; a deviation of 0 becomes 1. `mean` and `deviation`
  // (both or neither; one value for all, or one a channel or column) replace the fitted ones.
  // Throws UserError for another count of them, and for any where the rows are texts.
  static Normaliser fit(const Dataset& train, const TableSchema* table = nullptr,
                        const std::vector<double>& mean = {},
                        const std::vector<double>& deviation = {});

  // uint8 or float32 [B, ...] to float32 of the same shape, on the device of the inputs; int32
  // token ids as they are.
  Tensor apply(const Tensor& inputs) const;
  // Regression: (y - mean) / deviation, and back (also for a tensor of any shape of predictions).
  // Classes and token ids pass unchanged.
  Tensor apply_to_targets(const Tensor& targets_N) const;
  Tensor restore(const Tensor& values) const;

  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& deviation() const { return deviation_; }
  double target_mean() const { return target_mean_; }
  // What an error in standardised units is multiplied with; 1 for classes.
  double target_deviation() const { return target_deviation_; }
  bool pixels() const { return pixels_; }

  nlohmann::json to_json() const;
  static Normaliser from_json(const nlohmann::json& json);  // throws nlohmann's exceptions

  bool operator==(const Normaliser&) const = default;

 private:
  bool pixels_ = false;
  std::vector<double> mean_, deviation_;
  double target_mean_ = 0, target_deviation_ = 1;
};

}  // namespace moestro
