#include "word_piece_model.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/data/text_file.h"
#include "moestro/store/json_file.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostTokens = int64_t{1} << 24, kLongestWord = int64_t{1} << 20;

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

// A JSON file and the keys in it, "model.type" for one in another.
class Settings {
 public:
  explicit Settings(const fs::path& path) : path_(path.string()), json_(read_json_file(path)) {
    if (!json_.is_object()) throw UserError("{}: expected an object of keys", path_);
  }
  Settings(const std::string& path, const Json& json) : path_(path), json_(json) {}

  const std::string& path() const { return path_; }

  // null where there is none.
  const Json& at(const std::string& keys) const {
    static const Json none;
    std::string pointer = "/" + keys;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    const Json::json_pointer place(pointer);
    return json_.contains(place) ? json_.at(place) : none;
  }

  [[noreturn]] void refuse(const std::string& keys, const std::string& expected) const {
    const Json& found = at(keys);
    if (found.is_null()) throw UserError("{}: no \"{}\"; expected {}", path_, keys, expected);
    const bool large = found.is_structured();
    throw UserError("{}: \"{}\" = {}; expected {}", path_, keys,
                    large ? std::string(found.type_name()) : found.dump(), expected);
  }

  std::string text(const std::string& keys) const {
    const Json& found = at(keys);
    if (!found.is_string()) refuse(keys, "a text");
    return found.get<std::string>();
  }
  int64_t integer(const std::string& keys, int64_t least, int64_t most) const {
    const Json& found = at(keys);
    if (!found.is_number_integer() || found < least || found > most)
      refuse(keys, fmt::format("a whole number from {} to {}", least, most));
    return found.get<int64_t>();
  }
  bool flag(const std::string& keys, bool fallback) const {
    const Json& found = at(keys);
    if (found.is_null()) return fallback;
    if (!found.is_boolean()) refuse(keys, "true or false");
    return found.get<bool>();
  }
  void require(const std::string& keys, const Json& expected) const {
    if (at(keys) != expected) refuse(keys, expected.dump() + ", as BERT's tokenizers have it");
  }

 private:
  std::string path_;
  Json json_;
};

// From behind: of a piece that stands twice in vocab.txt the last one counts. -1: none.
int32_t find_id(const WordPieceModel& model, const std::string& name) {
  const auto found = std::find_if(model.pieces.rbegin(), model.pieces.rend(),
                                  [&](const NamedId& piece) { return piece.name == name; });
  return found == model.pieces.rend() ? -1 : found->id;
}

int32_t id_of(const WordPieceModel& model, const Settings& settings, const std::string& name) {
  const int32_t id = find_id(model, name);
  if (id < 0)
    throw UserError("{}: \"{}\" is not in the vocabulary; expected one of its pieces",
                    settings.path(), name);
  return id;
}

// One entry of a list of added tokens.
void add_token(const Settings& token, int64_t id, WordPieceModel& model) {
  for (const char* key : {"single_word", "normalized"})
    if (token.flag(key, false)) token.refuse(key, "false: a token found wherever it is written");
  if (const std::string name = token.text("content"); !name.empty())
    model.added.push_back({name, static_cast<int32_t>(id)});
}

void read_vocabulary(const Settings& settings, WordPieceModel& model) {
  settings.require("model.type", "WordPiece");
  settings.require("model.continuing_subword_prefix", "##");
  model.longest_word = settings.integer("model.max_input_chars_per_word", 1, kLongestWord);
  const Json& vocabulary = settings.at("model.vocab");
  if (!vocabulary.is_object()) settings.refuse("model.vocab", "pieces and their ids");
  for (const auto& [name, id] : vocabulary.items()) {
    if (!id.is_number_integer() || id < 0 || id >= kMostTokens)
      throw UserError("{}: the id of piece \"{}\" is {}; expected 0 to {}", settings.path(), name,
                      id.dump(), kMostTokens - 1);
    model.pieces.push_back({name, id.get<int32_t>()});
  }
  model.unknown = id_of(model, settings, settings.text("model.unk_token"));
}

// begin A end, as either kind of BERT's templates says.
void read_ends(const Settings& settings, WordPieceModel& model) {
  constexpr const char* kExpected = "a begin token, the text, an end token";
  const std::string place = "post_processor";
  if (settings.at(place + ".type") == "BertProcessing") {
    model.begin = id_of(model, settings, settings.text(place + ".cls.0"));
    model.end = id_of(model, settings, settings.text(place + ".sep.0"));
    return;
  }
  settings.require(place + ".type", "TemplateProcessing");
  const std::string single = place + ".single";
  const bool three = settings.at(single).is_array() && settings.at(single).size() == 3;
  if (!three || settings.at(single + ".1.Sequence.id") != "A") settings.refuse(single, kExpected);
  model.begin = id_of(model, settings, settings.text(single + ".0.SpecialToken.id"));
  model.end = id_of(model, settings, settings.text(single + ".2.SpecialToken.id"));
}

BertNormalisation normalisation_of(const Settings& settings, const std::string& lower,
                                   const std::string& ideographs, const std::string& accents,
                                   const BertNormalisation& fallback) {
  BertNormalisation out;
  out.small_letters = settings.flag(lower, fallback.small_letters);
  out.ideographs_apart = settings.flag(ideographs, fallback.ideographs_apart);
  out.strip_accents = settings.flag(accents, out.small_letters);
  return out;
}

BertNormalisation normalisation_of_config(const Settings& config,
                                          const BertNormalisation& fallback) {
  return normalisation_of(config, "do_lower_case", "tokenize_chinese_chars", "strip_accents",
                          fallback);
}

// The tokenizers package knows tokenizer.json alone, transformers goes by the other file, too.
void require_same(const fs::path& config, const BertNormalisation& normalisation) {
  if (is_file(config) && normalisation_of_config(Settings(config), normalisation) != normalisation)
    throw UserError(
        "{}: its do_lower_case, tokenize_chinese_chars or strip_accents say something else than "
        "tokenizer.json; expected the same",
        config.string());
}

WordPieceModel from_tokenizer_json(const fs::path& folder) {
  const Settings settings(folder / "tokenizer.json");
  WordPieceModel model;
  read_vocabulary(settings, model);
  settings.require("normalizer.type", "BertNormalizer");
  settings.require("normalizer.clean_text", true);
  settings.require("pre_tokenizer.type", "BertPreTokenizer");
  read_ends(settings, model);
  model.normalisation =
      normalisation_of(settings, "normalizer.lowercase", "normalizer.handle_chinese_chars",
                       "normalizer.strip_accents", model.normalisation);
  require_same(folder / "tokenizer_config.json", model.normalisation);
  const Json& added = settings.at("added_tokens");
  if (!added.is_array() && !added.is_null()) settings.refuse("added_tokens", "a list");
  for (const Json& entry : added) {
    const Settings token(settings.path() + ": added_tokens", entry);
    add_token(token, token.integer("id", 0, kMostTokens - 1), model);
  }
  return model;
}

// A token is its name, or an object that holds it.
std::string token_of(const Settings& config, const std::string& key, const std::string& fallback) {
  const Json& found = config.at(key);
  if (found.is_object()) return config.text(key + ".content");
  return found.is_null() ? fallback : config.text(key);
}

void read_config(const Settings& config, WordPieceModel& model) {
  const Json& kind = config.at("tokenizer_class");
  if (!kind.is_null() && kind != "BertTokenizerFast")
    config.require("tokenizer_class", "BertTokenizer");
  if (!config.flag("do_basic_tokenize", true)) config.refuse("do_basic_tokenize", "true");
  model.normalisation = normalisation_of_config(config, model.normalisation);
  const auto named = [&](const char* key, const char* usual) {
    const std::string name = token_of(config, key, usual);
    model.added.push_back({name, id_of(model, config, name)});
    return model.added.back().id;
  };
  model.unknown = named("unk_token", "[UNK]");
  model.begin = named("cls_token", "[CLS]");
  model.end = named("sep_token", "[SEP]");
  // A vocabulary may lack these, which no id of a text needs.
  if (find_id(model, token_of(config, "pad_token", "[PAD]")) >= 0) named("pad_token", "[PAD]");
  if (find_id(model, token_of(config, "mask_token", "[MASK]")) >= 0) named("mask_token", "[MASK]");
  const Json& more = config.at("added_tokens_decoder");
  for (const auto& [id, entry] : more.items()) {
    const Settings token(config.path() + ": added_tokens_decoder", entry);
    const std::string name = token.text("content");
    add_token(token, id_of(model, config, name), model);
  }
}

WordPieceModel from_vocabulary_file(const fs::path& folder) {
  const fs::path path = folder / "vocab.txt";
  if (!is_file(path))
    throw UserError("{}: neither tokenizer.json nor vocab.txt; expected a BERT's folder with one",
                    folder.string());
  WordPieceModel model;
  const std::vector<std::string> lines = read_lines(path, "utf-8");
  if (std::ssize(lines) > kMostTokens)
    throw UserError("{}: {} lines; expected at most {}", path.string(), lines.size(), kMostTokens);
  for (const std::string& line : lines)
    model.pieces.push_back({line, static_cast<int32_t>(model.pieces.size())});
  const fs::path config = folder / "tokenizer_config.json";
  read_config(is_file(config) ? Settings(config) : Settings(path.string(), Json::object()), model);
  return model;
}

}  // namespace

WordPieceModel read_word_piece_model(const fs::path& folder) {
  return is_file(folder / "tokenizer.json") ? from_tokenizer_json(folder)
                                            : from_vocabulary_file(folder);
}

int64_t read_longest_text(const fs::path& folder) {
  const fs::path path = folder / "sentence_bert_config.json";
  if (!is_file(path)) return 0;
  const Settings settings(path);
  constexpr const char* kKey = "max_seq_length";
  return settings.at(kKey).is_null() ? 0 : settings.integer(kKey, 3, kMostTokens);
}

}  // namespace moestro
