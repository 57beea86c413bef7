// Targets as the answers that a model's output is compared with, one a row of it.
//
// Sentences are token ids [B, U], integers, with -1 behind the end of each.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Classes [B] (int64) and values [B] (float) as they are. Of sentences [B, U] the tokens behind the
// first of each, sentence by sentence, int64 [rows]: what a decoder is to say. A sentence of L
// tokens has L - 1 rows.
Tensor answers(const Tensor& targets);

// What a decoder is fed to say that: the sentences [B, U] without the last token of each,
// [B, U - 1], of the same type.
Tensor without_last(const Tensor& ids_BU);

// Tokens of each sentence, int64 [B] on the CPU.
Tensor lengths(const Tensor& ids_BT);

}  // namespace moestro
