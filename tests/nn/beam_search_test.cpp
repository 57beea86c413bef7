#include "moestro/nn/beam_search.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

constexpr int64_t kVocabulary = 4, kBegin = 0, kEnd = 1;

// What follows depends on the newest token and on how many there are.
class Chain {
 public:
  explicit Chain(uint64_t seed) : scores_TVV_(normal({6, kVocabulary, kVocabulary}, seed)) {
    scores_TVV_ = scores_TVV_.log_softmax(2);
  }
  NextToken next() {
    place_ = -1;
    return [this](const Tensor& tokens_R, const Tensor&) {
      return scores_TVV_[++place_].index_select(0, tokens_R);
    };
  }
  // The best of all sentences of at most `longest` tokens, the end counted.
  Hypothesis best(int64_t longest, double penalty) const {
    Hypothesis best{{}, -1e9};
    std::vector<int64_t> tokens;
    visit(tokens, kBegin, 0, longest, penalty, best);
    return best;
  }

 private:
  void visit(std::vector<int64_t>& tokens, int64_t newest, double sum, int64_t longest,
             double penalty, Hypothesis& best) const {
    const int64_t length = std::ssize(tokens) + 1;
    const Tensor scores_V = scores_TVV_[length - 1][newest];
    const double ended = sum + scores_V[kEnd].item<double>();
    const double score = ended / std::pow(length, penalty);
    if (score > best.score) best = {tokens, score};
    if (length == longest) return;
    for (int64_t token = 0; token < kVocabulary; ++token) {
      if (token == kEnd) continue;
      tokens.push_back(token);
      visit(tokens, token, sum + scores_V[token].item<double>(), longest, penalty, best);
      tokens.pop_back();
    }
  }

  Tensor scores_TVV_;
  int64_t place_ = -1;
};

BeamOptions options(int64_t beam, double penalty) {
  return {.begin = kBegin, .end = kEnd, .beam = beam, .length_penalty = penalty, .longest = 4};
}

TEST(BeamSearch, wide_enough_finds_the_best_of_all_sentences) {
  for (uint64_t seed = 0; seed < 20; ++seed)
    for (const double penalty : {0., .6, 1., 2.}) {
      Chain chain(seed);
      const Hypothesis expected = chain.best(4, penalty);
      const Hypothesis found = beam_search(1, options(64, penalty), chain.next()).front();
      EXPECT_EQ(found.tokens, expected.tokens) << seed;
      EXPECT_NEAR(found.score, expected.score, 1e-12);
    }
}

TEST(BeamSearch, of_one_takes_the_likeliest_token_each_time) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Chain chain(seed);
    const NextToken next = chain.next();
    std::vector<int64_t> greedy;
    Tensor newest = at::full({1}, kBegin, at::kLong);
    for (int64_t length = 1; length < 4; ++length) {
      newest = next(newest, {}).argmax(1);
      if (newest.item<int64_t>() == kEnd) break;
      greedy.push_back(newest.item<int64_t>());
    }
    EXPECT_EQ(beam_search(1, options(1, 0), chain.next()).front().tokens, greedy) << seed;
  }
}

TEST(BeamSearch, ends_at_the_longest) {
  const NextToken never = [](const Tensor& tokens_R, const Tensor&) {
    Tensor scores = at::full({tokens_R.size(0), kVocabulary}, -1., at::kDouble);
    scores.select(1, kEnd).fill_(-50);
    return scores;
  };
  const Hypothesis found = beam_search(1, options(3, 0), never).front();
  EXPECT_EQ(found.tokens.size(), 3u);
  EXPECT_NEAR(found.score, -53, 1e-12);
}

// Every row has a score of its own history: mixing rows up would change what is found.
TEST(BeamSearch, rows_continue_those_they_came_from) {
  constexpr int64_t kBeam = 3;
  const auto search = [](int64_t sentences, int64_t first) {
    std::vector<std::vector<int64_t>> rows(sentences * kBeam);
    const NextToken next = [&](const Tensor& tokens_R, const Tensor& from_R) {
      std::vector<std::vector<int64_t>> grown(rows.size());
      std::vector<Tensor> scores;
      for (size_t r = 0; r < rows.size(); ++r) {
        if (from_R.defined()) {
          grown[r] = rows[from_R[r].item<int64_t>()];
          grown[r].push_back(tokens_R[r].item<int64_t>());
        }
        uint64_t seed = first + r / kBeam;  // of the sentence
        for (const int64_t token : grown[r]) seed = 31 * seed + token + 1;
        scores.push_back(normal({kVocabulary}, seed).log_softmax(0));
      }
      rows = grown;
      return at::stack(scores);
    };
    return beam_search(sentences, options(kBeam, 1), next);
  };
  const auto together = search(4, 10);
  for (int64_t b = 0; b < 4; ++b) {
    const Hypothesis alone = search(1, 10 + b).front();
    EXPECT_EQ(together[b].tokens, alone.tokens) << b;
    EXPECT_NEAR(together[b].score, alone.score, 1e-12);
  }
}

TEST(BeamSearch, refuses_scores_that_are_no_numbers) {
  const NextToken next = [](const Tensor& tokens_R, const Tensor&) {
    return at::full({tokens_R.size(0), kVocabulary}, std::nan(""), at::kDouble);
  };
  EXPECT_EQ(thrown<SystemError>([&] { beam_search(1, options(2, 1), next); }),
            "token 1 of a sentence: its scores are not numbers");
}

}  // namespace
}  // namespace moestro
