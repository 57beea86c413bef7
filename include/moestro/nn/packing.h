// Sentences of different lengths as packed rows: B sentences of at most T tokens are N rows, one a
// token, sentence by sentence. No row is padding, so that what works token by token (products,
// norms, experts, gates) computes nothing in vain and counts nothing wrongly; attention alone pads.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

class Packing {
 public:
  // lengths_B: int64 on the CPU, each at least 1. The lists of rows are made on `device`.
  Packing(const Tensor& lengths_B, c10::Device device);
  // All of one length.
  Packing(int64_t sentences, int64_t length, c10::Device device);

  int64_t sentences() const { return sentences_; }  // B
  int64_t longest() const { return longest_; }      // T
  int64_t rows() const { return rows_; }            // N
  bool full() const { return rows_ == sentences_ * longest_; }

  // [N, ...] -> [B, T, ...], zeros behind the end of a sentence; a view where no sentence ends
  // early.
  Tensor pad(const Tensor& x_N) const;
  // [B, T, ...] -> [N, ...]: what pad() undoes.
  Tensor pack(const Tensor& x_BT) const;
  // Bool [B, T], true at tokens; undefined where full().
  const Tensor& valid_BT() const { return valid_BT_; }
  // int64 [N]: the place of a row's token in its sentence, from 0.
  const Tensor& positions_N() const { return positions_N_; }
  // int64 [N]: the sentence of a row.
  const Tensor& sentence_N() const { return sentence_N_; }
  // int32 [B + 1]: the row where each sentence begins, and where the last one ends.
  const Tensor& begins_B1() const { return begins_B1_; }

  // [N, D] -> [B, D]: of each sentence its first row, or the mean of its rows, summed in
  // float32 at least.
  Tensor first(const Tensor& x_ND) const;
  Tensor mean(const Tensor& x_ND) const;

 private:
  int64_t sentences_, longest_, rows_;
  Tensor places_N_;  // of rows in B * T; undefined where full
  Tensor valid_BT_, positions_N_, sentence_N_;
  Tensor first_B_;  // row of a sentence's first token
  Tensor begins_B1_;
  Tensor length_B1_;  // float32
};

}  // namespace moestro
