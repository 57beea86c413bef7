// The loops of activation.h. No include guard: see on_each_path.h.

#include "../blocks/numbers_body.h"

struct Relu {
  static constexpr int kParts = 1;
  MOESTRO_INLINE static Floats value(const Floats& x, const Floats&) {
    return x <= 0 ? Floats{} : x;  // a NaN stays one
  }
  // -> h, and into grads what grad_h becomes.
  MOESTRO_INLINE static Floats backward(const Floats& x, const Floats&, const Floats& grad,
                                        Floats (&grads)[2]) {
    const Floats zero = {};
    grads[0] = x <= 0 ? zero : grad;
    return x <= 0 ? zero : x;
  }
};

struct Gelu {
  static constexpr int kParts = 1;
  // The normal distribution function, from erf by Abramowitz and Stegun, 7.1.26 (error 1.5e-7).
  // density: e^(-x^2 / 2).
  MOESTRO_INLINE static Floats distribution(const Floats& x, const Floats& density) {
    const Floats z = (x < 0 ? -x : x) * .70710678118f;
    const Floats t = 1.f / (1.f + .3275911f * z);
    const Floats tail =
        .5f * density * t *
        (.254829592f +
         t * (-.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    return x < 0 ? tail : 1.f - tail;
  }
  MOESTRO_INLINE static Floats value(const Floats& x, const Floats&) {
    return x * distribution(x, exponential(x * x * -.5f));
  }
  MOESTRO_INLINE static Floats backward(const Floats& x, const Floats&, const Floats& grad,
                                        Floats (&grads)[2]) {
    const Floats density = exponential(x * x * -.5f);
    const Floats below = distribution(x, density);
    grads[0] = grad * (below + x * density * .39894228040f);
    return x * below;
  }
};

struct Swiglu {
  static constexpr int kParts = 2;
  MOESTRO_INLINE static Floats value(const Floats& g, const Floats& u) {
    return g / (1.f + exponential(-g)) * u;
  }
  MOESTRO_INLINE static Floats backward(const Floats& g, const Floats& u, const Floats& grad,
                                        Floats (&grads)[2]) {
    const Floats sigmoid = 1.f / (1.f + exponential(-g)), silu = g * sigmoid;
    grads[0] = grad * u * (sigmoid + silu * (1.f - sigmoid));
    grads[1] = grad * silu;
    return silu * u;
  }
};

template <class Act, class S, class T>
inline void activate(const ActivationBlock<S, T>& block) {
  for (int64_t r = 0; r < block.rows; ++r)
    for (int64_t c = 0; c < block.columns; c += kLanes) {
      Floats up[2] = {};
      for (int p = 0; p < Act::kParts; ++p) {
        up[p] = load<Floats>(block.up[p] + r * kStrip + c);
        if (block.bias[p]) up[p] += load<Floats>(block.bias[p] + c);
        if (block.kept[p]) write(block.kept[p] + r * block.kept_stride + c, up[p]);
      }
      write(block.h + r * block.h_stride + c, Act::value(up[0], up[1]));
    }
}

template <class Act, class S, class T>
inline void activate_backward(const ActivationGradBlock<S, T>& block) {
  for (int64_t r = 0; r < block.rows; ++r) {
    const float weight = block.weights[r];
    Floats dot = {};
    for (int64_t c = 0; c < block.columns; c += kLanes) {
      const Floats grad = load<Floats>(block.grad_h + r * kStrip + c);
      Floats up[2] = {}, grads[2];
      for (int p = 0; p < Act::kParts; ++p) up[p] = read(block.kept[p] + r * block.kept_stride + c);
      const Floats h = Act::backward(up[0], up[1], grad * weight, grads);
      dot += grad * h;
      for (int p = 0; p < Act::kParts; ++p)
        write(block.grad_up[p] + r * block.grad_up_stride + c, grads[p]);
      write(block.weighted_h + r * block.h_stride + c, h * weight);
    }
    block.dots[r * block.dots_stride] = sum(dot);
  }
}

template <class S, class T>
inline void activate(FeedForwardKind kind, const ActivationBlock<S, T>& block) {
  if (kind == FeedForwardKind::relu) return activate<Relu>(block);
  if (kind == FeedForwardKind::gelu) return activate<Gelu>(block);
  activate<Swiglu>(block);
}

template <class S, class T>
inline void activate_backward(FeedForwardKind kind, const ActivationGradBlock<S, T>& block) {
  if (kind == FeedForwardKind::relu) return activate_backward<Relu>(block);
  if (kind == FeedForwardKind::gelu) return activate_backward<Gelu>(block);
  activate_backward<Swiglu>(block);
}

inline void weigh_rows(const float* in, int64_t rows, int64_t columns, const float* bias,
                       const float* weights, float* out, int64_t out_stride) {
  for (int64_t r = 0; r < rows; ++r) {
    const float weight = weights ? weights[r] : 1.f;
    for (int64_t c = 0; c < columns; c += kLanes) {
      Floats value = load<Floats>(in + r * kStrip + c);
      if (bias) value += load<Floats>(bias + c);
      store(out + r * out_stride + c, value * weight);
    }
  }
}

template <class S>
inline void add_rows(const float* in, int64_t stride, const int64_t* numbers, int64_t count,
                     int64_t columns, S* out) {
  for (int64_t c = 0; c < columns; c += kLanes) {
    Floats total = {};
    for (int64_t i = 0; i < count; ++i)
      if (numbers[i] >= 0) total += load<Floats>(in + numbers[i] * stride + c);
    if (c + kLanes <= columns) {
      write(out + c, total);
    } else {
      S part[kLanes];
      write(part, total);
      std::memcpy(out + c, part, (columns - c) * sizeof(S));
    }
  }
}

template <class S>
inline void sum_rows(const RowSource<S>& source, int64_t rows, int64_t columns,
                     const float* weights, float* out) {
  std::memset(out, 0, columns * sizeof(float));
  for (int64_t r = 0; r < rows; ++r) {
    const S* row = source.row(r);
    const float weight = weights ? weights[r] : 1.f;
    int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes)
      store(out + c, load<Floats>(out + c) + read(row + c) * weight);
    for (; c < columns; ++c) out[c] += static_cast<float>(row[c]) * weight;
  }
}

template <class T>
inline void row_dots(const T* a, int64_t a_stride, int64_t rows, int64_t columns, const float* b,
                     float* out, int64_t stride) {
  for (int64_t r = 0; r < rows; ++r, a += a_stride) {
    Floats total = {};
    int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes) total += read(a + c) * load<Floats>(b + c);
    float dot = sum(total);
    for (; c < columns; ++c) dot += static_cast<float>(a[c]) * b[c];
    out[r * stride] = dot;
  }
}
