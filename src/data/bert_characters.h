// What BERT's normaliser and pre-tokenizer make of a character (Devlin et al. 2018, as the
// tokenizers package has them), all steps at once: cleaning, ideographs set apart, decomposition
// and removal of accents, small letters, and where words end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace moestro {

struct BertNormalisation {
  bool small_letters = true;
  bool strip_accents = true;     // canonical decomposition without non-spacing marks
  bool ideographs_apart = true;  // a CJK ideograph is a word of its own

  bool operator==(const BertNormalisation&) const = default;
};

class BertCharacters {
 public:
  enum class Kind : uint8_t {
    letter,   // part of a word
    nothing,  // left out: control characters, and stripped marks
    blank,    // ends a word
    alone,    // a word of its own: punctuation, ideographs
    several,  // some letters: several()
    hangul,   // a syllable to take apart: hangul_parts()
  };
  struct Character {
    Kind kind = Kind::letter;
    char32_t code = 0;  // what it becomes; of `several`: their number
  };

  explicit BertCharacters(const BertNormalisation& normalisation);

  // code: at most U+10FFFF.
  Character operator[](char32_t code) const {
    const uint32_t entry = pages_[page_of_[code >> kBits]][code & (kPage - 1)];
    const uint32_t becomes = entry & kCode;
    return {static_cast<Kind>(entry >> kCodeBits), becomes == 0 ? code : becomes};
  }
  std::u32string_view several(char32_t number) const { return several_[number - 1]; }

 private:
  static constexpr int kBits = 8, kCodeBits = 24;
  static constexpr uint32_t kPage = 1 << kBits, kCode = (1 << kCodeBits) - 1;
  using Page = std::array<uint32_t, kPage>;

  void set(char32_t code, Character character);
  void set_kind(char32_t first, char32_t last, Kind kind);
  void set_several(char32_t code, std::u32string_view text);
  void set_small_letters();
  void strip_accents();

  // The first pages, one a kind, are shared: characters of that kind that stay as they are.
  std::vector<Page> pages_;
  std::vector<uint16_t> page_of_;
  std::vector<std::u32string_view> several_;
};

// The letters of a Hangul syllable, U+AC00 to U+D7A3 (The Unicode Standard, section 3.12). The last
// may be missing: 0.
std::array<char32_t, 3> hangul_parts(char32_t syllable);

}  // namespace moestro
