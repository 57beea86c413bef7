#include "moestro/data/word_pieces.h"

#include <algorithm>
#include <unordered_map>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/utf8.h"
#include "word_piece_model.h"

namespace moestro {
namespace {

constexpr std::string_view kWithinAWord = "##";

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Ids = std::unordered_map<std::string, int32_t, TextHash, std::equal_to<>>;

}  // namespace

struct WordPieces::Pieces {
  Pieces(const WordPieceModel& model, int64_t longest);

  // The token that stands there as it is written; null: none.
  const NamedId* added_at(std::string_view text) const;

  WordPieceModel model;  // its pieces are below
  int64_t vocabulary = 0, longest = 0;
  BertCharacters characters;
  Ids first, later;  // pieces at the beginning of a word, and within it
  size_t longest_piece = 0;
  std::array<bool, 256> begins_added{};  // bytes
};

WordPieces::Pieces::Pieces(const WordPieceModel& made, int64_t longest_text)
    : model(made), longest(longest_text), characters(made.normalisation) {
  for (const NamedId& piece : model.pieces) {
    const bool within = piece.name.starts_with(kWithinAWord);
    const std::string name = piece.name.substr(within ? kWithinAWord.size() : 0);
    (within ? later : first).insert_or_assign(name, piece.id);
    longest_piece = std::max(longest_piece, name.size());
    vocabulary = std::max<int64_t>(vocabulary, piece.id + 1);
  }
  model.pieces.clear();
  // The longest one counts where several stand.
  std::ranges::stable_sort(model.added, std::greater(),
                           [](const NamedId& token) { return token.name.size(); });
  for (const NamedId& token : model.added) {
    begins_added[static_cast<unsigned char>(token.name[0])] = true;
    vocabulary = std::max<int64_t>(vocabulary, token.id + 1);
  }
}

const NamedId* WordPieces::Pieces::added_at(std::string_view text) const {
  if (!begins_added[static_cast<unsigned char>(text[0])]) return nullptr;
  const auto found = std::ranges::find_if(
      model.added, [&](const NamedId& token) { return text.starts_with(token.name); });
  return found == model.added.end() ? nullptr : &*found;
}

// One text's ids, as they come.
class WordPieces::Encoder {
 public:
  Encoder(const Pieces& pieces, std::vector<int32_t>& ids) : pieces_(pieces), ids_(ids) {}

  void add_text(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      if (const NamedId* token = pieces_.added_at(text.substr(at))) {
        end_word();
        ids_.push_back(token->id);
        at += token->name.size();
        continue;
      }
      const Utf8Character character = first_character(text.substr(at));
      if (character.size == 0)
        throw UserError("byte {} is no UTF-8; expected a text in UTF-8", at + 1);
      add_character(character.code);
      at += character.size;
    }
    end_word();
  }

 private:
  using Kind = BertCharacters::Kind;

  void add_character(char32_t code) {
    const BertCharacters::Character character = pieces_.characters[code];
    switch (character.kind) {
      case Kind::letter:
        return add_letter(character.code);
      case Kind::nothing:
        return;
      case Kind::blank:
        return end_word();
      case Kind::alone:
        end_word();
        add_letter(character.code);
        return end_word();
      case Kind::several:
        for (const char32_t letter : pieces_.characters.several(character.code)) add_letter(letter);
        return;
      case Kind::hangul:
        for (const char32_t letter : hangul_parts(code))
          if (letter != 0) add_letter(letter);
        return;
    }
  }

  void add_letter(char32_t code) {
    append_utf8(word_, code);
    ++letters_;
  }

  void end_word() {
    if (word_.empty()) return;
    const size_t before = ids_.size();
    if (letters_ > pieces_.model.longest_word || !add_pieces()) {
      ids_.resize(before);
      ids_.push_back(pieces_.model.unknown);
    }
    word_.clear();
    letters_ = 0;
  }

  // Whether the word consists of pieces.
  bool add_pieces() {
    for (size_t at = 0; at < word_.size();) {
      const size_t size = add_longest_piece(std::string_view(word_).substr(at), at == 0);
      if (size == 0) return false;
      at += size;
    }
    return true;
  }

  // Bytes of the longest piece that the rest of a word begins with; 0: none.
  size_t add_longest_piece(std::string_view rest, bool first) {
    const Ids& known = first ? pieces_.first : pieces_.later;
    for (size_t size = std::min(rest.size(), pieces_.longest_piece); size > 0; --size) {
      if (size < rest.size() && is_continuation(rest[size])) continue;
      const auto found = known.find(rest.substr(0, size));
      if (found == known.end()) continue;
      ids_.push_back(found->second);
      return size;
    }
    return 0;
  }

  const Pieces& pieces_;
  std::vector<int32_t>& ids_;
  std::string word_;
  int64_t letters_ = 0;
};

WordPieces::WordPieces(const std::filesystem::path& folder)
    : pieces_(std::make_unique<Pieces>(read_word_piece_model(folder), read_longest_text(folder))) {}

WordPieces::~WordPieces() = default;

int64_t WordPieces::vocabulary() const {
  return pieces_->vocabulary;
}

int64_t WordPieces::longest() const {
  return pieces_->longest;
}

std::vector<int32_t> WordPieces::encode(std::string_view text, int64_t longest) const {
  MOESTRO_CHECK(longest >= 2, "{}", longest);
  std::vector<int32_t> ids = {pieces_->model.begin};
  Encoder(*pieces_, ids).add_text(text);
  if (std::ssize(ids) > longest - 1) ids.resize(static_cast<size_t>(longest - 1));
  ids.push_back(pieces_->model.end);
  return ids;
}

TokenIds encode_texts(const WordPieces& pieces, const std::vector<std::string>& texts,
                      int64_t longest) {
  std::vector<int64_t> ids, offsets = {0};
  for (const std::string& text : texts) {
    const std::vector<int32_t> own = pieces.encode(text, longest);
    ids.insert(ids.end(), own.begin(), own.end());
    offsets.push_back(std::ssize(ids));
  }
  TokenIds out;
  out.ids_M = at::tensor(ids, at::kLong);
  out.offsets_S = at::tensor(offsets, at::kLong);
  out.vocabulary = pieces.vocabulary();
  return out;
}

}  // namespace moestro
