// BLEU of a corpus (Papineni et al. 2002) as sacreBLEU 2 computes it by default (Post 2018): words
// by mteval-v13a, up to four of them, "exp" smoothing, one reference a sentence, cased.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

struct Bleu {
  double score = 0;                       // 0 to 100
  std::array<double, 4> precisions = {};  // of 1 to 4 words, 0 to 100, smoothed
  double brevity_penalty = 0;             // 0 to 1
  int64_t answer_words = 0, reference_words = 0;

  std::string text() const;  // "36.12 66.1/42.0/29.2/20.8 (BP 1.000, 11958/12103 words)"
};

// One answer a reference, UTF-8. Throws UserError for unequal counts, or none.
Bleu bleu(const std::vector<std::string>& answers, const std::vector<std::string>& references);

// A sentence's words, as mteval-v13a cuts them.
std::vector<std::string> bleu_words(const std::string& sentence);

}  // namespace moestro
