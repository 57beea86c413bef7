// The experts of a sparse mixture layer on a routing forced from outside, and what a step on them
// must give.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "moestro/nn/feed_forward.h"

namespace moestro::bench {

struct SparseShape {
  int64_t width, hidden, experts, k, tokens;
  int64_t rows() const { return tokens * k; }
  double weights() const { return 3. * width * hidden; }  // of one expert
};

inline const SparseShape kSmall = {512, 256, 16, 2, 2048}, kLarge = {1024, 512, 32, 4, 4096};

struct SparseWork {
  SparseShape shape;
  at::ScalarType type;
  std::string load;
  bool train;

  // Multiplications and additions of the products: one forward, two backward.
  double operations() const { return 2 * shape.weights() * shape.rows() * (train ? 3 : 1); }
};

// Rows of each expert: "balanced", "skewed" (as 1, 1/2, 1/3, ...), or "crowded" (the first takes
// every token: half of the rows where k = 2).
inline std::vector<int64_t> expert_loads(const SparseShape& shape, const std::string& load) {
  std::vector<double> shares(shape.experts, 1);
  if (load == "skewed")
    for (int64_t e = 0; e < shape.experts; ++e) shares[e] = 1. / static_cast<double>(e + 1);
  if (load == "crowded" && shape.k > 1)
    shares[0] = static_cast<double>(shape.experts - 1) / static_cast<double>(shape.k - 1);
  const double all = std::accumulate(shares.begin(), shares.end(), 0.);
  std::vector<int64_t> loads;
  double end = 0;
  int64_t done = 0;
  for (const double share : shares) {
    end += static_cast<double>(shape.rows()) * share / all;
    loads.push_back(std::llround(end) - done);
    done += loads.back();
  }
  return loads;
}

// experts_NK with those loads: k different ones for each token, the tokens in random order.
inline Tensor forced_routing(const SparseShape& shape, const std::string& load) {
  const Tensor chosen = at::repeat_interleave(at::tensor(expert_loads(shape, load)));
  const Tensor chosen_NK = chosen.view({shape.k, shape.tokens}).t();
  return chosen_NK.index_select(0, at::randperm(shape.tokens)).contiguous();
}

inline FeedForwardWeights random_experts(const SparseShape& shape, at::ScalarType type) {
  const auto normal = [&](int64_t in, int64_t out) {
    return (at::randn({shape.experts, in, out}) / std::sqrt(in)).to(type);
  };
  return {.up_EDF = normal(shape.width, 2 * shape.hidden),
          .down_EFD = normal(shape.hidden, shape.width)};
}

// The least bytes of a step: the weights of the experts that get rows are read once a pass, inputs
// read and outputs written; in training what the way back needs of a row is written and read, and
// the gradients are written.
inline double least_bytes(const SparseWork& work) {
  const SparseShape& shape = work.shape;
  const std::vector<int64_t> loads = expert_loads(shape, work.load);
  const auto chosen =
      static_cast<double>(std::ranges::count_if(loads, [](int64_t rows) { return rows > 0; }));
  const double weights = chosen * shape.weights(),
               rows = static_cast<double>(shape.tokens * shape.width),
               kept = static_cast<double>(shape.rows() * 2 * shape.hidden);
  const double values = work.train ? 3 * weights + 5 * rows + 2 * kept : weights + 2 * rows;
  return values * static_cast<double>(elementSize(work.type));
}

class SparseStep {
 public:
  explicit SparseStep(const SparseWork& work)
      : work_(work),
        experts_NK_(forced_routing(work.shape, work.load)),
        x_ND_(at::randn({work.shape.tokens, work.shape.width}).to(work.type)),
        mix_NK_(at::rand({work.shape.tokens, work.shape.k}).softmax(1).to(work.type)),
        dy_ND_(at::randn({work.shape.tokens, work.shape.width}).to(work.type)),
        weights_(random_experts(work.shape, work.type)) {
    if (!work.train) packed_.emplace(weights_, FeedForwardKind::swiglu);
    for (const Tensor& leaf : leaves()) leaf.set_requires_grad(work.train);
  }

  void run() {
    if (!work_.train) {
      y_ND_ = packed_->forward(x_ND_, experts_NK_, mix_NK_);
      return;
    }
    for (const Tensor& leaf : leaves()) leaf.mutable_grad() = Tensor();
    y_ND_ = sparse_feed_forward(x_ND_, experts_NK_, mix_NK_, weights_, FeedForwardKind::swiglu);
    y_ND_.backward(dy_ND_);
  }

  std::string way() const { return describe_feed_forward(weights_); }

  // The largest relative error against float64 of what the last run gave to the tokens of the last
  // expert: their outputs; in training their gradients and those of this expert's weights, too.
  double error() const {
    const int64_t last = work_.shape.experts - 1;
    const Tensor rows = experts_NK_.eq(last).any(1).nonzero().flatten();
    const auto exact = [&](const Tensor& tensor) {
      return tensor.detach().to(at::kDouble).set_requires_grad(work_.train);
    };
    const Tensor x_ND = exact(x_ND_.detach().index_select(0, rows));
    const Tensor mix_NK = exact(mix_NK_.detach().index_select(0, rows));
    const FeedForwardWeights weights = {.up_EDF = exact(weights_.up_EDF),
                                        .down_EFD = exact(weights_.down_EFD)};
    const Tensor y_ND = sparse_feed_forward(x_ND, experts_NK_.index_select(0, rows), mix_NK,
                                            weights, FeedForwardKind::swiglu);
    double most = distance(y_ND_.detach().index_select(0, rows), y_ND.detach());
    if (!work_.train) return most;
    y_ND.backward(dy_ND_.index_select(0, rows).to(at::kDouble));
    for (const auto& [ours, truth] :
         {std::pair{x_ND_.grad().index_select(0, rows), x_ND.grad()},
          {mix_NK_.grad().index_select(0, rows), mix_NK.grad()},
          {weights_.up_EDF.grad().select(0, last), weights.up_EDF.grad().select(0, last)},
          {weights_.down_EFD.grad().select(0, last), weights.down_EFD.grad().select(0, last)}})
      most = std::max(most, distance(ours, truth));
    return most;
  }

 private:
  std::vector<Tensor> leaves() const {
    return {x_ND_, mix_NK_, weights_.up_EDF, weights_.down_EFD};
  }

  static double distance(const Tensor& ours, const Tensor& truth) {
    return ((ours.to(at::kDouble) - truth).norm() / truth.norm()).item<double>();
  }

  SparseWork work_;
  Tensor experts_NK_, x_ND_, mix_NK_, dy_ND_, y_ND_;
  FeedForwardWeights weights_;
  std::optional<PackedFeedForward> packed_;
};

}  // namespace moestro::bench
