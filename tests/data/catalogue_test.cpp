#include "moestro/data/catalogue.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

TEST(Catalogue, lists_every_known_set_and_where_it_was_found) {
  const TemporaryFolder folder;
  put_idx_set(folder / "usps", "train", 20, 16, 16, 10);
  put_idx_set(folder / "usps", "t10k", 10, 16, 16, 10);
  const std::vector<CatalogueEntry> entries = list_sets(folder.path());
  EXPECT_EQ(entries.size(), named_sets().size());
  for (const CatalogueEntry& entry : entries) {
    if (entry.name != "usps") continue;
    EXPECT_EQ(entry.folder, folder / "usps");
  }
}

TEST(Catalogue, describes_images_by_rows_classes_shape_and_mean) {
  const TemporaryFolder folder;
  put_idx_set(folder / "usps", "train", 21, 16, 16, 10);
  put_idx_set(folder / "usps", "t10k", 10, 16, 16, 10);
  const SetDescription usps = describe_set("usps", folder.path());
  EXPECT_EQ(usps.train_rows, 21);
  EXPECT_EQ(usps.test_rows, 10);
  EXPECT_EQ(usps.sample_shape, (Shape{1, 16, 16}));
  EXPECT_EQ(usps.train_counts, (Ints{3, 2, 2, 2, 2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(usps.mean.size(), 1u);
}

TEST(Catalogue, describes_tables_by_their_columns) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "california-housing");
  put(folder / "california-housing/housing.csv",
      "rooms,median_house_value,ocean_proximity\n1,100,NEAR\n,300,INLAND\n3,200,NEAR\n");
  const SetDescription housing = describe_set("california-housing", folder.path());
  EXPECT_EQ(housing.columns,
            (Strings{"rooms (number, some missing)", "ocean_proximity (2 categories)"}));
  EXPECT_TRUE(housing.train_counts.empty());
  EXPECT_EQ(housing.target_mean, 200);
  EXPECT_EQ(housing.mean[0], 2);
}

TEST(Catalogue, the_usual_files_of_the_tabular_sets_are_understood) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "adult");
  put(folder / "adult/adult.data", "39, State, <=50K\n50, Self, >50K\n30, State, <=50K\n\n");
  put(folder / "adult/adult.test", "|1x3 Cross validator\n25, Self, <=50K.\n38, State, >50K.\n");
  const SetDescription adult = describe_set("adult", folder.path());
  EXPECT_EQ(adult.class_names, (Strings{"<=50K", ">50K"}));
  EXPECT_EQ(adult.test_counts, (Ints{1, 1}));
  std::filesystem::create_directories(folder / "letter");
  for (const char* header : {"", "Letter,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"}) {
    std::string rows = header;
    for (const char* letter : {"T", "I", "T", "I"})
      rows += std::string(letter) + ",2,8,3,5,1,8,13,0,6,6,10,8,0,8,0,8\n";
    put(folder / "letter/letter-recognition.data", rows);
    const SetDescription letter = describe_set("letter", folder.path());
    EXPECT_EQ(letter.class_names, (Strings{"I", "T"}));
    EXPECT_EQ(letter.train_rows, 4);
  }
}

TEST(Catalogue, digits_are_rows_of_64_numbers_and_their_class_without_a_header) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "digits");
  std::string rows;
  for (int i = 0; i < 30; ++i) {
    for (int p = 0; p < 64; ++p) rows += fmt::format("{},", i * p % 17);
    rows += fmt::format("{}\n", i % 10);
  }
  put(folder / "digits/digits.csv.gz", gzipped(rows));
  const SetDescription digits = describe_set("digits", folder.path());
  EXPECT_EQ(digits.train_rows, 30);
  EXPECT_EQ(digits.sample_shape, (Shape{64}));
  EXPECT_EQ(digits.class_names, (Strings{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  EXPECT_EQ(digits.train_counts, Ints(10, 3));
  EXPECT_EQ(named_set("digits").licence, "CC BY 4.0");
}

TEST(Catalogue, describes_texts_by_words_classes_and_an_example) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "sentences");
  put(folder / "sentences/SST2.train.tsv", "so good\t1\nbad\t0\nbad bad bad\t0\n");
  put(folder / "sentences/SST2.dev.tsv", "good\t1\n");
  put(folder / "sentences/SST2.test.tsv", "bad\t0\ngood\t1\n");
  const SetDescription sst2 = describe_set("sst-2", folder.path());
  EXPECT_EQ(sst2.train_rows, 3);
  EXPECT_EQ(sst2.valid_rows, 1);
  EXPECT_EQ(sst2.test_counts, (Ints{1, 1}));
  EXPECT_EQ(sst2.class_names, (Strings{"negative", "positive"}));
  ASSERT_TRUE(sst2.texts);
  EXPECT_EQ(sst2.texts->mean_words, 2);
  EXPECT_EQ(sst2.texts->most_words, 3);
  EXPECT_EQ(sst2.texts->example, "so good");
}

TEST(Catalogue, files_of_news_that_number_their_classes_otherwise_are_one_set) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "ag-news");
  put(folder / "ag-news/sample_train.csv", "\"Title \"\"x\"\", text\",2\nB b,0\n");
  put(folder / "ag-news/test.csv", "\"3\",\"Title\",\"text\"\n\"1\",\"B\",\"b\"\n");
  const SetDescription sample = describe_set("ag-news", folder.path());
  EXPECT_EQ(sample.train_counts, (Ints{1, 0, 1, 0}));
  EXPECT_EQ(sample.test_counts, (Ints{1, 0, 1, 0}));
  EXPECT_EQ(sample.class_names[2], "Business");
  put(folder / "ag-news/train.csv", "\"4\",\"Title\",\"text\"\n\"1\",\"B\",\"b\"\n");
  EXPECT_EQ(describe_set("ag-news", folder.path()).train_counts, (Ints{1, 0, 0, 1}));
}

TEST(Catalogue, describes_translations_by_a_pair) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "multi30k");
  for (const char* part : {"train", "val", "test_2016_flickr"})
    for (const char* language : {"en", "de"})
      put(folder / "multi30k" / (std::string(part) + "." + language),
          std::string(part) + " " + language + "\n");
  const SetDescription pairs = describe_set("multi30k-de-en", folder.path());
  EXPECT_EQ(pairs.texts->example, "train de");
  EXPECT_EQ(pairs.texts->example_target, "train en");
  EXPECT_EQ(pairs.valid_rows, 1);
}

TEST(Catalogue, an_unknown_name_is_refused) {
  EXPECT_TRUE(says(thrown<UserError>([] { describe_set("mnits", {}); }), {"did you mean"}));
}

}  // namespace
}  // namespace moestro::testing
