#include "moestro/data/task_file.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/task_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/named_sets.h"
#include "moestro/data/source.h"
#include "test_paths.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class TaskFiles : public ::testing::Test, protected TaskFolder {
 protected:
  TextTask read(const std::string& path) { return read_text_task(read_task_file(path), {}, 1); }

  // One line that begins with the file.
  ::testing::AssertionResult refuses(const std::string& path, const Strings& parts) {
    const std::string message = thrown<UserError>([&] { read(path); });
    if (message.find('\n') != message.npos || !message.starts_with(path))
      return ::testing::AssertionFailure() << message;
    return says(message, parts);
  }

  // A task file of these lines; FOLDER stands for the folder, in which rows.tsv has 20 rows.
  std::string lines(std::string text) {
    data("rows", "text", 20);
    for (size_t at; (at = text.find("FOLDER")) != text.npos;)
      text.replace(at, 6, folder.path().string());
    return file("x.toml", text);
  }

  const std::string kPrompts = "[prompts]\nbad = \"x\"\ngood = \"y\"\n";
  const std::string kData = "[data]\npath = \"FOLDER/rows.tsv\"\nformat = \"tsv\"\n";
};

TEST_F(TaskFiles, a_task_has_texts_classes_and_a_prompt_for_each) {
  const TextTask reviews = read(task("reviews", data("train", "film", 20), data("t", "book", 4)));
  EXPECT_EQ(reviews.name, "reviews");
  EXPECT_EQ(reviews.class_names, (Strings{"bad", "good"}));
  EXPECT_EQ(reviews.prompts, (Strings{"a bad thing", "a good one"}));
  EXPECT_EQ(reviews.train.rows(), 20);
  EXPECT_EQ(reviews.valid.rows(), 0);
  EXPECT_EQ(reviews.test.texts, (Strings{"book 0", "book 1", "book 2", "book 3"}));
  EXPECT_EQ(list(reviews.test.targets_N), (Ints{0, 1, 0, 1}));
  EXPECT_EQ(reviews.longest, 0);
}

TEST_F(TaskFiles, rows_for_validation_and_test_are_held_out_as_load_data_does) {
  const std::string path =
      task("x", data("train", "film", 40), "", "validation = 0.25\ntest = 0.5\nvocabulary = 30\n");
  EXPECT_TRUE(refuses(path, {":9: data.vocabulary has no effect in the file of a task"}));
  const TextTask task =
      read(TaskFolder::task("x", data("train", "film", 40), "", "validation = 0.25\ntest = 0.5\n"));
  EXPECT_EQ(task.test.rows(), 20);
  EXPECT_EQ(task.valid.rows(), 5);
  EXPECT_EQ(task.train.rows(), 15);
  if (!has_tokenizer()) return;
  DataConfig config = read_task_file(folder / "x.toml").data;
  config.vocabulary = 30;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.test.texts, task.test.texts);
  EXPECT_EQ(source.valid.texts, task.valid.texts);
}

TEST_F(TaskFiles, validation_rows_of_the_sets_own_are_taken) {
  const std::string valid = fmt::format("valid_path = \"{}\"\n", data("valid", "v", 6));
  const std::string train = data("train", "film", 10), test = data("test", "book", 4);
  EXPECT_EQ(read(task("x", train, test, valid)).valid.rows(), 6);
  EXPECT_EQ(read(task("x", train, test, valid + "validation = 0\n")).valid.rows(), 0);
}

TEST_F(TaskFiles, some_classes_of_a_set_are_a_task_with_their_own_prompts) {
  std::string rows;
  for (int n = 0; n < 30; ++n) rows += fmt::format("text {}\t{}\n", n, "abc"[n % 3]);
  file("three.tsv", rows);
  const std::string text =
      "[task]\nname = \"two\"\n[prompts]\nc = \"sea\"\na = \"air\"\n[data]\n"
      "path = \"FOLDER/three.tsv\"\nformat = \"tsv\"\nlongest = 99\nclasses = [\"2\", \"0\"]\n";
  const TextTask task = read(lines(text));
  EXPECT_EQ(task.name, "two");
  EXPECT_EQ(task.class_names, (Strings{"c", "a"}));
  EXPECT_EQ(task.prompts, (Strings{"sea", "air"}));
  EXPECT_EQ(task.longest, 99);
  EXPECT_EQ(task.train.rows() + task.valid.rows() + task.test.rows(), 20);
}

TEST_F(TaskFiles, labels_with_dots_stand_in_quotes) {
  file("dots.tsv", "x\tsci.med\ny\tsci.space\nz\tsci.med\nw\tsci.space\n");
  const std::string more =
      "[data]\npath = \"FOLDER/dots.tsv\"\ntest_path = \"FOLDER/dots.tsv\"\nformat = \"tsv\"\n";
  const std::string quoted = "[prompts]\n\"sci.space\" = \"stars\"\n\"sci.med\" = \"health\"\n";
  EXPECT_EQ(read(lines(quoted + more)).prompts, (Strings{"health", "stars"}));
  EXPECT_TRUE(refuses(lines("[prompts]\nsci.space = \"stars\"\n" + more),
                      {":2: prompts.sci is a table", "needs quotes"}));
}

TEST_F(TaskFiles, every_label_needs_a_prompt_and_every_prompt_its_label) {
  EXPECT_TRUE(refuses(
      lines("[prompts]\nbad = \"x\"\n" + kData),
      {"[prompts] has no text for label \"good\" of rows; expected one for each of bad, good"}));
  EXPECT_TRUE(refuses(lines(kData), {"[prompts] has no text for label \"bad\" of rows"}));
  EXPECT_TRUE(refuses(lines("[prompts]\nbad = \"x\"\nGood = \"y\"\n" + kData),
                      {":3: prompts.Good: rows has no such label; expected bad, good; did you mean "
                       "\"good\"?"}));
}

TEST_F(TaskFiles, a_label_listed_twice_and_a_class_described_twice_are_refused) {
  EXPECT_TRUE(refuses(lines("[prompts]\nbad = \"x\"\nbad = \"y\"\n" + kData),
                      {":3: not valid TOML", "bad"}));
  EXPECT_TRUE(refuses(
      lines("[prompts]\nbad = \"a thing\"\ngood = \" a thing\"\n" + kData),
      {":3: prompts.good = \"a thing\" is the prompt of bad, too: a class described twice"}));
  EXPECT_TRUE(refuses(lines("[prompts]\nbad = \" \"\ngood = \"y\"\n" + kData),
                      {":2: prompts.bad = \"\"; expected"}));
  EXPECT_TRUE(
      refuses(lines("[prompts]\nbad = 3\n" + kData), {":2: prompts.bad = 3; expected a text"}));
}

TEST_F(TaskFiles, unknown_keys_and_files_that_are_no_tasks_are_refused) {
  EXPECT_TRUE(refuses(lines("[task]\nnam = \"x\"\n" + kData),
                      {":2: unknown key \"task.nam\"; did you mean \"task.name\"?"}));
  EXPECT_TRUE(refuses(lines("[prompt]\nbad = \"x\"\n" + kData), {"unknown key \"prompt.bad\""}));
  EXPECT_TRUE(refuses(lines("[train]\nepochs = 3\n"), {":2: unknown key \"train.epochs\""}));
  EXPECT_TRUE(refuses(lines("[task]\nname = \" \"\n" + kData), {":2: task.name = \"\"; expected"}));
  EXPECT_TRUE(refuses(lines("name = no quotes\n"), {":1: not valid TOML"}));
  EXPECT_TRUE(refuses(folder / "none.toml", {"no such file"}));
  EXPECT_TRUE(refuses(folder.path(), {"a folder"}));
}

TEST_F(TaskFiles, keys_without_effect_are_refused) {
  for (const char* key : {"batch = 3", "label_noise = 0.1", "augment = [\"flip\"]", "tokens = 9"})
    EXPECT_TRUE(refuses(lines(kData + key + "\n"), {":4: data.", "has no effect"})) << key;
  EXPECT_TRUE(
      refuses(lines("[data]\nname = \"trec\"\nformat = \"tsv\"\n"), {"has no effect here"}));
  EXPECT_TRUE(refuses(lines(kPrompts + kData + "test_path = \"FOLDER/rows.tsv\"\ntest = 0.3\n"),
                      {"data.test = 0.3 has no effect"}));
}

TEST_F(TaskFiles, data_that_are_no_texts_are_refused) {
  EXPECT_TRUE(refuses(lines("[data]\nname = \"mnist\"\n"), {": mnist holds no texts; expected"}));
  EXPECT_TRUE(refuses(lines("[prompts]\n"), {": fashion-mnist holds no texts; expected"}));
  EXPECT_TRUE(refuses(lines("[data]\npath = \"t.csv\"\nformat = \"csv\"\n"),
                      {": t.csv holds no texts", "data.text"}));
  EXPECT_TRUE(refuses(lines("[data]\npath = \"i.safetensors\"\nformat = \"ids\"\n"),
                      {"data.format = \"ids\": i.safetensors holds ids of tokens"}));
  EXPECT_TRUE(refuses(lines("[data]\npath = \"none.tsv\"\nformat = \"tsv\"\n"), {"none.tsv"}));
}

TEST_F(TaskFiles, values_translations_and_pairs_are_refused) {
  file("v.tsv", "x\t0.5\ny\t1.5\nz\t2.5\n");
  EXPECT_TRUE(refuses(lines("[data]\npath = \"FOLDER/v.tsv\"\nformat = \"tsv\"\n"),
                      {"the targets of v are values; expected classes"}));
  file("s.en", "a man\n");
  file("s.de", "ein Mann\n");
  EXPECT_TRUE(refuses(lines("[data]\npath = \"FOLDER/s\"\nformat = \"parallel\"\n"
                            "languages = [\"en\", \"de\"]\n"),
                      {"s holds translations; expected texts with labels"}));
  file("p.tsv", "x\ty\tbad\nz\tw\tgood\n");
  EXPECT_TRUE(refuses(lines("[data]\npath = \"FOLDER/p.tsv\"\nformat = \"tsv\"\n"
                            "text = [\"1\", \"2\"]\n"),
                      {"p has 2 texts in a row; expected one"}));
}

TEST_F(TaskFiles, a_task_without_samples_is_refused) {
  file("empty.tsv", "");
  EXPECT_TRUE(refuses(lines("[data]\npath = \"FOLDER/empty.tsv\"\nformat = \"tsv\"\n"),
                      {"empty.tsv", "expected"}));
  EXPECT_TRUE(refuses(lines(kPrompts + kData + "test_path = \"FOLDER/empty.tsv\"\n"),
                      {"empty.tsv", "expected"}));
  EXPECT_TRUE(refuses(lines(kPrompts + kData + "validation = 0.99\n"), {"expected rows left"}));
}

TEST_F(TaskFiles, the_digest_is_that_of_names_prompts_and_rows) {
  const std::string train = data("train", "film", 20), test = data("test", "book", 4);
  const TextTask first = read(task("x", train, test));
  EXPECT_EQ(read(task("x", train, test)).digest(), first.digest());
  const auto changed = [&](const auto& change) {
    TextTask other = first;
    other.train = select_rows(first.train, at::arange(20, at::kLong));
    change(other);
    return other.digest() != first.digest();
  };
  EXPECT_FALSE(changed([](TextTask& task) { task.dropped = 3; }));
  EXPECT_TRUE(changed([](TextTask& task) { task.name = "y"; }));
  EXPECT_TRUE(changed([](TextTask& task) { task.prompts[0] += "."; }));
  EXPECT_TRUE(changed([](TextTask& task) { task.train.texts[3] += "."; }));
  EXPECT_TRUE(changed([](TextTask& task) { task.train.targets_N[3] = 0; }));
  EXPECT_TRUE(changed([](TextTask& task) { std::swap(task.valid, task.test); }));
}

const fs::path kShipped = fs::path(kSourceDir) / "recipes/text-stream";

TEST(ShippedTasks, read_newsgroups_by_their_numbers) {
  TemporaryFolder folder;
  std::string rows = "label\ttext\n";
  for (const std::string& group : named_set("20news").class_names)
    for (int n = 0; n < 3; ++n) rows += fmt::format("{}\tSubject: \"{} of {}\n", group, n, group);
  fs::create_directories(folder / "20news");
  put(folder / "20news/train.tsv.gz", gzipped(rows));
  put(folder / "20news/test.tsv.gz", gzipped(rows));
  const TaskFile file = read_task_file(kShipped / "06-20news-talk.toml");
  const TextTask task = read_text_task(file, folder.path(), 1);
  EXPECT_EQ(task.classes(), 6);
  EXPECT_EQ(task.class_names[0], "alt.atheism");
  EXPECT_EQ(task.class_names[5], "talk.religion.misc");
  EXPECT_EQ(task.prompts[5], "This text is about religion.");
  EXPECT_EQ(task.test.texts[4], "Subject: \"1 of soc.religion.christian");
  EXPECT_EQ(task.test.targets_N[4].item<int64_t>(), 1);
  EXPECT_EQ(task.test.rows(), 18);
  put(folder / "20news/test.tsv.gz", gzipped("label\ttext\nsci.maths\tx\n"));
  EXPECT_TRUE(says(thrown<UserError>([&] { read_text_task(file, folder.path(), 1); }),
                   {"06-20news-talk.toml: ", "unknown class \"sci.maths\""}));
}

TEST(ShippedTasks, describe_every_class_of_their_sets_in_their_order) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(kShipped)) paths.push_back(entry.path());
  EXPECT_EQ(paths.size(), 10u);
  for (const fs::path& path : paths) {
    const TaskFile file = read_task_file(path);
    EXPECT_TRUE(path.stem().string().ends_with("-" + file.name)) << path;
    Strings labels;
    for (const TaskFile::Prompt& prompt : file.prompts) labels.push_back(prompt.label);
    Strings expected = named_set(file.data.name).class_names;
    if (auto choice = ClassChoice::parse(file.data.classes)) {
      choice->names = expected;
      expected = choice->kept_names();
    }
    if (file.data.name == "trec") expected = {"ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"};
    std::ranges::sort(expected);
    std::ranges::sort(labels);
    EXPECT_EQ(labels, expected) << path;
  }
}

}  // namespace
}  // namespace moestro::testing
