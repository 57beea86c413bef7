#include "moestro/data/word_pieces.h"

#include <fstream>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/json_file.h"
#include "test_paths.h"

namespace moestro::testing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kUncut = 1 << 20;

const Strings kVocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a",    "##a",
                             "cafe",  "##b",   "中",    ".",     "ab",     "##bc", "ß",
                             "i",     "σ",     "##σ",   "ﬁ",     "😀",      "##ab", "#",
                             "café",  "É",     "i̇",     "ο",     "##c",    "e",    "##\u0301"};

std::string vocabulary_text(const Strings& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece + "\n";
  return text;
}

// A tokenizer.json as the tokenizers package writes it, with kVocabulary.
Json tokenizer_json() {
  Json vocabulary;
  for (const std::string& piece : kVocabulary) vocabulary[piece] = vocabulary.size();
  const auto special = [](const char* name) { return Json{{"SpecialToken", {{"id", name}}}}; };
  return {{"added_tokens", {{{"id", 4}, {"content", "[MASK]"}, {"normalized", false}}}},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", true},
            {"handle_chinese_chars", true},
            {"strip_accents", nullptr},
            {"lowercase", true}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor",
           {{"type", "TemplateProcessing"},
            {"single", {special("[CLS]"), {{"Sequence", {{"id", "A"}}}}, special("[SEP]")}}}},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", "[UNK]"},
            {"continuing_subword_prefix", "##"},
            {"max_input_chars_per_word", 100},
            {"vocab", vocabulary}}}};
}

class WordPiecesTest : public ::testing::Test {
 protected:
  void put_vocabulary(const Json& config = Json::object()) {
    put(folder_ / "vocab.txt", vocabulary_text(kVocabulary));
    write_json_file(folder_ / "tokenizer_config.json", config);
  }

  // The pieces of a text, without those at its ends.
  Strings pieces(const std::string& text, int64_t longest = kUncut) const {
    const std::vector<int32_t> ids = WordPieces(folder_.path()).encode(text, longest);
    EXPECT_TRUE(ids.size() >= 2 && ids.front() == 2 && ids.back() == 3);
    Strings names;
    for (size_t i = 1; i + 1 < ids.size(); ++i) names.push_back(kVocabulary.at(ids[i]));
    return names;
  }

  std::string refusal() const {
    return thrown<UserError>([&] { WordPieces pieces(folder_.path()); });
  }
  std::string refusal(const std::string& key, const Json& value) const {
    Json json = tokenizer_json();
    json[Json::json_pointer(key)] = value;
    write_json_file(folder_ / "tokenizer.json", json);
    return refusal();
  }

  TemporaryFolder folder_;
};

TEST_F(WordPiecesTest, a_word_becomes_its_longest_pieces_from_the_left) {
  put_vocabulary();
  EXPECT_EQ(pieces("ab abc a aab abbc"),
            (Strings{"ab", "ab", "##c", "a", "a", "##ab", "ab", "##bc"}));
  EXPECT_EQ(pieces(""), Strings());
}

TEST_F(WordPiecesTest, a_word_that_is_no_pieces_is_unknown_as_a_whole) {
  put_vocabulary();
  EXPECT_EQ(pieces("abd a. xa"), (Strings{"[UNK]", "a", ".", "[UNK]"}));
}

TEST_F(WordPiecesTest, a_word_of_more_than_100_characters_is_unknown) {
  put_vocabulary();
  const std::string most(100, 'a');
  EXPECT_EQ(pieces(most).size(), 100u);
  EXPECT_EQ(pieces(most + "a"), (Strings{"[UNK]"}));
  std::string accents;  // counted after they are gone
  for (int i = 0; i < 100; ++i) accents += "a\u0301";
  EXPECT_EQ(pieces(accents).size(), 100u);
}

TEST_F(WordPiecesTest, accents_and_case_go) {
  put_vocabulary();
  for (const char* text : {"cafe", "CAFÉ", "café", "cafe\u0301", "cafe\u0301\u0323"})
    EXPECT_EQ(pieces(text), (Strings{"cafe"})) << text;
  EXPECT_EQ(pieces("İ i\u0307 ẞ ΟΣ ﬁ"), (Strings{"i", "i", "ß", "ο", "##σ", "ﬁ"}));
}

TEST_F(WordPiecesTest, accents_and_case_stay_where_the_model_says_so) {
  put_vocabulary({{"do_lower_case", false}});
  EXPECT_EQ(pieces("café É cafe CAFÉ"), (Strings{"café", "É", "cafe", "[UNK]"}));
  put_vocabulary({{"strip_accents", false}});
  EXPECT_EQ(pieces("CAFÉ İ e\u0301"), (Strings{"café", "i̇", "e", "##\u0301"}));
}

TEST_F(WordPiecesTest, punctuation_and_ideographs_are_words) {
  put_vocabulary();
  EXPECT_EQ(pieces("a.b中a a中.##a"),
            (Strings{"a", ".", "[UNK]", "中", "a", "a", "中", ".", "#", "#", "a"}));
  put_vocabulary({{"tokenize_chinese_chars", false}});
  EXPECT_EQ(pieces("中 中a"), (Strings{"中", "中", "##a"}));
}

TEST_F(WordPiecesTest, control_characters_go_and_white_space_of_any_kind_ends_a_word) {
  put_vocabulary();
  EXPECT_EQ(pieces(std::string("a\0b", 3) + " a\x07\u200b\u00ad\ufffd" + "b\ue000"),
            (Strings{"ab", "ab"}));
  EXPECT_EQ(pieces("a\ta\u00a0a\u3000a\u2028a\r\n a"), (Strings(6, "a")));
}

TEST_F(WordPiecesTest, an_emoji_is_a_letter) {
  put_vocabulary();
  EXPECT_EQ(pieces("😀 a😀"), (Strings{"😀", "[UNK]"}));
}

TEST_F(WordPiecesTest, special_tokens_in_a_text_are_these_tokens) {
  put_vocabulary();
  EXPECT_EQ(pieces("a[MASK]b [SEP][UNK]"), (Strings{"a", "[MASK]", "[UNK]", "[SEP]", "[UNK]"}));
  EXPECT_EQ(pieces("[mask"), (Strings{"[UNK]", "[UNK]"}));
}

TEST_F(WordPiecesTest, a_long_text_is_cut_before_its_end_token) {
  put_vocabulary();
  EXPECT_EQ(pieces("a ab abc a", 5), (Strings{"a", "ab", "ab"}));
  EXPECT_EQ(pieces("a ab abc", 6), (Strings{"a", "ab", "ab", "##c"}));
  EXPECT_EQ(pieces("a", 2), Strings());
}

TEST_F(WordPiecesTest, bytes_that_are_no_utf_8_are_refused_with_their_place) {
  put_vocabulary();
  const WordPieces made(folder_.path());
  for (const std::string bad : {"\xff", "\xc3", "\xed\xa0\x80"})
    EXPECT_TRUE(
        says(thrown<UserError>([&] { made.encode("é " + bad, kUncut); }), {"byte 4 is no UTF-8"}));
}

TEST_F(WordPiecesTest, texts_become_one_list_of_ids) {
  put_vocabulary();
  const TokenIds ids = encode_texts(WordPieces(folder_.path()), {"a ab", "", "abc a"}, 4);
  EXPECT_EQ(list(ids.ids_M), (Ints{2, 5, 11, 3, 2, 3, 2, 11, 25, 3}));
  EXPECT_EQ(list(ids.offsets_S), (Ints{0, 4, 6, 10}));
  EXPECT_EQ(ids.vocabulary, std::ssize(kVocabulary));
}

TEST_F(WordPiecesTest, a_folder_may_say_how_long_a_text_is) {
  put_vocabulary();
  EXPECT_EQ(WordPieces(folder_.path()).longest(), 0);
  put(folder_ / "sentence_bert_config.json", R"({"max_seq_length": 256})");
  EXPECT_EQ(WordPieces(folder_.path()).longest(), 256);
  put(folder_ / "sentence_bert_config.json", R"({"max_seq_length": 2})");
  EXPECT_TRUE(says(refusal(), {"\"max_seq_length\" = 2; expected a whole number from 3"}));
}

TEST_F(WordPiecesTest, tokens_have_the_names_that_the_folder_gives_them) {
  put(folder_ / "vocab.txt", "<s>\n</s>\n<unk>\na\n");
  const Json config = {{"tokenizer_class", "BertTokenizerFast"},
                       {"cls_token", "<s>"},
                       {"sep_token", {{"content", "</s>"}}},
                       {"unk_token", "<unk>"}};
  write_json_file(folder_ / "tokenizer_config.json", config);
  EXPECT_EQ(WordPieces(folder_.path()).encode("a b <s>", kUncut),
            (std::vector<int32_t>{0, 3, 2, 0, 1}));
  put(folder_ / "tokenizer_config.json", "{}");
  EXPECT_TRUE(says(refusal(), {"\"[UNK]\" is not in the vocabulary"}));
}

TEST_F(WordPiecesTest, tokenizer_json_says_all_where_there_is_one) {
  write_json_file(folder_ / "tokenizer.json", tokenizer_json());
  put(folder_ / "vocab.txt", "other\n");
  EXPECT_EQ(pieces("CAFÉ[MASK] abd"), (Strings{"cafe", "[MASK]", "[UNK]"}));
  put(folder_ / "tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_TRUE(says(refusal(), {"tokenizer_config.json", "do_lower_case", "expected the same"}));
}

TEST_F(WordPiecesTest, tokenizers_of_another_kind_are_refused) {
  EXPECT_TRUE(says(refusal("/model/type", "BPE"),
                   {"tokenizer.json: \"model.type\" = \"BPE\"; expected \"WordPiece\""}));
  EXPECT_TRUE(says(refusal("/normalizer", nullptr),
                   {"no \"normalizer.type\"; expected \"BertNormalizer\""}));
  EXPECT_TRUE(
      says(refusal("/normalizer/clean_text", false), {"\"normalizer.clean_text\" = false"}));
  EXPECT_TRUE(
      says(refusal("/pre_tokenizer/type", "Whitespace"), {"expected \"BertPreTokenizer\""}));
  EXPECT_TRUE(says(refusal("/post_processor/type", "RobertaProcessing"),
                   {"expected \"TemplateProcessing\""}));
  EXPECT_TRUE(says(refusal("/post_processor/single/1", "A"),
                   {"\"post_processor.single\" = array; expected a begin token, the text"}));
  EXPECT_TRUE(says(refusal("/model/continuing_subword_prefix", "@@"), {"expected \"##\""}));
  EXPECT_TRUE(says(refusal("/added_tokens/0/single_word", true),
                   {"\"single_word\" = true; expected false"}));
}

TEST_F(WordPiecesTest, damaged_folders_are_refused) {
  EXPECT_TRUE(says(refusal(), {"neither tokenizer.json nor vocab.txt"}));
  EXPECT_TRUE(says(refusal("/model/vocab/a", -1), {"the id of piece \"a\" is -1"}));
  EXPECT_TRUE(says(refusal("/model/vocab", 3), {"\"model.vocab\" = 3; expected pieces"}));
  EXPECT_TRUE(says(refusal("/model/unk_token", "<unk>"), {"\"<unk>\" is not in the vocabulary"}));
  EXPECT_TRUE(says(refusal("/added_tokens", 3), {"\"added_tokens\" = 3; expected a list"}));
  EXPECT_TRUE(says(refusal("/added_tokens/0", 3), {"no \"id\"; expected a whole number"}));
  EXPECT_TRUE(says(refusal("/normalizer/lowercase", "yes"), {"expected true or false"}));
  put(folder_ / "tokenizer.json", "[");
  EXPECT_TRUE(says(refusal(), {"tokenizer.json: not valid JSON"}));
  std::filesystem::remove(folder_ / "tokenizer.json");
  put_vocabulary({{"tokenizer_class", "MPNetTokenizer"}});
  EXPECT_TRUE(says(refusal(), {"\"tokenizer_class\" = \"MPNetTokenizer\"; expected"}));
}

// tests/reference/word_pieces.py
TEST_F(WordPiecesTest, ids_are_those_of_the_tokenizers_package) {
  const Json reference =
      read_json_file(std::string(kSourceDir) + "/tests/reference/word_pieces.json");
  const Strings vocabulary = reference.at("vocabulary"), texts = reference.at("texts");
  for (const Json& stored : reference.at("cases")) {
    const TemporaryFolder without, with;
    put(without / "vocab.txt", vocabulary_text(vocabulary));
    write_json_file(without / "tokenizer_config.json", stored.at("settings"));
    Json tokenizer = stored.at("tokenizer");
    for (size_t id = 0; id < vocabulary.size(); ++id)
      tokenizer["model"]["vocab"][vocabulary[id]] = id;
    write_json_file(with / "tokenizer.json", tokenizer);
    const int64_t longest = stored.at("longest") == 0 ? kUncut : stored.at("longest").get<int>();
    for (const std::filesystem::path& folder : {without.path(), with.path()}) {
      const WordPieces made(folder);
      for (size_t n = 0; n < texts.size(); ++n)
        EXPECT_EQ(made.encode(texts[n], longest), stored.at("ids")[n].get<std::vector<int32_t>>())
            << texts[n] << " with " << stored.at("settings");
    }
  }
}

}  // namespace
}  // namespace moestro::testing
