#include "moestro/lifecycle/responder.h"

#include <cmath>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/progress.h"
#include "moestro/nn/sentences.h"

namespace moestro {
namespace {

// A beam keeps several sentences in the place of one.
constexpr int64_t kTokensOfSources = 4096;

[[noreturn]] void diverged(const std::string& what) {
  throw SystemError(
      "{} not finite: the training has diverged; a lower train.rate, or train.clip, may help",
      what);
}

}  // namespace

EvaluationOptions Responder::options(bool experts) const {
  return {.device = device, .precision = compute_type(recipe.train), .experts = experts};
}

Evaluation Responder::evaluate(const Dataset& rows, bool experts) const {
  Evaluation evaluation = moestro::evaluate(model, rows, data.normaliser, options(experts));
  // A log probability may be -inf: a class that is out of the question.
  const bool values = model.output() == OutputKind::values;
  const Tensor mixed_NC = values ? evaluation.mixed_NC : evaluation.mixed_NC.exp();
  Tensor good_N = at::isfinite(mixed_NC).flatten(1).all(1);
  if (evaluation.of_mixture())
    good_N = good_N.logical_and(at::isfinite(evaluation.probs_NE).all(1));
  const int64_t count = good_N.size(0), good = good_N.sum().item<int64_t>();
  if (good < count) diverged(fmt::format("the answers for {} of {} rows are", count - good, count));
  return evaluation;
}

Scores Responder::score(const Dataset& rows) const {
  const Scores scores = moestro::score(model, rows, data.normaliser, options());
  if (!std::isfinite(scores.loss)) diverged("the loss is");
  return scores;
}

std::vector<std::string> Responder::translate(const Dataset& rows) const {
  MOESTRO_CHECK(tokenizer, "texts without a tokenizer");
  const auto& translator = dynamic_cast<const Translator&>(model);
  const BeamOptions beam = beam_options(recipe.model, data.text->longest);
  Dataset sources = rows;
  sources.targets_N = Tensor();
  EvaluationOptions options = this->options();
  options.tokens = kTokensOfSources;
  std::vector<std::string> texts(static_cast<size_t>(rows.rows()));
  Progress progress("translating", rows.rows(), "sentences");
  int64_t done = 0;
  const auto translate_batch = [&](const Batch& batch, const ForwardContext& context) {
    const Sentences packed = pack_sentences(batch.inputs);
    const std::vector<Hypothesis> found =
        translator.translate(packed.ids_N, packed.rows, beam, context.precision);
    const Tensor rows_B = batch.rows_N.cpu();
    for (size_t b = 0; b < found.size(); ++b)
      texts[static_cast<size_t>(rows_B[static_cast<int64_t>(b)].item<int64_t>())] =
          tokenizer->decode(found[b].tokens);
    progress.advance(done += rows_B.size(0));
  };
  visit_batches(sources, data.normaliser, options, translate_batch);
  return texts;
}

}  // namespace moestro
