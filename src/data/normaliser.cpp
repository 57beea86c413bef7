#include "moestro/data/normaliser.h"

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/on_device.h"
#include "moestro/data/table_schema.h"

namespace moestro {
namespace {

constexpr double kPixelMax = 255;

struct Moments {
  double mean = 0, deviation = 1;
};

double or_one(double deviation) {
  return deviation > 0 ? deviation : 1;
}

// Exact, whatever the order: sums of integers.
Moments pixel_moments(const Tensor& pixels) {
  const Tensor counts = at::bincount(pixels.reshape({-1}), {}, 256);
  const auto* count = counts.data_ptr<int64_t>();
  int64_t sum = 0, squares = 0;
  for (int64_t value = 0; value < 256; ++value) {
    sum += count[value] * value;
    squares += count[value] * value * value;
  }
  const auto n = static_cast<double>(pixels.numel());
  const double mean = static_cast<double>(sum) / n;
  const double variance = static_cast<double>(squares) / n - mean * mean;
  return {mean / kPixelMax, or_one(std::sqrt(std::max(variance, 0.)) / kPixelMax)};
}

// Two passes in double, one after another, so that the count of threads changes nothing.
Moments moments(const Tensor& values) {
  const Tensor plain = values.to(at::kDouble).contiguous();
  const auto* value = plain.data_ptr<double>();
  const auto n = static_cast<double>(plain.numel());
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < plain.numel(); ++i) sum += value[i];
  const double mean = sum / n;
  for (int64_t i = 0; i < plain.numel(); ++i) squares += (value[i] - mean) * (value[i] - mean);
  const double deviation = std::sqrt(squares / n);
  // Equal values may differ from their mean by rounding.
  return {mean, or_one(deviation > 1e-12 * std::abs(mean) ? deviation : 0)};
}

std::vector<bool> fitted_columns(const Dataset& train, const TableSchema* table) {
  std::vector<bool> fitted;
  if (!table) return std::vector<bool>(static_cast<size_t>(train.inputs.size(1)), true);
  for (const TableColumn& column : table->columns) {
    const bool numeric = column.kind == TableColumn::Kind::numeric;
    for (int64_t i = 0; i < column.width(); ++i) fitted.push_back(numeric && i == 0);
  }
  return fitted;
}

std::vector<double> given(const std::string& key, const std::vector<double>& values, size_t count) {
  if (values.size() == count) return values;
  if (values.size() == 1) return std::vector<double>(count, values[0]);
  throw UserError("data.{} has {} values; expected 1 or {}, one for each channel or input column",
                  key, values.size(), count);
}

}  // namespace

Normaliser Normaliser::fit(const Dataset& train, const TableSchema* table,
                           const std::vector<double>& mean, const std::vector<double>& deviation) {
  Normaliser out;
  out.pixels_ = train.is_image();
  if (mean.empty() != deviation.empty())
    throw UserError("data.mean and data.deviation go together; only {} is given",
                    mean.empty() ? "data.deviation" : "data.mean");
  if (train.is_text() && !mean.empty())
    throw UserError("data.mean and data.deviation have no effect: {} holds texts", train.name);
  const std::vector<bool> fitted =
      train.is_text() ? std::vector<bool>() : fitted_columns(train, table);
  if (!mean.empty()) {
    out.mean_ = given("mean", mean, fitted.size());
    out.deviation_ = given("deviation", deviation, fitted.size());
  } else {
    for (size_t c = 0; c < fitted.size(); ++c) {
      const Tensor values = train.inputs.select(1, static_cast<int64_t>(c));
      const Moments found = !fitted[c]    ? Moments{}
                            : out.pixels_ ? pixel_moments(values)
                                          : moments(values);
      out.mean_.push_back(found.mean);
      out.deviation_.push_back(found.deviation);
    }
  }
  if (train.has_targets() && train.targets_N.is_floating_point()) {
    const Moments found = moments(train.targets_N);
    out.target_mean_ = found.mean;
    out.target_deviation_ = found.deviation;
  }
  return out;
}

Tensor Normaliser::apply(const Tensor& inputs) const {
  if (inputs.scalar_type() == at::kInt && mean_.empty()) return inputs;
  MOESTRO_CHECK(inputs.dim() >= 2 && inputs.size(1) == static_cast<int64_t>(mean_.size()), "{}",
                shape_text(inputs.sizes().vec()));
  const double unit = pixels_ ? kPixelMax : 1;
  Tensor out = inputs.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  if (mean_.size() == 1) return out.sub_(mean_[0] * unit).div_(deviation_[0] * unit);
  Shape shape(static_cast<size_t>(inputs.dim()), 1);
  shape[1] = inputs.size(1);
  const auto entries = [&](const std::vector<double>& values) {
    const Tensor all = at::tensor(values, at::kDouble).mul_(unit).to(at::kFloat).view(shape);
    return on_device(all, out.device());
  };
  return out.sub_(entries(mean_)).div_(entries(deviation_));
}

Tensor Normaliser::apply_to_targets(const Tensor& targets_N) const {
  if (!targets_N.is_floating_point()) return targets_N;
  return (targets_N - target_mean_) / target_deviation_;
}

Tensor Normaliser::restore(const Tensor& values) const {
  return values * target_deviation_ + target_mean_;
}

nlohmann::json Normaliser::to_json() const {
  return {{"pixels", pixels_},
          {"mean", mean_},
          {"deviation", deviation_},
          {"target_mean", target_mean_},
          {"target_deviation", target_deviation_}};
}

Normaliser Normaliser::from_json(const nlohmann::json& json) {
  Normaliser out;
  json.at("pixels").get_to(out.pixels_);
  json.at("mean").get_to(out.mean_);
  json.at("deviation").get_to(out.deviation_);
  json.at("target_mean").get_to(out.target_mean_);
  json.at("target_deviation").get_to(out.target_deviation_);
  return out;
}

}  // namespace moestro
