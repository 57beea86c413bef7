// The loops of packing.h. No include guard: see on_each_path.h.

#include "numbers_body.h"

template <class S>
MOESTRO_INLINE Floats read_part(const S* from, int64_t count) {
  if (count >= kLanes) return read(from);
  S padded[kLanes] = {};
  std::memcpy(padded, from, count * sizeof(S));
  return read(padded);
}

MOESTRO_INLINE Floats interleaved_part(const c10::BFloat16* even, const c10::BFloat16* odd,
                                       int64_t count) {
  if (odd && count >= kLanes) return interleaved(even, odd);
  c10::BFloat16 padded[2][kLanes] = {};
  const int64_t kept = count < kLanes ? count : kLanes;
  std::memcpy(padded[0], even, kept * sizeof(c10::BFloat16));
  if (odd) std::memcpy(padded[1], odd, kept * sizeof(c10::BFloat16));
  return interleaved(padded[0], padded[1]);
}

template <class S, class T>
inline void pack_rows(const RowSource<S>& source, int64_t rows, int64_t depth, T* out,
                      int64_t stride) {
  for (int64_t r = 0; r < rows; ++r, out += stride) {
    const S* row = source.row(r);
    int64_t k = 0;
    for (; k + kLanes <= depth; k += kLanes) write(out + k, read(row + k));
    for (; k < depth; ++k) out[k] = static_cast<T>(row[k]);
    for (; k < stride; ++k) out[k] = T(0.f);
  }
}

// Transposes tiles of kLanes^2 words: load(r, k) gives the words k and on of line r, lines from
// `lines` on are zero, and word k of line r goes to out[k * stride + r].
template <class Load>
MOESTRO_INLINE void transpose_tiles(int64_t lines, int64_t padded, int64_t words, float* out,
                                    int64_t stride, const Load& load_words) {
  for (int64_t r = 0; r < padded; r += kLanes)
    for (int64_t k = 0; k < words; k += kLanes) {
      Floats tile[kLanes] = {};
      if (r + kLanes <= lines) {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) tile[i] = load_words(r + i, k);
      } else {
        for (int64_t i = 0; i < lines - r; ++i) tile[i] = load_words(r + i, k);
      }
      transpose(tile);
      if (k + kLanes <= words) {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) store(out + (k + i) * stride + r, tile[i]);
      } else {
        for (int64_t i = 0; i < words - k; ++i) store(out + (k + i) * stride + r, tile[i]);
      }
    }
}

template <class S>
inline void pack_transposed(const RowSource<S>& source, int64_t rows, int64_t padded, int64_t first,
                            int64_t depth, float* out, int64_t stride) {
  transpose_tiles(rows, padded, depth, out, stride, [&](int64_t r, int64_t k) {
    return read_part(source.row(r) + first + k, depth - k);
  });
}

inline void pack_transposed(const RowSource<c10::BFloat16>& source, int64_t rows, int64_t padded,
                            int64_t first, int64_t depth, c10::BFloat16* out, int64_t stride) {
  transpose_tiles((rows + 1) / 2, padded / 2, depth, reinterpret_cast<float*>(out), stride / 2,
                  [&](int64_t pair, int64_t k) {
                    const bool both = 2 * pair + 1 < rows;
                    return interleaved_part(source.row(2 * pair) + first + k,
                                            both ? source.row(2 * pair + 1) + first + k : nullptr,
                                            depth - k);
                  });
}

template <class S>
inline void pack_strip(const RowSource<S>& source, int64_t depth, int64_t first, int64_t columns,
                       float* strip) {
  for (int64_t k = 0; k < depth; ++k, strip += kStrip) {
    const S* row = source.row(k) + first;
#pragma GCC unroll 16
    for (int64_t c = 0; c < kStrip; c += kLanes)
      write(strip + c, c < columns ? read_part(row + c, columns - c) : Floats{});
  }
}

inline void pack_strip(const RowSource<c10::BFloat16>& source, int64_t depth, int64_t first,
                       int64_t columns, c10::BFloat16* strip) {
  for (int64_t k = 0; k < depth; k += 2, strip += 2 * kStrip) {
    const c10::BFloat16* even = source.row(k) + first;
    const c10::BFloat16* odd = k + 1 < depth ? source.row(k + 1) + first : nullptr;
#pragma GCC unroll 16
    for (int64_t c = 0; c < kStrip; c += kLanes)
      store(strip + 2 * c, c < columns
                               ? interleaved_part(even + c, odd ? odd + c : nullptr, columns - c)
                               : Floats{});
  }
}

template <class S>
inline void pack_strip_transposed(const RowSource<S>& source, int64_t columns, int64_t first,
                                  int64_t depth, float* strip) {
  pack_transposed(source, columns, kStrip, first, depth, strip, kStrip);
}

inline void pack_strip_transposed(const RowSource<c10::BFloat16>& source, int64_t columns,
                                  int64_t first, int64_t depth, c10::BFloat16* strip) {
  const int64_t pairs = (depth + 1) / 2;
  transpose_tiles(columns, kStrip, pairs, reinterpret_cast<float*>(strip), kStrip,
                  [&](int64_t c, int64_t pair) {
                    const c10::BFloat16* from = source.row(c) + first + 2 * pair;
                    const int64_t left = depth - 2 * pair;
                    if (left >= 2 * kLanes) return load<Floats>(from);
                    c10::BFloat16 padded[2 * kLanes] = {};
                    std::memcpy(padded, from, left * sizeof(c10::BFloat16));
                    return load<Floats>(padded);
                  });
}

template <class S>
inline void round_rows(const float* in, int64_t in_stride, int64_t rows, int64_t columns, S* out,
                       int64_t out_stride) {
  for (int64_t r = 0; r < rows; ++r, in += in_stride, out += out_stride) {
    int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes) write(out + c, load<Floats>(in + c));
    for (; c < columns; ++c) out[c] = static_cast<S>(in[c]);
  }
}
