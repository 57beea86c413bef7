// Texts as token ids.
#pragma once

#include <string>

#include "moestro/data/dataset.h"
#include "moestro/data/text_rows.h"
#include "moestro/data/tokenizer.h"

namespace moestro {

// begin A end, of two texts begin A end B end; of the rows together [N, T], -1 behind the end of
// each. A row of more than `longest` tokens is cut to it, its longest text first, and keeps its
// ends; a pair of training rows (leave_out_long) is left out instead, when either side is so long.
// How many is said, with `part` ("training") for what they are. Throws UserError where no row is
// left.
Dataset encode_texts(const TextRows& rows, const Tokenizer& tokenizer, int64_t longest,
                     const std::string& part, bool leave_out_long = false);

}  // namespace moestro
