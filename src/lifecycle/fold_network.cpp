#include <ATen/ATen.h>

#include "fold_parts.h"
#include "moestro/core/error.h"
#include "moestro/nn/layer.h"

namespace moestro {
namespace {

constexpr double kLeastLog = -30;  // of a class that the mixture rules out
constexpr int64_t kRowsAtOnce = 1000;

// All tensors of a bank by name within an expert, running statistics too.
NamedTensors live_tensors(const ExpertBank& bank) {
  NamedTensors tensors;
  const auto within = [](const std::string& name) { return name.substr(name.find('.') + 1); };
  for (const Parameter& parameter : bank.parameters())
    tensors.emplace_back(within(parameter.name), parameter.value);
  for (const Buffer& buffer : bank.buffers())
    tensors.emplace_back(within(buffer.name), buffer.value);
  return tensors;
}

// What a mixture's answer and a network's output are compared by: of classes log probabilities,
// each row less its mean, which a softmax does not see.
Tensor comparable(const Tensor& answer_NC, OutputKind output) {
  const Tensor x = answer_NC.to(at::kDouble);
  if (output == OutputKind::values) return x;
  const Tensor log_NC = x.log_softmax(1).clamp_min(kLeastLog);
  return log_NC - log_NC.mean(1, /*keepdim=*/true);
}

Tensor centred(const Tensor& out_NC, OutputKind output) {
  const Tensor x = out_NC.to(at::kDouble);
  return output == OutputKind::values ? x : x - x.mean(1, /*keepdim=*/true);
}

// The squared distance of each expert's prediction from the mixture's, summed over rows: [E].
Tensor distances(const Tensor& out_ENC, const Tensor& mixed_NC, OutputKind output) {
  const bool values = output == OutputKind::values;
  const auto prediction = [&](const Tensor& x) {
    return values ? x.to(at::kDouble) : x.to(at::kDouble).softmax(-1);
  };
  return (prediction(out_ENC) - prediction(mixed_NC).unsqueeze(0)).square().sum({1, 2});
}

class NetworkFold {
 public:
  NetworkFold(const Teacher& teacher, Mixture& student, const StudentConfig& config,
              const Calibration& calibration)
      : teacher_(teacher),
        mixture_(teacher.mixture()),
        student_(student),
        config_(config),
        calibration_(calibration) {
    folded_.layer = "experts";
  }

  FoldedLayer run(uint64_t seed) {
    const ExpertStatistics statistics = this->statistics();
    const GatherOptions options =
        gather_options(config_, statistics, mixture_.bank().experts(), chosen_a_row_, folded_.layer,
                       seed, folded_.experts);
    folded_.kept = gather_at(
        teacher_.where(), ExpertTensors::stacked(live_tensors(mixture_.bank())),
        hidden_layers(mixture_.bank().specs()), hidden_layers(student_.bank().specs()), options);
    NamedTensors stacked;
    for (const auto& [name, tensor] : folded_.kept.tensors)
      stacked.emplace_back(name, tensor.unsqueeze(0));
    copy_named(live_tensors(student_.bank()), stacked, teacher_.where());
    folded_.kept.tensors.clear();
    // A lone expert's statistics are its own.
    if (options.kind != GatherKind::one) estimate_batch_norm();
    if (config_.fit == "scale") fit_scale();
    if (config_.fit == "linear") fit_linear();
    return std::move(folded_);
  }

 private:
  ExpertStatistics statistics() {
    ExpertStatistics statistics;
    if (!needs_errors(config_) && !needs_usage(config_)) return statistics;
    visit([&](const ModelOutput& output, const Batch& batch, const ForwardContext& context) {
      const Routing& routing = output.traces.front().routing;
      chosen_a_row_ = routing.experts_BK.size(1);
      if (needs_usage(config_)) accumulate(statistics.usage_E, routing.probs_BE.sum(0));
      if (!needs_errors(config_)) return;
      const Tensor out_ENC =
          mixture_.bank().forward_all(in_precision(batch.inputs, context), context).out_ENC;
      accumulate(statistics.error_E, distances(out_ENC, output.mixed_NC, mixture_.output()));
    });
    return statistics;
  }

  void visit(const VisitOutput& visit) const { visit_teacher(teacher_, calibration_, {}, visit); }

  // Running statistics from 0, then less what the start of a moving average still weighs.
  void estimate_batch_norm() {
    const std::vector<Buffer> buffers = student_.bank().buffers();
    if (buffers.empty()) return;
    const int64_t rows = calibration_.rows.rows();
    if (rows < 2)
      throw UserError(
          "student.calibration = {}: batch norm has no statistics of one row; expected "
          "at least 2",
          config_.calibration);
    // Batches of one size, but for a few rows.
    const int64_t parts = (rows + kRowsAtOnce - 1) / kRowsAtOnce,
                  batch = (rows + parts - 1) / parts;
    for (const Buffer& buffer : buffers) buffer.value.zero_();
    double weight = 1;
    visit_batches(calibration_.rows, calibration_.normaliser,
                  {.device = calibration_.device, .batch = batch},
                  [&](const Batch& batch, const ForwardContext&) {
                    student_.bank().forward_all(batch.inputs, {.training = true});
                    weight *= 1 - kBatchNormMomentum;
                  });
    for (const Buffer& buffer : buffers) buffer.value.div_(1 - weight);
  }

  void fit_scale() {
    ScaleFit fit;
    visit([&](const ModelOutput& output, const Batch& batch, const ForwardContext&) {
      fit.add(centred(student_.bank().forward_one(0, batch.inputs, {}), output_kind()),
              comparable(output.mixed_NC, output_kind()));
    });
    folded_.scale = fit.scale();
    folded_.residual = fit.residual();
    for (const auto& [name, tensor] : last_layer()) tensor.mul_(fit.scale());
  }

  void fit_linear() {
    const NamedTensors last = last_layer();
    LinearMap start{last.front().second[0], {}};
    if (last.size() > 1) start.bias_C = last[1].second[0];
    LinearFit fit(start);
    visit([&](const ModelOutput& output, const Batch& batch, const ForwardContext&) {
      fit.add(last_hidden(batch.inputs), comparable(output.mixed_NC, output_kind()));
    });
    folded_.residual = fit.residual();
    const LinearMap map = fit.map();
    last.front().second[0].copy_(map.weight_FC);
    if (map.bias_C.defined()) last[1].second[0].copy_(map.bias_C);
  }

  // The weight and, where there is one, the bias of the layer that gives the output.
  NamedTensors last_layer() const {
    const std::string prefix = fmt::format("{}.", output_spec().index);
    NamedTensors last;
    for (const auto& entry : live_tensors(student_.bank()))
      if (entry.first.starts_with(prefix)) last.push_back(entry);
    return last;
  }

  const LayerSpec& output_spec() const {
    const LayerSpec& spec = student_.bank().specs().back();
    if (spec.kind != LayerKind::linear)
      throw UserError(
          "student.fit = \"{}\": the experts end in \"{}\"; expected a linear layer, or "
          "\"none\"",
          config_.fit, spec.text);
    return spec;
  }

  // What the output layer reads: the network up to there, by its own layers.
  Tensor last_hidden(const Tensor& inputs) const {
    const std::vector<LayerSpec>& specs = student_.bank().specs();
    const int64_t layer = hidden_layer(specs);
    if (layer < 0)
      throw UserError(
          "student.fit = \"linear\": the experts have no hidden layer; expected "
          "\"scale\" or \"none\"");
    const NetworkOutput output = student_.bank().forward_all(inputs, {}, /*want_hidden=*/true);
    Activations x{*output.hidden_ENF, 1, false};
    for (int64_t i = layer; i + 1 < std::ssize(specs); ++i) {
      if (specs[i].in.size() == 3 || specs[i].kind == LayerKind::batchnorm)
        throw UserError(
            "student.fit = \"linear\": \"{}\" stands between the last hidden layer and the "
            "output; expected \"scale\" or \"none\"",
            specs[i].text);
      x = make_layer(specs[i], {"student", 1})->forward(x, {0, 1}, {});
    }
    return x.value[0];
  }

  OutputKind output_kind() const { return mixture_.output(); }

  const Teacher& teacher_;
  const Mixture& mixture_;
  Mixture& student_;
  const StudentConfig& config_;
  const Calibration& calibration_;
  FoldedLayer folded_;
  int64_t chosen_a_row_ = 1;
};

}  // namespace

FoldedLayer fold_network(const Teacher& teacher, Mixture& student, const StudentConfig& config,
                         const Calibration& calibration, uint64_t seed) {
  if (teacher.mixture().output() != student.output())
    throw UserError("{}: its mixture.output is \"{}\"; expected the same here", teacher.where(),
                    output_name(teacher.mixture().output()));
  return NetworkFold(teacher, student, config, calibration).run(seed);
}

}  // namespace moestro
