#include "moestro/nn/beam_search.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

// One that still grows.
struct Running {
  std::vector<int64_t> tokens;
  double log_probability = kImpossible;
};

class Search {
 public:
  Search(int64_t sentences, const BeamOptions& options)
      : options_(options), running_(sentences * options.beam), best_(sentences), ended_(sentences) {
    for (int64_t b = 0; b < sentences; ++b) running_[b * options.beam].log_probability = 0;
    for (Hypothesis& best : best_) best.score = kImpossible;
  }

  std::vector<Hypothesis> run(const NextToken& next) {
    Tensor tokens_R = at::full({std::ssize(running_)}, options_.begin, at::kLong), from_R;
    for (int64_t length = 1; length <= options_.longest && !all_done(); ++length) {
      const Tensor scores_RV = next(tokens_R, from_R).cpu().to(at::kDouble);
      MOESTRO_CHECK(options_.end < scores_RV.size(1));
      if (scores_RV.isnan().any().item<bool>())
        throw SystemError("token {} of a sentence: its scores are not numbers", length);
      extend(scores_RV, length, tokens_R, from_R);
    }
    return std::move(best_);
  }

 private:
  bool done(int64_t b) const { return ended_[b] >= options_.beam; }
  bool all_done() const {
    for (size_t b = 0; b < best_.size(); ++b)
      if (!done(static_cast<int64_t>(b))) return false;
    return true;
  }

  void extend(const Tensor& scores_RV, int64_t length, Tensor& tokens_R, Tensor& from_R) {
    std::vector<Running> grown(running_.size());
    tokens_R = at::full_like(tokens_R, options_.end);
    from_R = at::arange(tokens_R.size(0), at::kLong);
    for (int64_t b = 0; b < std::ssize(best_); ++b)
      if (!done(b)) extend_sentence(b, scores_RV, length, grown, tokens_R, from_R);
    running_ = std::move(grown);
  }

  void extend_sentence(int64_t b, const Tensor& scores_RV, int64_t length,
                       std::vector<Running>& grown, const Tensor& tokens_R, const Tensor& from_R) {
    const int64_t beam = options_.beam, first = b * beam, vocabulary = scores_RV.size(1);
    Tensor sums_KV = scores_RV.narrow(0, first, beam).clone();
    for (int64_t k = 0; k < beam; ++k) sums_KV[k].add_(running_[first + k].log_probability);
    if (length == options_.longest) sums_KV = only_end(sums_KV);
    // Twice as many: each row may end once, and as many must go on.
    const auto [sums, places] =
        sums_KV.flatten().topk(std::min<int64_t>(2 * beam, beam * vocabulary));
    const double* sum = sums.const_data_ptr<double>();
    const int64_t* place = places.const_data_ptr<int64_t>();
    int64_t kept = 0;
    for (int64_t i = 0; i < sums.size(0) && kept < beam && sum[i] > kImpossible; ++i) {
      const int64_t row = first + place[i] / vocabulary, token = place[i] % vocabulary;
      if (token == options_.end) {
        if (i < beam) end_with(b, running_[row], sum[i], length);
        continue;
      }
      grown[first + kept] = {running_[row].tokens, sum[i]};
      grown[first + kept].tokens.push_back(token);
      tokens_R[first + kept] = token;
      from_R[first + kept] = row;
      ++kept;
    }
    if (kept == 0) ended_[b] = beam;  // nothing can go on
  }

  Tensor only_end(const Tensor& sums_KV) const {
    Tensor kept_KV = at::full_like(sums_KV, kImpossible);
    kept_KV.select(1, options_.end).copy_(sums_KV.select(1, options_.end));
    return kept_KV;
  }

  void end_with(int64_t b, const Running& row, double log_probability, int64_t length) {
    ++ended_[b];
    const double score =
        log_probability / std::pow(static_cast<double>(length), options_.length_penalty);
    if (score > best_[b].score) best_[b] = {row.tokens, score};
  }

  const BeamOptions& options_;
  std::vector<Running> running_;
  std::vector<Hypothesis> best_;
  std::vector<int64_t> ended_;
};

}  // namespace

std::vector<Hypothesis> beam_search(int64_t sentences, const BeamOptions& options,
                                    const NextToken& next) {
  MOESTRO_CHECK(options.beam >= 1 && options.longest >= 1 && sentences >= 1);
  return Search(sentences, options).run(next);
}

}  // namespace moestro
