#include "moestro/data/split.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/data/config.h"

namespace moestro {
namespace {

Tensor ascending(const Tensor& rows_N) {
  return std::get<0>(rows_N.sort());
}

// Rows of each class in turn: the first of every class, the second of every class, ...
Tensor rounds(const Tensor& targets_N, int64_t classes, const Tensor& order_N) {
  const Tensor drawn_N = targets_N.index_select(0, order_N);
  Tensor round_N = at::empty_like(drawn_N);
  std::vector<int64_t> seen(static_cast<size_t>(classes), 0);
  for (int64_t i = 0; i < drawn_N.numel(); ++i)
    round_N.data_ptr<int64_t>()[i] =
        seen[static_cast<size_t>(drawn_N.data_ptr<int64_t>()[i])]++ * classes +
        drawn_N.data_ptr<int64_t>()[i];
  return order_N.index_select(0, round_N.argsort());
}

void check_share(const std::string& key, double share, double unset, const FileRows& file,
                 const std::string& rows) {
  if (share != unset)
    throw UserError("data.{} = {} has no effect: {} has {} rows of its own", key, share, file.name,
                    rows);
}

Tensor drawn_rows(const FileRows& file, const Tensor& rows_N, const DataConfig& config,
                  uint64_t seed) {
  if (!config.balanced && file.classes == 0)
    throw UserError("data.balanced = false has no effect: {} has no classes", file.name);
  const int64_t classes = config.balanced ? file.classes : 0;
  const Tensor targets_N =
      classes > 0 ? file.targets_N.index_select(0, rows_N) : at::empty_like(rows_N);
  return rows_N.index_select(0, balanced_rows(targets_N, classes, config.rows, seed));
}

}  // namespace

Split hold_out(int64_t rows, double share, uint64_t seed, std::string_view name) {
  const auto wanted = static_cast<int64_t>(std::llround(share * static_cast<double>(rows)));
  const int64_t held = share > 0 ? std::max<int64_t>(wanted, 1) : 0;
  if (held >= rows)
    throw UserError("data.{} = {} holds out {} of {} rows; expected rows left to train on", name,
                    share, held, rows);
  const Tensor order_N = permutation({seed, Stream::split, name, 0}, rows);
  return {ascending(order_N.narrow(0, held, rows - held)), ascending(order_N.narrow(0, 0, held))};
}

Tensor balanced_rows(const Tensor& targets_N, int64_t classes, int64_t count, uint64_t seed) {
  const int64_t rows = targets_N.size(0);
  if (count > rows)
    throw UserError("data.rows = {}; expected at most {}, the training rows there are", count,
                    rows);
  Tensor order_N = permutation({seed, Stream::split, "subset", 0}, rows);
  if (classes > 0) order_N = rounds(targets_N, classes, order_N);
  return ascending(order_N.narrow(0, 0, count));
}

RowSplit split_rows(const FileRows& file, const DataConfig& config, uint64_t seed) {
  RowSplit out;
  out.train_N = at::arange(file.rows, at::kLong);
  if (file.has_test) {
    check_share("test", config.test, DataConfig().test, file, "test");
  } else {
    const Split split = hold_out(file.rows, config.test, seed, "test");
    out.train_N = split.kept_N;
    out.test_N = split.held_N;
  }
  if (file.has_valid) {
    if (config.validation != 0)
      check_share("validation", config.validation, DataConfig().validation, file, "validation");
  } else {
    const Split split = hold_out(out.train_N.size(0), config.validation, seed, "validation");
    out.valid_N = out.train_N.index_select(0, split.held_N);
    out.train_N = out.train_N.index_select(0, split.kept_N);
  }
  if (config.rows > 0) out.train_N = drawn_rows(file, out.train_N, config, seed);
  return out;
}

}  // namespace moestro
