#include "stacked_product.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "blocks/packing.h"
#include "blocks/product.h"
#include "first_derivative.h"
#include "optional_tensor.h"

namespace moestro {
namespace {

// One strip of columns of the product of one expert's rows [first, first + rows).
struct StripTask {
  int64_t expert, strip, first, rows;
};

// A strip is packed for every block of rows: as few as keep the threads equally busy.
int64_t rows_of_task(int64_t experts, int64_t columns, int64_t rows) {
  constexpr int64_t most = 512, least = 64, enough_tasks = 16;
  int64_t block = most;
  while (block > least &&
         experts * strips_of(columns) * ((rows + block - 1) / block) < enough_tasks)
    block /= 2;
  return block;
}

std::vector<StripTask> strip_tasks(int64_t experts, int64_t columns, int64_t rows, int64_t block) {
  std::vector<StripTask> tasks;
  for (int64_t e = 0; e < experts; ++e)
    for (int64_t s = 0; s < strips_of(columns); ++s)
      for (int64_t first = 0; first < rows; first += block)
        tasks.push_back({e, s, first, std::min(block, rows - first)});
  return tasks;
}

// A matrix of every expert, row-major.
struct Operand {
  const float* data;
  int64_t rows, columns;

  explicit Operand(const Tensor& x)
      : data(x.const_data_ptr<float>()), rows(x.size(1)), columns(x.size(2)) {}
  const float* at(int64_t expert, int64_t row) const {
    return data + (expert * rows + row) * columns;
  }
};

// out = left [E, N, depth] times strips: pack(expert, strip, first, depth, memory) makes those rows
// of a strip. The products of a block go to memory of the thread's own first where they may not
// be written, or rows not be read, beyond the end.
template <class Pack>
Tensor multiply(const Operand& left, int64_t experts, int64_t columns, const Tensor& bias_EF,
                const at::TensorOptions& options, const Pack& pack) {
  const int64_t depth = left.columns;
  Tensor out = at::empty({experts, left.rows, columns}, options);
  float* to = out.mutable_data_ptr<float>();
  const float* bias = bias_EF.defined() ? bias_EF.const_data_ptr<float>() : nullptr;
  const VectorPath path = best_vector_path();
  const int64_t block = rows_of_task(experts, columns, left.rows);
  const bool odd = multiplied_rows(left.rows % block) != left.rows % block;
  const Scratch scratch(Carver::bytes<float>(strip_numbers(depth)) +
                        Carver::bytes<float>(odd ? block * depth : 0) +
                        Carver::bytes<float>(block * kStrip));
  run_tasks(strip_tasks(experts, columns, left.rows, block), scratch,
            [&](const StripTask& task, std::byte* memory) {
              Carver carver(memory);
              float* strip = carver.take<float>(strip_numbers(depth));
              float* padded = carver.take<float>(odd ? block * depth : 0);
              float* product = carver.take<float>(block * kStrip);
              const float* a = left.at(task.expert, task.first);
              if (multiplied_rows(task.rows) != task.rows) {
                pack_rows(path, RowSource<float>{a, depth}, task.rows, depth, padded, depth);
                a = padded;
              }
              const int64_t width = columns_of(task.strip, columns);
              full_product<float>(path, a, depth, task.rows, width, depth, false, product,
                                  [&](int64_t first, int64_t step) {
                                    pack(task.expert, task.strip, first, step, strip);
                                    return strip;
                                  });
              const int64_t column = task.strip * kStrip;
              float* row = to + (task.expert * left.rows + task.first) * columns + column;
              const float* shift = bias ? bias + task.expert * columns + column : nullptr;
              for (int64_t r = 0; r < task.rows; ++r, row += columns)
                for (int64_t c = 0; c < width; ++c)
                  row[c] = product[r * kStrip + c] + (shift ? shift[c] : 0);
            });
  return out;
}

Tensor forward_product(const Tensor& x_END, const Tensor& weight_EDF, const Tensor& bias_EF) {
  const Operand weight(weight_EDF);
  const VectorPath path = best_vector_path();
  return multiply(Operand(x_END), x_END.size(0), weight.columns, bias_EF, x_END.options(),
                  [&](int64_t e, int64_t strip, int64_t first, int64_t depth, float* memory) {
                    pack_strip(path, RowSource<float>{weight.at(e, first), weight.columns}, depth,
                               strip * kStrip, columns_of(strip, weight.columns), memory);
                  });
}

// grad W^T.
Tensor input_gradient(const Tensor& grad_ENF, const Tensor& weight_EDF) {
  const Operand weight(weight_EDF);
  const VectorPath path = best_vector_path();
  return multiply(Operand(grad_ENF), grad_ENF.size(0), weight.rows, {}, grad_ENF.options(),
                  [&](int64_t e, int64_t strip, int64_t first, int64_t depth, float* memory) {
                    pack_strip_transposed(
                        path, RowSource<float>{weight.at(e, strip * kStrip), weight.columns},
                        columns_of(strip, weight.rows), first, depth, memory);
                  });
}

// x^T grad: rows of x^T are columns of x, packed once a task.
Tensor weight_gradient(const Tensor& x_END, const Tensor& grad_ENF) {
  const int64_t experts = x_END.size(0);
  const Operand x(x_END), grad(grad_ENF);
  const VectorPath path = best_vector_path();
  const int64_t rows = x.rows, strips = strips_of(grad.columns);
  const int64_t padded = round_up(rows, 16);
  const Tensor packed = at::empty({experts * strips * rows * kStrip}, grad_ENF.options());
  float* to = packed.mutable_data_ptr<float>();
  at::parallel_for(0, experts * strips, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      pack_strip(path, RowSource<float>{grad.at(i / strips, 0), grad.columns}, rows,
                 i % strips * kStrip, columns_of(i % strips, grad.columns), to + i * rows * kStrip);
  });

  constexpr int64_t kColumns = 64;  // of x, rows of x^T, in a task
  std::vector<StripTask> tasks;
  for (int64_t e = 0; e < experts; ++e)
    for (int64_t first = 0; first < x.columns; first += kColumns)
      tasks.push_back({e, 0, first, std::min(kColumns, x.columns - first)});
  Tensor out = at::empty({experts, x.columns, grad.columns}, grad_ENF.options());
  float* gradients = out.mutable_data_ptr<float>();
  const Scratch scratch(Carver::bytes<float>(kColumns * padded) +
                        Carver::bytes<float>(kColumns * kStrip));
  run_tasks(tasks, scratch, [&](const StripTask& task, std::byte* memory) {
    Carver carver(memory);
    float* transposed = carver.take<float>(kColumns * padded);
    float* product = carver.take<float>(kColumns * kStrip);
    pack_transposed(path, RowSource<float>{x.at(task.expert, 0), x.columns}, rows, padded,
                    task.first, task.rows, transposed, padded);
    for (int64_t s = 0; s < strips; ++s) {
      const int64_t width = columns_of(s, grad.columns);
      full_product<float>(path, transposed, padded, task.rows, width, rows, false, product,
                          [&](int64_t first, int64_t) {
                            return to + ((task.expert * strips + s) * rows + first) * kStrip;
                          });
      float* row = gradients + (task.expert * x.columns + task.first) * grad.columns + s * kStrip;
      for (int64_t r = 0; r < task.rows; ++r, row += grad.columns)
        std::copy_n(product + r * kStrip, width, row);
    }
  });
  return out;
}

struct StackedProduct : torch::autograd::Function<StackedProduct> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x_END,
                        const Tensor& weight_EDF, const std::optional<Tensor>& bias_EF) {
    const Tensor x = x_END.contiguous(), weight = weight_EDF.contiguous();
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias_EF.has_value();
    return forward_product(x, weight, bias_EF ? bias_EF->contiguous() : Tensor());
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("stacked_product");
    const auto saved = context->get_saved_variables();
    const Tensor grad_ENF = grads[0].contiguous();
    Tensor grad_x, grad_weight, grad_bias;
    if (context->needs_input_grad(0)) grad_x = input_gradient(grad_ENF, saved[1]);
    if (context->needs_input_grad(1)) grad_weight = weight_gradient(saved[0], grad_ENF);
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2))
      grad_bias = grad_ENF.sum(1);
    return {grad_x, grad_weight, grad_bias};
  }
};

}  // namespace

bool stacked_product_pays(int64_t depth, int64_t width) {
  return depth >= kStackedLeastDepth && width >= kStackedLeastWidth;
}

bool stacked_product_pays(const Tensor& x_END, const Tensor& weight_EDF) {
  const auto fits = [](const Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; };
  return fits(x_END) && fits(weight_EDF) && x_END.size(1) >= kStackedLeastRows &&
         stacked_product_pays(weight_EDF.size(1), weight_EDF.size(2));
}

Tensor stacked_product(const Tensor& x_END, const Tensor& weight_EDF, const Tensor& bias_EF) {
  // Profilers see dispatched operators only.
  RECORD_FUNCTION("moestro::stacked_product", c10::ArrayRef<const c10::IValue>());
  return StackedProduct::apply(x_END, weight_EDF, optional(bias_EF));
}

}  // namespace moestro
