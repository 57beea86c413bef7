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
      const Tensor scores_RV = next(tokens_R, from_R).to(at::kDouble);
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
    const Candidates found = candidates(scores_RV, length);
    std::vector<Running> grown(running_.size());
    tokens_R = at::full_like(tokens_R, options_.end);
    from_R = at::arange(tokens_R.size(0), at::kLong);
    for (int64_t b = 0; b < std::ssize(best_); ++b)
      if (!done(b)) extend_sentence(b, found, scores_RV.size(1), length, grown, tokens_R, from_R);
    running_ = std::move(grown);
  }

  // Of each sentence, falling: the sums of its likeliest continuations, and row * V + token.
  struct Candidates {
    Tensor sums_BM, places_BM;  // on the CPU
  };

  Candidates candidates(const Tensor& scores_RV, int64_t length) const {
    std::vector<double> so_far;
    for (const Running& row : running_) so_far.push_back(row.log_probability);
    const Tensor before_R1 = at::tensor(so_far, at::kDouble).unsqueeze(1).to(scores_RV.device());
    Tensor sums_RV = scores_RV + before_R1;
    if (length == options_.longest) sums_RV = only_end(sums_RV);
    const Tensor sums_BP = sums_RV.view({std::ssize(best_), options_.beam * scores_RV.size(1)});
    // Twice as many: each row may end once, and as many must go on.
    const auto [sums, places] = sums_BP.topk(std::min(2 * options_.beam, sums_BP.size(1)), 1);
    return {sums.cpu().contiguous(), places.cpu().contiguous()};
  }

  void extend_sentence(int64_t b, const Candidates& found, int64_t vocabulary, int64_t length,
                       std::vector<Running>& grown, const Tensor& tokens_R, const Tensor& from_R) {
    const int64_t beam = options_.beam, first = b * beam, count = found.sums_BM.size(1);
    const double* sum = found.sums_BM.const_data_ptr<double>() + b * count;
    const int64_t* place = found.places_BM.const_data_ptr<int64_t>() + b * count;
    int64_t kept = 0;
    for (int64_t i = 0; i < count && kept < beam && sum[i] > kImpossible; ++i) {
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

  Tensor only_end(const Tensor& sums_RV) const {
    Tensor kept_RV = at::full_like(sums_RV, kImpossible);
    kept_RV.select(1, options_.end).copy_(sums_RV.select(1, options_.end));
    return kept_RV;
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
