#include "moestro/measure/bleu.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/store/json_file.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;
using Sentences = std::vector<std::string>;

// tests/reference/bleu.py: what sacreBLEU says.
nlohmann::json reference() {
  return read_json_file(std::filesystem::path(kSourceDir) / "tests" / "reference" / "bleu.json");
}

TEST(Bleu, cuts_sentences_as_sacrebleu_does) {
  const nlohmann::json stored = reference();
  for (const auto& entry : stored.at("words"))
    EXPECT_EQ(bleu_words(entry[0].get<std::string>()), entry[1].get<Sentences>()) << entry[0];
}

TEST(Bleu, is_sacrebleus_to_the_last_digit) {
  const nlohmann::json stored = reference();
  for (const auto& corpus : stored.at("corpora")) {
    const Bleu found =
        bleu(corpus.at("answers").get<Sentences>(), corpus.at("references").get<Sentences>());
    EXPECT_EQ(found.score, corpus.at("score").get<double>());
    EXPECT_EQ(found.brevity_penalty, corpus.at("brevity_penalty").get<double>());
    EXPECT_EQ(found.answer_words, corpus.at("answer_words").get<int64_t>());
    EXPECT_EQ(found.reference_words, corpus.at("reference_words").get<int64_t>());
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(found.precisions[i], corpus.at("precisions")[i].get<double>()) << i;
  }
}

TEST(Bleu, of_equal_sentences_is_100) {
  const Sentences sentences = {"a man rides a red bicycle .", "two dogs"};
  EXPECT_NEAR(bleu(sentences, sentences).score, 100, 1e-12);
  EXPECT_EQ(bleu(sentences, sentences).text(),
            "100.00 100.0/100.0/100.0/100.0 (BP 1.000, 9/9 words)");
}

TEST(Bleu, refuses_what_cannot_be_compared) {
  EXPECT_EQ(thrown<UserError>([] {
              bleu({"a"}, {"a", "b"});
            }),
            "BLEU of 1 answers beside 2 references; expected one each, at least one");
  EXPECT_EQ(thrown<UserError>([] { bleu({}, {}); }),
            "BLEU of 0 answers beside 0 references; expected one each, at least one");
}

}  // namespace
}  // namespace moestro
