#include "batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "../kernels/channel_moments.h"
#include "../kernels/fold_batch_norm.h"
#include "moestro/core/error.h"
#include "stacked.h"

namespace moestro {
namespace {

Tensor slices(const Tensor& stacked, ExpertRange experts) {
  return stacked.narrow(0, experts.first, experts.count);
}

}  // namespace

BatchNorm::BatchNorm(const LayerSpec& spec, const LayerSetting& setting)
    : spec_(spec), setting_(setting) {
  const Shape shape = {spec.in.at(0)};
  weight_EC_ = constant_parameter(setting, "weight", shape, 1);
  bias_EC_ = constant_parameter(setting, "bias", shape, 0);
  running_mean_EC_ = {setting.name + ".running_mean", at::zeros({setting.experts, shape[0]})};
  running_var_EC_ = {setting.name + ".running_var", at::ones({setting.experts, shape[0]})};
}

bool BatchNorm::uses_batch(const ForwardContext& context, bool frozen) const {
  return spec_.batch_statistics || (context.training && !frozen);
}

// x is [N, E * C, H, W] or [N, E * D]: experts and channels are one axis to the kernel.
Tensor BatchNorm::normalised(const Tensor& x, ExpertRange experts, bool batch_statistics) const {
  const at::ScalarType master = weight_EC_.value.scalar_type();  // also beside bf16 activations
  return at::batch_norm(x, live(weight_EC_, experts, master).flatten(),
                        live(bias_EC_, experts, master).flatten(),
                        slices(running_mean_EC_.value, experts).view({-1}),
                        slices(running_var_EC_.value, experts).view({-1}), batch_statistics,
                        kBatchNormMomentum, kBatchNormEpsilon, /*cudnn_enabled=*/true);
}

Activations BatchNorm::forward(const Activations& x, ExpertRange experts,
                               const ForwardContext& context) const {
  const Activations own = spread(x, experts.count);
  const int64_t rows = own.images ? own.value.size(0) : own.value.size(1);
  const Tensor flat = own.images ? own.value : own.value.transpose(0, 1).reshape({rows, -1});
  const int64_t channels = spec_.in.at(0);
  const int64_t values = flat.numel() / flat.size(1);  // of one channel

  std::vector<Tensor> parts;
  for (const FrozenRun& run : frozen_runs(setting_.frozen.get(), experts)) {
    const bool batch_statistics = uses_batch(context, run.frozen);
    if (batch_statistics && values < 2)
      throw UserError(
          "{} \"{}\": a batch of {} row has no statistics; expected at least "
          "2 rows in every batch",
          setting_.name, spec_.text, rows);
    const Tensor part = flat.narrow(1, (run.experts.first - experts.first) * channels,
                                    run.experts.count * channels);
    parts.push_back(normalised(part, run.experts, batch_statistics));
  }
  const Tensor out = parts.size() == 1 ? parts.front() : at::cat(parts, 1);
  if (own.images) return {out, own.experts, true};
  return {out.view({rows, own.experts, channels}).transpose(0, 1), own.experts, false};
}

Filters BatchNorm::folded(const Filters& filters, const ImageLanes& images, ExpertRange experts,
                          const ForwardContext& context) const {
  std::optional<PatchMoments> moments;
  const int64_t channels = spec_.in.at(0);
  std::vector<Tensor> weights, biases;
  for (const FrozenRun& run : frozen_runs(setting_.frozen.get(), experts)) {
    const bool batch_statistics = uses_batch(context, run.frozen);
    if (batch_statistics && !moments) moments = patch_moments(images);
    const int64_t first = (run.experts.first - experts.first) * channels,
                  count = run.experts.count * channels;
    const Filters part = folded_run(
        {filters.weight_GP.narrow(0, first, count), filters.bias_G.narrow(0, first, count)},
        batch_statistics ? &*moments : nullptr, run.experts);
    weights.push_back(part.weight_GP);
    biases.push_back(part.bias_G);
  }
  if (weights.size() == 1) return {weights.front(), biases.front()};
  return {at::cat(weights), at::cat(biases)};
}

// moments: null for the running statistics.
Filters BatchNorm::folded_run(const Filters& filters, const PatchMoments* moments,
                              ExpertRange experts) const {
  Tensor running_mean_G = slices(running_mean_EC_.value, experts).view({-1}),
         running_var_G = slices(running_var_EC_.value, experts).view({-1});
  const Tensor weight_G = live(weight_EC_, experts, at::kFloat).flatten(),
               bias_G = live(bias_EC_, experts, at::kFloat).flatten();
  if (!moments) {
    const Tensor scale_G = weight_G * (running_var_G + kBatchNormEpsilon).rsqrt();
    return {filters.weight_GP * scale_G.unsqueeze(1),
            (filters.bias_G - running_mean_G) * scale_G + bias_G};
  }
  const FoldedBatchNorm folded = fold_batch_norm(filters.weight_GP, filters.bias_G, weight_G,
                                                 bias_G, *moments, kBatchNormEpsilon);
  count_in(folded.mean_G, folded.variance_G, moments->count, experts);
  return {folded.weight_GP, folded.bias_G};
}

// The biased variance of so many values goes into the running statistics.
void BatchNorm::count_in(const Tensor& mean_G, const Tensor& variance_G, double values,
                         ExpertRange experts) const {
  const auto merge = [&](const Buffer& running_EC, const Tensor& now_G) {
    slices(running_EC.value, experts).view({-1}).lerp_(now_G.to(at::kFloat), kBatchNormMomentum);
  };
  merge(running_mean_EC_, mean_G);
  merge(running_var_EC_, variance_G * (values / (values - 1)));
}

std::optional<ChannelNorm> BatchNorm::channel_norm(const Tensor& x, ExpertRange experts,
                                                   const ForwardContext& context) const {
  const std::vector<FrozenRun> runs = frozen_runs(setting_.frozen.get(), experts);
  if (runs.size() > 1) return {};
  ChannelNorm norm{live(weight_EC_, experts, at::kFloat).flatten(),
                   live(bias_EC_, experts, at::kFloat).flatten()};
  norm.of_batch = uses_batch(context, runs.front().frozen);
  const at::NoGradGuard no_gradients;
  if (norm.of_batch) {
    const Moments moments = channel_moments(x);
    norm.mean_G = moments.mean_G;
    norm.rstd_G = (moments.variance_G + kBatchNormEpsilon).rsqrt();
    count_in(moments.mean_G, moments.variance_G, static_cast<double>(x.numel() / x.size(1)),
             experts);
  } else {
    norm.mean_G = slices(running_mean_EC_.value, experts).reshape({-1}).clone();
    norm.rstd_G =
        (slices(running_var_EC_.value, experts).reshape({-1}) + kBatchNormEpsilon).rsqrt();
  }
  return norm;
}

std::string BatchNorm::describe() const {
  return fmt::format("{}: one normalisation of {} experts x {} channels", spec_.text,
                     setting_.experts, spec_.in.at(0));
}

}  // namespace moestro
