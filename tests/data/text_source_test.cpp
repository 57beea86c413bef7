#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/stderr_capture.h"
#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/source.h"
#include "moestro/store/digest.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class TextSource : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  }

  // 30 labelled texts; 10 in a file of the same form.
  DataConfig labelled() {
    std::string rows, others;
    for (int i = 0; i < 30; ++i)
      rows +=
          fmt::format("{} film number {}\t{}\n", i % 2 ? "good" : "bad", i, i % 2 ? "pos" : "neg");
    for (int i = 0; i < 10; ++i) others += fmt::format("a film {}\t{}\n", i, i % 2 ? "pos" : "neg");
    put(folder_ / "train.tsv", rows);
    put(folder_ / "other.tsv", others);
    DataConfig config;
    config.path = folder_ / "train.tsv";
    config.format = "tsv";
    config.vocabulary = 40;
    return config;
  }

  void put_pairs(const std::string& prefix, int count) {
    std::string source, target;
    for (int i = 0; i < count; ++i) {
      source += fmt::format("a man number {}\n", i);
      target += fmt::format("ein Mann Nummer {}\n", i);
    }
    put(folder_ / (prefix + ".en"), source);
    put(folder_ / (prefix + ".de.gz"), gzipped(target));
  }

  DataConfig translation() {
    put_pairs("train", 20);
    put_pairs("val", 4);
    put_pairs("test", 6);
    DataConfig config;
    config.path = folder_ / "train";
    config.valid_path = folder_ / "val";
    config.test_path = folder_ / "test";
    config.format = "parallel";
    config.languages = {"en", "de"};
    config.vocabulary = 40;
    return config;
  }

  std::string error_of(const DataConfig& config, const fs::path& root = {}) {
    return thrown<UserError>([&] { load_data(config, root, 1); });
  }

  Dataset new_rows(const DataSource& source, const std::string& what,
                   Targets targets = Targets::required) {
    return load_new_rows(source.record(), what, folder_.path(), targets, source.tokenizer);
  }

  std::string error_of_new(const DataSource& source, const std::string& what,
                           Targets targets = Targets::required) {
    return thrown<UserError>([&] { new_rows(source, what, targets); });
  }

  TemporaryFolder folder_;
};

TEST_F(TextSource, labelled_texts_are_split_and_encoded) {
  const DataSource source = load_data(labelled(), {}, 1);
  EXPECT_EQ(source.train.rows(), 22);
  EXPECT_EQ(source.valid.rows(), 2);
  EXPECT_EQ(source.test.rows(), 6);
  EXPECT_TRUE(source.test_is_split && source.train.is_text());
  EXPECT_EQ(source.train.class_names, (Strings{"neg", "pos"}));
  EXPECT_EQ(source.train.vocabulary, 40);
  EXPECT_EQ(load_data(labelled(), {}, 1).digest(), source.digest());
}

TEST_F(TextSource, the_tokenizer_is_trained_on_training_rows_only) {
  DataConfig config = labelled();
  config.test_path = config.valid_path = folder_ / "other.tsv";
  put(folder_ / "other.tsv", "Zzz\tpos\nQqq\tneg\n");
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.train.rows(), 30);
  EXPECT_EQ(source.valid.rows(), 2);
  EXPECT_TRUE(source.test.inputs.eq(Tokenizer::kUnknown).any().item<bool>());
}

TEST_F(TextSource, a_tokenizer_of_ones_own_is_taken) {
  DataConfig config = labelled();
  const DataSource trained = load_data(config, {}, 1);
  put(folder_ / "t.model", trained.tokenizer->model());
  config.tokenizer = folder_ / "t.model";
  config.vocabulary = 8000;
  EXPECT_EQ(load_data(config, {}, 1).digest(), trained.digest());
  EXPECT_EQ(load_data(config, {}, 1, trained.tokenizer).tokenizer, trained.tokenizer);
  put(folder_ / "t.model", "none");
  EXPECT_TRUE(says(error_of(config), {"t.model: not a model of sentencepiece"}));
}

TEST_F(TextSource, a_vocabulary_too_large_for_the_texts_is_refused) {
  DataConfig config = labelled();
  config.vocabulary = 8000;
  EXPECT_TRUE(says(error_of(config), {"data.vocabulary = 8000"}));
}

TEST_F(TextSource, validation_rows_of_its_own_are_used_or_not_at_all) {
  DataConfig config = translation();
  EXPECT_EQ(load_data(config, {}, 1).valid.rows(), 4);
  config.validation = 0;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.valid.rows(), 0);
  EXPECT_EQ(source.train.rows(), 20);
  config.validation = .2;
  EXPECT_TRUE(says(error_of(config), {"data.validation = 0.2 has no effect"}));
}

TEST_F(TextSource, a_translation_has_sentences_as_targets) {
  const DataSource source = load_data(translation(), {}, 1);
  EXPECT_TRUE(source.train.is_translation() && source.test.is_translation());
  EXPECT_EQ(source.train.classes, 0);
  EXPECT_EQ(source.test.texts[5], "a man number 5");
  EXPECT_EQ(source.test.target_texts[5], "ein Mann Nummer 5");
  EXPECT_EQ(source.test.rows(), 6);
  EXPECT_TRUE(source.train.targets_N.select(1, 0).eq(Tokenizer::kBegin).all().item<bool>());
}

TEST_F(TextSource, languages_and_files_that_are_not_there_are_refused) {
  DataConfig config = translation();
  config.languages = {"en", "fr"};
  EXPECT_TRUE(says(error_of(config), {"train.fr: no such file (or .gz)"}));
  config.languages = {"en"};
  EXPECT_TRUE(says(error_of(config), {"data.languages = [en]; expected"}));
  config.languages = {"en", "de"};
  put(folder_ / "val.en", "one line\n");
  EXPECT_TRUE(says(error_of(config), {"val.en has 1 lines", "val.de.gz has 4"}));
}

TEST_F(TextSource, a_test_pair_with_an_empty_side_stays) {
  DataConfig config = translation();
  put(folder_ / "test.en", "\na man\n");
  put(folder_ / "test.de.gz", "x\n\n");
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(list(source.test.lengths_N())[0], 2);
}

TEST_F(TextSource, images_and_tables_refuse_the_keys_of_texts) {
  DataConfig config;
  put(folder_ / "t.csv", "1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n");
  config.path = folder_ / "t.csv";
  config.format = "csv";
  config.validation = 0;
  EXPECT_FALSE(load_data(config, {}, 1).text);
  config.tokens = 5;
  EXPECT_TRUE(says(error_of(config), {"have no effect: t holds no texts"}));
  config = labelled();
  config.augment = {"flip"};
  EXPECT_TRUE(says(error_of(config), {"data.augment works on images"}));
}

TEST_F(TextSource, a_record_survives_json_and_reads_new_texts) {
  const DataSource source = load_data(labelled(), {}, 1);
  const DataRecord record = source.record();
  EXPECT_EQ(record.sample_shape, (Shape{128}));
  EXPECT_EQ(DataRecord::from_json(nlohmann::json::parse(record.to_json().dump()), "data.json"),
            record);
  const Dataset rows = new_rows(source, folder_ / "other.tsv");
  EXPECT_EQ(rows.rows(), 10);
  EXPECT_EQ(rows.class_names, (Strings{"neg", "pos"}));
  EXPECT_EQ(rows.vocabulary, 40);
}

TEST_F(TextSource, a_record_tells_tokenizers_of_one_size_apart) {
  const DataSource source = load_data(labelled(), {}, 1);
  EXPECT_EQ(source.record().text->tokenizer_digest, sha256_hex(source.tokenizer->model()));
  const DataSource other = load_data(labelled(), {}, 2);
  EXPECT_EQ(other.text->vocabulary, source.text->vocabulary);
  EXPECT_NE(other.text->tokenizer_digest, source.text->tokenizer_digest);
}

TEST_F(TextSource, a_file_with_labels_is_not_taken_for_plain_texts_in_silence) {
  const DataSource source = load_data(labelled(), {}, 1);
  put(folder_ / "new.txt", "a good film\tpos\n");
  set_log_level(LogLevel::info);
  StderrCapture capture;
  new_rows(source, folder_ / "new.txt", Targets::optional);
  EXPECT_TRUE(says(capture.text(), {"new.txt: read as one text a line, without labels", "tsv"}));
  new_rows(source, folder_ / "other.tsv", Targets::optional);
  EXPECT_EQ(capture.text(), "");
  const DataSource pairs = load_data(translation(), {}, 1);
  new_rows(pairs, folder_ / "new.txt", Targets::optional);
  EXPECT_EQ(capture.text(), "");
}

TEST_F(TextSource, unlabelled_texts_stand_one_a_line) {
  const DataSource source = load_data(labelled(), {}, 1);
  put(folder_ / "new.txt", "a good film\n\nbad\n");
  const Dataset rows = new_rows(source, folder_ / "new.txt", Targets::optional);
  EXPECT_EQ(rows.texts, (Strings{"a good film", "", "bad"}));
  EXPECT_FALSE(rows.has_targets());
  EXPECT_NE(error_of_new(source, folder_ / "new.txt"), "");
}

TEST_F(TextSource, a_run_on_pairs_refuses_one_text_a_line) {
  DataConfig config = labelled();
  std::string rows;
  for (int i = 0; i < 12; ++i) rows += fmt::format("one {}\ttwo {}\t{}\n", i, i, i % 2);
  put(folder_ / "train.tsv", rows);
  config.text = {"1", "2"};
  config.vocabulary = 24;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.test.texts[0].find(" | "), 5u);
  put(folder_ / "new.txt", "one\n");
  EXPECT_TRUE(says(error_of_new(source, folder_ / "new.txt", Targets::optional),
                   {"one text a line; expected 2 texts a row"}));
}

TEST_F(TextSource, a_new_text_longer_than_the_runs_longest_is_cut) {
  DataConfig config = labelled();
  config.longest = 6;
  const DataSource source = load_data(config, {}, 1);
  put(folder_ / "new.txt", "good film bad film good film bad film good film\n");
  EXPECT_EQ(new_rows(source, folder_ / "new.txt", Targets::optional).inputs.size(1), 6);
}

TEST_F(TextSource, new_pairs_and_new_sources_are_read_for_a_translation) {
  const DataSource source = load_data(translation(), {}, 1);
  put_pairs("new", 3);
  EXPECT_EQ(new_rows(source, folder_ / "new").target_texts.size(), 3u);
  EXPECT_TRUE(new_rows(source, folder_ / "new", Targets::optional).is_translation());
  const Dataset sources = new_rows(source, folder_ / "new.en", Targets::optional);
  EXPECT_EQ(sources.rows(), 3);
  EXPECT_FALSE(sources.has_targets());
  EXPECT_TRUE(says(error_of_new(source, folder_ / "none"), {"none.en: no such file"}));
  EXPECT_TRUE(says(error_of_new(source, folder_.path(), Targets::optional),
                   {"is a folder; expected a file of sentences", ".en and .de"}));
}

TEST_F(TextSource, a_named_set_of_another_form_is_refused) {
  const fs::path glue = folder_ / "glue";
  fs::create_directories(glue);
  std::string rows = "index\tsentence1\tsentence2\tlabel\n";
  for (int i = 0; i < 12; ++i)
    rows += fmt::format("{}\tone {}\ttwo {}\t{}\n", i, i, i, i % 2 ? "pos" : "neg");
  put(glue / "RTE.train.tsv", rows);
  put(glue / "RTE.dev.tsv", rows);
  const DataSource one = load_data(labelled(), {}, 1);
  EXPECT_TRUE(says(error_of_new(one, "rte"), {"rte has 2 texts in a row; expected 1 text"}));
  fs::create_directories(folder_ / "multi30k");
  put(folder_ / "multi30k/train.en", "a man\n");
  put(folder_ / "multi30k/train.fr", "un homme\n");
  for (const char* part : {"val", "test_2016_flickr"})
    for (const char* language : {"en", "fr"})
      put(folder_ / fmt::format("multi30k/{}.{}", part, language), "x\n");
  EXPECT_TRUE(says(error_of_new(one, "multi30k-en-fr"),
                   {"multi30k-en-fr holds pairs of en to fr; the run was trained on labelled"}));
  const DataSource german = load_data(translation(), {}, 1);
  EXPECT_TRUE(says(error_of_new(german, "multi30k-en-fr"), {"en to fr", "en to de"}));
  DataConfig config;
  config.name = "rte";
  config.vocabulary = 20;
  const DataSource two = load_data(config, folder_.path(), 1);
  const fs::path sentences = folder_ / "sentences";
  fs::create_directories(sentences);
  put(sentences / "custrev.all", "1 good\n0 bad\n");
  EXPECT_TRUE(says(error_of_new(two, "cr"), {"cr has 1 text in a row; expected 2 texts"}));
}

TEST_F(TextSource, labels_that_the_run_has_not_seen_are_refused) {
  const DataSource source = load_data(labelled(), {}, 1);
  put(folder_ / "new.tsv", "a film\tneutral\n");
  EXPECT_TRUE(says(error_of_new(source, folder_ / "new.tsv"), {"unknown class \"neutral\""}));
}

TEST_F(TextSource, a_tokenizer_of_another_vocabulary_is_refused) {
  const DataSource source = load_data(labelled(), {}, 1);
  const auto other = Tokenizer::train({"some other texts of words", "words of texts"}, 20);
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     load_new_rows(source.record(), folder_ / "other.tsv", {}, Targets::required,
                                   other);
                   }),
                   {"tokenizer has 20 pieces; expected 40"}));
}

TEST_F(TextSource, a_named_set_of_texts_is_found_in_its_folder) {
  const fs::path trec = folder_ / "trec";
  fs::create_directories(trec);
  std::string questions;
  for (int i = 0; i < 20; ++i)
    questions += fmt::format("{} Number {} caf\xe9 ?\n", i % 2 ? "NUM:a" : "LOC:b", i);
  put(trec / "TREC.train", questions);
  put(trec / "TREC.test", "NUM:c How many ?\nLOC:b Where ?\n");
  DataConfig config;
  config.name = "trec";
  config.vocabulary = 30;
  const DataSource source = load_data(config, folder_.path(), 1);
  EXPECT_EQ(source.train.class_names, (Strings{"LOC", "NUM"}));
  EXPECT_EQ(list(source.test.targets_N), (Ints{1, 0}));
  EXPECT_NE(source.train.texts[0].find("café"), std::string::npos);
  EXPECT_EQ(new_rows(source, "trec").digest(), source.test.digest());
  config.name = "trec-fine";
  EXPECT_TRUE(says(error_of(config, folder_.path()), {"unknown class \"NUM:c\""}));
  EXPECT_TRUE(says(error_of_new(source, "mnist"), {"mnist holds no texts"}));
}

}  // namespace
}  // namespace moestro::testing
