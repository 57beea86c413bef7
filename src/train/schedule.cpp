#include "moestro/train/schedule.h"

#include <cmath>
#include <numbers>

namespace moestro {
namespace {

constexpr double kStartDivisor = 25, kEndDivisor = 250000;

// From `from` at t = 0 to `to` at t = 1 along half a cosine.
double cosine(double from, double to, double t) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * t)) / 2;
}

}  // namespace

Schedule::Schedule(const TrainConfig& config, int64_t total_steps)
    : kind_(config.schedule == "constant"       ? Kind::constant
            : config.schedule == "cosine"       ? Kind::cosine
            : config.schedule == "inverse_sqrt" ? Kind::inverse_sqrt
                                                : Kind::one_cycle),
      rate_(config.rate),
      warmup_steps_(std::floor(config.warmup * static_cast<double>(total_steps))),
      total_steps_(static_cast<double>(total_steps)) {}

double Schedule::rate(int64_t step) const {
  if (kind_ == Kind::constant) return rate_;
  const auto at = static_cast<double>(step);
  if (kind_ == Kind::inverse_sqrt) {
    const double warmup = std::max(1., warmup_steps_);
    return rate_ * std::min((at + 1) / warmup, std::sqrt(warmup / (at + 1)));
  }
  const double fall =
      std::min(1., (at - warmup_steps_) / std::max(1., total_steps_ - warmup_steps_));
  if (kind_ == Kind::cosine)
    return at < warmup_steps_ ? rate_ * (at + 1) / warmup_steps_ : cosine(rate_, 0, fall);
  return at < warmup_steps_ ? cosine(rate_ / kStartDivisor, rate_, at / warmup_steps_)
                            : cosine(rate_, rate_ / kEndDivisor, fall);
}

}  // namespace moestro
