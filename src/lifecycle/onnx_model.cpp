#include "onnx_model.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/nn/classifier.h"
#include "onnx_network.h"
#include "onnx_transformer.h"

namespace moestro {
namespace {

constexpr double kPixelMax = 255;

// (x - mean) / deviation, as data/normaliser.h has it.
std::string normalised(OnnxBuilder& onnx, const Normaliser& normaliser, const Shape& sample,
                       const std::string& x) {
  const double unit = normaliser.pixels() ? kPixelMax : 1;
  const std::vector<double>& mean = normaliser.mean();
  Shape shape(sample.size(), 1);
  shape[0] = std::ssize(mean);
  const auto entries = [&](const char* name, const std::vector<double>& values) {
    return onnx.constant(name,
                         at::tensor(values, at::kDouble).mul_(unit).to(at::kFloat).view(shape));
  };
  const std::string centred = onnx.node("Sub", {x, entries("input.mean", mean)});
  return onnx.node("Div", {centred, entries("input.deviation", normaliser.deviation())});
}

std::string text_answer(OnnxBuilder& onnx, const TrainedRun& run, const Classifier& classifier) {
  const std::string tokens = onnx.input(
      {"tokens", at::kLong, {"batch", "length"}, "token ids, -1 behind the end of each text"});
  return onnx_text_classifier(onnx, classifier.encoder().shape(), pooling_of(run.recipe().model),
                              tokens);
}

std::string row_answer(OnnxBuilder& onnx, const TrainedRun& run) {
  const DataRecord& data = run.data();
  OnnxValue input{"input", at::kFloat, {"batch"}};
  input.meaning = data.normaliser.pixels() ? "pixels, 0 to 255"
                  : data.table             ? "a row of the table, as the metadata's inputs name it"
                                           : "rows as they are read";
  input.shape.insert(input.shape.end(), data.sample_shape.begin(), data.sample_shape.end());
  const std::string x =
      normalised(onnx, data.normaliser, data.sample_shape, onnx.input(std::move(input)));
  if (const auto* classifier = dynamic_cast<const Classifier*>(&run.model()))
    return onnx_image_classifier(onnx, classifier->encoder().shape(),
                                 pooling_of(run.recipe().model), data.sample_shape,
                                 run.recipe().model.patch, x);
  return onnx_network(onnx, run.mixture().bank().specs(), x);
}

void add_outputs(OnnxBuilder& onnx, const DataRecord& data, const std::string& answer) {
  if (data.classes > 0) {
    const std::string probabilities = onnx.node("Softmax", {answer}, {{"axis", int64_t{1}}});
    onnx.output(probabilities, {"probabilities", at::kFloat, {"batch", data.classes}});
    onnx.output(answer, {"logits", at::kFloat, {"batch", data.classes}});
    return;
  }
  const Normaliser& normaliser = data.normaliser;
  const std::string standard = onnx.node("Squeeze", {answer, onnx.integers({1})});
  const std::string scaled =
      onnx.node("Mul", {standard, onnx.number(normaliser.target_deviation())});
  onnx.output(onnx.node("Add", {scaled, onnx.number(normaliser.target_mean())}),
              {"value", at::kFloat, {"batch"}});
}

}  // namespace

OnnxGraph onnx_model(const TrainedRun& run, const NamedTensors& weights) {
  OnnxBuilder onnx(weights);
  const auto* classifier = dynamic_cast<const Classifier*>(&run.model());
  const bool text = classifier != nullptr && run.data().text.has_value();
  const std::string answer = text ? text_answer(onnx, run, *classifier) : row_answer(onnx, run);
  add_outputs(onnx, run.data(), answer);
  return std::move(onnx.graph);
}

}  // namespace moestro
