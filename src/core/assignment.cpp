#include "moestro/core/assignment.h"

#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr int64_t kFree = -1;

// Rows are added one after the other. Prices u, v keep cost(i, j) - u_i - v_j at 0 for assigned
// pairs and at 0 or above for all.
class Assignment {
 public:
  explicit Assignment(const Tensor& cost_NN)
      : cost_NN_(cost_NN),
        size_(cost_NN.size(0)),
        price_of_row_(static_cast<size_t>(size_), 0.),
        price_of_column_(static_cast<size_t>(size_) + 1, 0.),
        row_of_column_(static_cast<size_t>(size_) + 1, kFree) {}

  void add(int64_t row) {
    // The column behind the last one stands for the start of the path.
    row_of_column_[last()] = row;
    begin_search();
    size_t column = last();
    while (row_of_column_[column] != kFree) column = reach_from(column);
    while (column != last()) {  // turns the path around
      const size_t before = before_[column];
      row_of_column_[column] = row_of_column_[before];
      column = before;
    }
  }

  std::vector<int64_t> columns() const {
    std::vector<int64_t> columns(static_cast<size_t>(size_));
    for (size_t j = 0; j < last(); ++j)
      columns[static_cast<size_t>(row_of_column_[j])] = static_cast<int64_t>(j);
    return columns;
  }

 private:
  size_t last() const { return static_cast<size_t>(size_); }

  void begin_search() {
    slack_.assign(last(), std::numeric_limits<double>::infinity());
    before_.assign(last(), last());
    reached_.assign(last() + 1, false);
  }

  // The nearest column that is not reached yet, prices moved so that a pair of cost 0 leads there.
  size_t reach_from(size_t column) {
    reached_[column] = true;
    const int64_t row = row_of_column_[column];
    const double* cost_N = cost_NN_.const_data_ptr<double>() + row * size_;
    size_t nearest = last();
    for (size_t j = 0; j < last(); ++j) {
      if (reached_[j]) continue;
      const double slack =
          cost_N[j] - price_of_row_[static_cast<size_t>(row)] - price_of_column_[j];
      if (slack < slack_[j]) {
        slack_[j] = slack;
        before_[j] = column;
      }
      if (nearest == last() || slack_[j] < slack_[nearest]) nearest = j;
    }
    move_prices(slack_[nearest]);
    return nearest;
  }

  void move_prices(double by) {
    for (size_t j = 0; j <= last(); ++j) {
      if (reached_[j]) {
        price_of_row_[static_cast<size_t>(row_of_column_[j])] += by;
        price_of_column_[j] -= by;
      } else {
        slack_[j] -= by;
      }
    }
  }

  Tensor cost_NN_;
  int64_t size_;
  std::vector<double> price_of_row_, price_of_column_;
  std::vector<int64_t> row_of_column_;
  std::vector<double> slack_;   // of a column to the tree of paths
  std::vector<size_t> before_;  // the column before it on its path
  std::vector<bool> reached_;
};

}  // namespace

std::vector<int64_t> best_assignment(const Tensor& weights_NN) {
  MOESTRO_CHECK(weights_NN.dim() == 2 && weights_NN.size(0) == weights_NN.size(1));
  const Tensor cost_NN = -weights_NN.cpu().to(at::kDouble).contiguous();
  MOESTRO_CHECK(at::isfinite(cost_NN).all().item<bool>(), "weights that are not finite");
  Assignment assignment(cost_NN);
  for (int64_t row = 0; row < cost_NN.size(0); ++row) assignment.add(row);
  return assignment.columns();
}

}  // namespace moestro
