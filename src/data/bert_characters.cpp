#include "bert_characters.h"

namespace moestro {
namespace {

struct Range {
  char32_t first, last;
};
struct CaseRun {
  char32_t first, last, step;
  int32_t shift;
};
struct TextRun {
  char32_t first;
  std::u32string_view text;
};

#include "bert_characters.inc"

// BERT's ideographs, which leave some blocks of CJK out and take U+FA0E and its like in.
constexpr Range kIdeographs[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
                                 {0x20000, 0x2a6df}, {0x2a700, 0x2b81f}, {0x2b920, 0x2ceaf},
                                 {0x2f800, 0x2fa1f}};
constexpr Range kHangul = {0xac00, 0xd7a3};
constexpr char32_t kLast = 0x10ffff, kLargeIWithDot = 0x130;
constexpr int kKinds = 6;

}  // namespace

BertCharacters::BertCharacters(const BertNormalisation& normalisation)
    : pages_(kKinds), page_of_((kLast >> kBits) + 1) {
  for (uint32_t kind = 0; kind < kKinds; ++kind) pages_[kind].fill(kind << kCodeBits);
  for (const Range& range : kPunctuation) set_kind(range.first, range.last, Kind::alone);
  if (normalisation.ideographs_apart)
    for (const Range& range : kIdeographs) set_kind(range.first, range.last, Kind::alone);
  if (normalisation.small_letters) set_small_letters();
  if (normalisation.strip_accents) strip_accents();
  // Last, since a text is cleaned before all else.
  for (const Range& range : kBlanks) set_kind(range.first, range.last, Kind::blank);
  for (const Range& range : kControls) set_kind(range.first, range.last, Kind::nothing);
}

void BertCharacters::set(char32_t code, Character character) {
  uint16_t& page = page_of_[code >> kBits];
  if (page < kKinds) {
    pages_.push_back(Page(pages_[page]));
    page = static_cast<uint16_t>(pages_.size() - 1);
  }
  const uint32_t becomes = character.code == code ? 0 : character.code;
  pages_[page][code & (kPage - 1)] = static_cast<uint32_t>(character.kind) << kCodeBits | becomes;
}

void BertCharacters::set_kind(char32_t first, char32_t last, Kind kind) {
  for (char32_t code = first; code <= last;) {
    uint16_t& page = page_of_[code >> kBits];
    const bool whole = code % kPage == 0 && last - code >= kPage - 1 && page < kKinds;
    if (whole)
      page = static_cast<uint16_t>(kind);
    else
      set(code, {kind, code});
    code += whole ? kPage : 1;
  }
}

void BertCharacters::set_several(char32_t code, std::u32string_view text) {
  several_.push_back(text);
  set(code, {Kind::several, static_cast<char32_t>(several_.size())});
}

void BertCharacters::set_small_letters() {
  for (const CaseRun& run : kSmall)
    for (char32_t code = run.first; code <= run.last; code += run.step)
      set(code, {Kind::letter, code + static_cast<char32_t>(run.shift)});
  set_several(kLargeIWithDot, U"i\u0307");  // the only one that becomes two
}

void BertCharacters::strip_accents() {
  set_kind(kHangul.first, kHangul.last, Kind::hangul);
  for (const TextRun& run : kBases) {
    char32_t code = run.first;
    for (const char32_t base : run.text) {
      // What small letters made of the base; an ideograph's base is an ideograph.
      if (base != code) set(code, (*this)[base]);
      ++code;
    }
  }
  for (const TextRun& run : kSeveral) set_several(run.first, run.text);
  for (const Range& range : kMarks) set_kind(range.first, range.last, Kind::nothing);
}

std::array<char32_t, 3> hangul_parts(char32_t syllable) {
  constexpr char32_t kFirst = 0x1100, kVowel = 0x1161, kEnd = 0x11a7, kVowels = 21, kEnds = 28;
  const char32_t index = syllable - kHangul.first, end = index % kEnds;
  return {kFirst + index / (kVowels * kEnds), kVowel + index % (kVowels * kEnds) / kEnds,
          end == 0 ? 0 : kEnd + end};
}

}  // namespace moestro
