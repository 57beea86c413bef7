#include <algorithm>

#include <ATen/ATen.h>

#include "fold_parts.h"
#include "moestro/core/error.h"
#include "moestro/nn/classifier.h"
#include "moestro/nn/mixture_layer.h"
#include "moestro/nn/translator.h"
#include "moestro/train/checkpoint.h"

namespace moestro {
namespace {

constexpr const char* kMixture = ".mixture";

std::vector<MixtureLayer*> mixture_layers(const Model& model) {
  if (const auto* classifier = dynamic_cast<const Classifier*>(&model))
    return classifier->encoder().mixtures();
  const auto* translator = dynamic_cast<const Translator*>(&model);
  MOESTRO_CHECK(translator, "a model of another kind");
  return translator->mixtures();
}

std::string block_of(const MixtureLayer& layer) {
  return layer.name().substr(0, layer.name().size() - std::string_view(kMixture).size());
}

// Whether the trace of a block is of that layer, which all blocks of its stack may share.
bool is_of(const MixtureTrace& trace, const std::string& block) {
  const std::string stack = trace.layer.substr(0, trace.layer.rfind('.'));
  return trace.layer == block || stack + ".shared" == block;
}

const Tensor& named(const NamedTensors& tensors, const std::string& name) {
  const auto found =
      std::ranges::find(tensors, name, [](const auto& entry) { return entry.first; });
  if (found == tensors.end())
    throw UserError(
        "the student has no \"{}\"; expected the teacher's [model] but for the width of "
        "experts",
        name);
  return found->second;
}

// One mixture layer on its way into the student's feed-forward layer.
class LayerFold {
 public:
  LayerFold(const MixtureLayer& layer, const NamedTensors& student, const StudentConfig& config)
      : layer_(layer), config_(config), block_(block_of(layer)) {
    const std::string prefix = block_ + ".feed_forward.";
    for (const auto& [name, tensor] : student)
      if (name.starts_with(prefix)) target_.emplace_back(name.substr(prefix.size()), tensor);
    shape_ = layer.bank().shape();
    shape_.hidden = named(student, prefix + "down.weight").size(1);
    folded_.layer = block_;
  }

  bool reads(const MixtureTrace& trace) const { return is_of(trace, block_); }

  void observe(const MixtureTrace& trace) {
    const int64_t experts = layer_.bank().experts();
    chosen_a_row_ = trace.routing.experts_BK.size(1);
    if (needs_usage(config_))
      accumulate(statistics_.usage_E,
                 at::bincount(trace.routing.experts_BK.flatten().clamp_min(0), {}, experts));
    const bool activation = config_.ranking == "activation";
    if (!needs_errors(config_) && !activation) return;
    const NetworkOutput all = layer_.bank().forward_all(*trace.x_MD, activation);
    if (needs_errors(config_))
      accumulate(statistics_.error_E,
                 (all.out_ENC - trace.y_MD->unsqueeze(0)).to(at::kDouble).square().sum({1, 2}));
    if (activation)
      accumulate(statistics_.activation_EF,
                 activated(*all.hidden_ENF, shape_.kind).abs().sum(1).to(at::kDouble));
  }

  void gather_into(uint64_t seed, const std::string& where) {
    const GatherOptions options = gather_options(config_, statistics_, layer_.bank().experts(),
                                                 chosen_a_row_, block_, seed, folded_.experts);
    folded_.kept = gather_at(where, layer_.bank().tensors(), hidden_layers(layer_.bank().shape()),
                             hidden_layers(shape_), options);
    NamedTensors stacked;
    for (const auto& [name, tensor] : folded_.kept.tensors)
      stacked.emplace_back(name, tensor.unsqueeze(0));
    copy_named(target_, stacked, where);
    folded_.kept.tensors.clear();
    if (config_.fit == "linear") linear_.emplace(start());
  }

  // The student's layer on the rows that the teacher's met, beside what that answered.
  void compare(const MixtureTrace& trace) {
    const Tensor hidden_MF = hidden(*trace.x_MD);
    if (linear_) linear_->add(hidden_MF, *trace.y_MD);
    if (config_.fit == "scale") scale_.add(output(hidden_MF), *trace.y_MD);
  }

  FoldedLayer finish() {
    if (config_.fit == "scale") {
      folded_.scale = scale_.scale();
      folded_.residual = scale_.residual();
      for (const char* name : {"down.weight", "down.bias"})
        if (shape_.bias || name == std::string_view("down.weight")) at(name).mul_(scale_.scale());
    }
    if (linear_) {
      folded_.residual = linear_->residual();
      const LinearMap map = linear_->map();
      at("down.weight")[0].copy_(map.weight_FC);
      if (shape_.bias) at("down.bias")[0].copy_(map.bias_C);
    }
    return std::move(folded_);
  }

 private:
  Tensor at(const std::string& name) const { return named(target_, name); }

  LinearMap start() const {
    return {at("down.weight")[0], shape_.bias ? at("down.bias")[0] : Tensor()};
  }

  Tensor hidden(const Tensor& x_MD) const {
    const Tensor up = x_MD.to(at::kFloat).matmul(at("up.weight")[0]);
    return activated(shape_.bias ? up + at("up.bias")[0] : up, shape_.kind);
  }

  Tensor output(const Tensor& hidden_MF) const {
    const Tensor down = hidden_MF.matmul(at("down.weight")[0]);
    return shape_.bias ? down + at("down.bias")[0] : down;
  }

  const MixtureLayer& layer_;
  const StudentConfig& config_;
  std::string block_;
  NamedTensors target_;
  FeedForwardShape shape_;
  ExpertStatistics statistics_;
  int64_t chosen_a_row_ = 1;
  ScaleFit scale_;
  std::optional<LinearFit> linear_;
  FoldedLayer folded_;
};

bool is_gathered(const std::string& name, const std::vector<MixtureLayer*>& layers) {
  return std::ranges::any_of(layers, [&](const MixtureLayer* layer) {
    return name.starts_with(block_of(*layer) + ".feed_forward.");
  });
}

}  // namespace

std::vector<FoldedLayer> fold_transformer(const Teacher& teacher, Model& student,
                                          const StudentConfig& config,
                                          const Calibration& calibration, uint64_t seed) {
  const std::vector<MixtureLayer*> layers = mixture_layers(teacher.model());
  const NamedTensors tensors = model_tensors(student);
  NamedTensors copied = tensors;
  std::erase_if(copied, [&](const auto& entry) { return is_gathered(entry.first, layers); });
  copy_named(copied, model_tensors(teacher.model()), teacher.where());
  if (!config.gathers()) return {};

  std::vector<LayerFold> folds;
  for (const MixtureLayer* layer : layers) folds.emplace_back(*layer, tensors, config);
  const auto visit = [&](void (LayerFold::*see)(const MixtureTrace&)) {
    visit_teacher(teacher, calibration, {.ends = true},
                  [&](const ModelOutput& output, const Batch&, const ForwardContext&) {
                    for (const MixtureTrace& trace : output.traces)
                      for (LayerFold& fold : folds)
                        if (fold.reads(trace)) (fold.*see)(trace);
                  });
  };
  visit(&LayerFold::observe);
  for (LayerFold& fold : folds) fold.gather_into(seed, teacher.where());
  if (config.fit != "none") visit(&LayerFold::compare);
  std::vector<FoldedLayer> folded;
  for (LayerFold& fold : folds) folded.push_back(fold.finish());
  return folded;
}

}  // namespace moestro
