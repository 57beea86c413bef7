#include "moestro/measure/bleu.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "moestro/core/error.h"
#include "moestro/core/text.h"

namespace moestro {
namespace {

constexpr size_t kOrders = 4;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_stop(char c) {
  return c == '.' || c == ',';
}

// {-~ [-` !-& (-+ :-@ and the slash. (A blank is in the pattern too, and is none the wider.)
bool stands_alone(char c) {
  const auto within = [c](char low, char high) { return c >= low && c <= high; };
  return within('{', '~') || within('[', '`') || within('!', '&') || within('(', '+') ||
         within(':', '@') || c == '/';
}

// Each of mteval's rules reads a pair of neighbours and goes on behind what it has read.
template <class Rule>
std::string by_pairs(const std::string& text, const Rule& rule) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool pair = i + 1 < text.size();
    if (pair && rule(text[i], text[i + 1], out))
      i += 2;
    else
      out += text[i++];
  }
  return out;
}

// Bytes of the blank that begins here; 0: none does. As Python's str.split has them.
size_t blank(const std::string& text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  const unsigned char c = byte(0);
  if (c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f)) return 1;
  if (c == 0xc2 && (byte(1) == 0x85 || byte(1) == 0xa0)) return 2;
  const int rest = byte(1) << 8 | byte(2);
  const bool wide = (c == 0xe1 && rest == 0x9a80) ||
                    (c == 0xe2 && ((rest >= 0x8080 && rest <= 0x808a) || rest == 0x80a8 ||
                                   rest == 0x80a9 || rest == 0x80af || rest == 0x819f)) ||
                    (c == 0xe3 && rest == 0x8080);
  return wide ? 3 : 0;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (size_t i = 0; i < text.size();) {
    const size_t width = blank(text, i);
    if (width == 0) {
      word += text[i++];
      continue;
    }
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
    i += width;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

using Counts = std::unordered_map<std::string, int64_t>;

Counts counts(const std::vector<std::string>& words, size_t order) {
  Counts counts;
  for (size_t first = 0; first + order <= words.size(); ++first) {
    std::string phrase;
    for (size_t i = 0; i < order; ++i) phrase += words[first + i] + '\n';
    ++counts[phrase];
  }
  return counts;
}

struct Matches {
  std::array<int64_t, kOrders> found = {}, all = {};
};

void count_matches(const std::vector<std::string>& answer,
                   const std::vector<std::string>& reference, Matches& matches) {
  for (size_t order = 1; order <= kOrders; ++order) {
    const Counts wanted = counts(reference, order);
    for (const auto& [phrase, count] : counts(answer, order)) {
      const auto entry = wanted.find(phrase);
      matches.all[order - 1] += count;
      if (entry != wanted.end()) matches.found[order - 1] += std::min(count, entry->second);
    }
  }
}

// The k-th order without a match counts as 1 / 2^k of one.
void set_precisions(const Matches& matches, Bleu& bleu) {
  double smooth = 1;
  for (size_t i = 0; i < kOrders && matches.all[i] > 0; ++i) {
    const auto all = static_cast<double>(matches.all[i]);
    if (matches.found[i] == 0) smooth *= 2;
    bleu.precisions[i] = matches.found[i] == 0 ? 100. / (smooth * all)
                                               : 100. * static_cast<double>(matches.found[i]) / all;
  }
}

double brevity_penalty(int64_t answer, int64_t reference) {
  if (answer >= reference) return 1;
  return answer > 0 ? std::exp(1 - static_cast<double>(reference) / static_cast<double>(answer))
                    : 0;
}

}  // namespace

std::vector<std::string> bleu_words(const std::string& sentence) {
  std::string text = sentence;
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  std::string apart = " ";
  for (const char c : text) {
    if (stands_alone(c))
      apart += {' ', c, ' '};
    else
      apart += c;
  }
  apart += ' ';
  apart = by_pairs(apart, [](char a, char b, std::string& out) {
    if (is_digit(a) || !is_stop(b)) return false;
    out += {a, ' ', b, ' '};
    return true;
  });
  apart = by_pairs(apart, [](char a, char b, std::string& out) {
    if (!is_stop(a) || is_digit(b)) return false;
    out += {' ', a, ' ', b};
    return true;
  });
  apart = by_pairs(apart, [](char a, char b, std::string& out) {
    if (!is_digit(a) || b != '-') return false;
    out += {a, ' ', b, ' '};
    return true;
  });
  return split(apart);
}

Bleu bleu(const std::vector<std::string>& answers, const std::vector<std::string>& references) {
  if (answers.size() != references.size() || answers.empty())
    throw UserError("BLEU of {} answers beside {} references; expected one each, at least one",
                    answers.size(), references.size());
  Bleu result;
  Matches matches;
  for (size_t i = 0; i < answers.size(); ++i) {
    const std::vector<std::string> answer = bleu_words(answers[i]);
    const std::vector<std::string> reference = bleu_words(references[i]);
    result.answer_words += std::ssize(answer);
    result.reference_words += std::ssize(reference);
    count_matches(answer, reference, matches);
  }
  result.brevity_penalty = brevity_penalty(result.answer_words, result.reference_words);
  if (matches.found == Matches().found) return result;
  set_precisions(matches, result);
  double logs = 0;
  for (const double precision : result.precisions)
    logs += precision > 0 ? std::log(precision) : -9999999999;
  result.score = result.brevity_penalty * std::exp(logs / kOrders);
  return result;
}

std::string Bleu::text() const {
  return fmt::format("{:.2f} {:.1f}/{:.1f}/{:.1f}/{:.1f} (BP {:.3f}, {}/{} words)", score,
                     precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty,
                     answer_words, reference_words);
}

}  // namespace moestro
