#include "max_pool.h"

#include <algorithm>
#include <type_traits>

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "first_derivative.h"
namespace moestro {
namespace {

constexpr int64_t kBlock = 128;  // windows worked on at a time

// An integer as wide as T: compilers vectorise loops whose types have one width.
template <typename T>
using Wide = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

struct Planes {
  int64_t count, height, width;
  explicit Planes(at::IntArrayRef shape)
      : count(shape[0] * shape[1]), height(shape[2]), width(shape[3]) {}
  int64_t out_height() const { return height / 2; }
  int64_t out_width() const { return width / 2; }
  int64_t grain() const { return std::max<int64_t>(1, 32768 / (height * width)); }
};

// Calls block(first entry in the large image, in the small one, windows), in parallel; a block is
// part of one row of windows.
template <typename Block>
void for_each_block(const Planes& planes, const Block& block) {
  const int64_t width = planes.out_width();
  at::parallel_for(0, planes.count, planes.grain(), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      for (int64_t i = 0; i < planes.out_height(); ++i)
        for (int64_t j = 0; j < width; j += kBlock)
          block((p * planes.height + 2 * i) * planes.width + 2 * j,
                (p * planes.out_height() + i) * width + j, std::min(kBlock, width - j));
  });
}

template <typename T>
void pool_block(const T* __restrict upper, const T* __restrict lower, int64_t windows,
                T* __restrict out, Wide<T>* __restrict places) {
  for (int64_t j = 0; j < windows; ++j) {
    const T b = upper[2 * j + 1], c = lower[2 * j], d = lower[2 * j + 1];
    T best = upper[2 * j];
    Wide<T> place = 0;
    place = b > best ? 1 : place;
    best = b > best ? b : best;
    place = b != b ? 1 : place;
    best = b != b ? b : best;
    place = c > best ? 2 : place;
    best = c > best ? c : best;
    place = c != c ? 2 : place;
    best = c != c ? c : best;
    place = d > best ? 3 : place;
    best = d > best ? d : best;
    place = d != d ? 3 : place;
    out[j] = d != d ? d : best;
    places[j] = place;
  }
}

// One of the two rows under a row of windows, whose places are left and left + 1.
template <typename T>
void unpool_block(const T* __restrict grad, const Wide<T>* __restrict places, Wide<T> left,
                  int64_t windows, T* __restrict row) {
  for (int64_t j = 0; j < windows; ++j) {
    const T value = grad[j];  // read in any case, or the loop is not vectorised
    row[2 * j] = places[j] == left ? value : T(0);
    row[2 * j + 1] = places[j] == left + 1 ? value : T(0);
  }
}

template <typename T>
void pool(const T* in, const Planes& planes, T* out, uint8_t* winners) {
  for_each_block(planes, [&](int64_t large, int64_t small, int64_t windows) {
    Wide<T> places[kBlock];
    pool_block(in + large, in + large + planes.width, windows, out + small, places);
    std::copy_n(places, windows, winners + small);
  });
}

// Writes grad_in where a window reaches: not at an odd edge.
template <typename T>
void unpool(const T* grad_out, const uint8_t* winners, const Planes& planes, T* grad_in) {
  for_each_block(planes, [&](int64_t large, int64_t small, int64_t windows) {
    Wide<T> places[kBlock];
    std::copy_n(winners + small, windows, places);
    unpool_block<T>(grad_out + small, places, 0, windows, grad_in + large);
    unpool_block<T>(grad_out + small, places, 2, windows, grad_in + large + planes.width);
  });
}

struct MaxPool2x2 : torch::autograd::Function<MaxPool2x2> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x) {
    const Tensor in = x.contiguous();
    const Planes planes(in.sizes());
    const Shape shape = {x.size(0), x.size(1), planes.out_height(), planes.out_width()};
    Tensor out = at::empty(shape, in.options());
    Tensor winners = at::empty(shape, in.options().dtype(at::kByte));
    AT_DISPATCH_FLOATING_TYPES(in.scalar_type(), "max_pool_2x2", [&] {
      pool(in.const_data_ptr<scalar_t>(), planes, out.mutable_data_ptr<scalar_t>(),
           winners.mutable_data_ptr<uint8_t>());
    });
    context->save_for_backward({winners});
    context->saved_data["shape"] = in.sizes();
    return out;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("max_pool_windows");
    const Tensor winners = context->get_saved_variables()[0];
    const Tensor grad_out = grads[0].contiguous();
    const Shape shape = context->saved_data["shape"].toIntVector();
    const bool odd = shape[2] % 2 || shape[3] % 2;
    Tensor grad_in =
        odd ? at::zeros(shape, grad_out.options()) : at::empty(shape, grad_out.options());
    AT_DISPATCH_FLOATING_TYPES(grad_out.scalar_type(), "max_pool_2x2_backward", [&] {
      unpool(grad_out.const_data_ptr<scalar_t>(), winners.const_data_ptr<uint8_t>(), Planes(shape),
             grad_in.mutable_data_ptr<scalar_t>());
    });
    return {grad_in};
  }
};

}  // namespace

Tensor max_pool_windows(const Tensor& x, int64_t size) {
  const bool known = x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
  if (size == 2 && x.is_cpu() && known) {
    // Profilers see dispatched operators only.
    RECORD_FUNCTION("moestro::max_pool_2x2", c10::ArrayRef<const c10::IValue>());
    return MaxPool2x2::apply(x);
  }
  return at::max_pool2d(x, {size, size}, {size, size});
}

}  // namespace moestro
