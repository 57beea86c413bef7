#include "moestro/data/task_stream.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "core/stderr_capture.h"
#include "data/task_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;
using Files = std::vector<fs::path>;

class TaskStreams : public ::testing::Test, protected TaskFolder {
 protected:
  std::vector<TextTask> load(const Files& files, const StreamLimits& limits = {},
                             uint64_t seed = 1) {
    return load_task_stream(files, {}, limits, seed);
  }

  ::testing::AssertionResult refuses(const Files& files, const Strings& parts) {
    const std::string message = thrown<UserError>([&] { load(files); });
    if (message.find('\n') != message.npos) return ::testing::AssertionFailure() << message;
    return says(message, parts);
  }

  // 40 + 10 texts, all of them different.
  fs::path plain(const std::string& name) {
    return task(name, data(name + "-train", name, 40), data(name + "-test", name + " test", 10));
  }
};

bool has(const LabelledTexts& part, const std::string& text) {
  return std::ranges::find(part.texts, text) != part.texts.end();
}

// Whether all of the former's texts are among the latter's.
bool within(const LabelledTexts& part, const LabelledTexts& whole) {
  return std::ranges::all_of(part.texts, [&](const auto& text) { return has(whole, text); });
}

Ints class_counts(const LabelledTexts& part) {
  return list(part.targets_N.bincount({}, 2));
}

TEST_F(TaskStreams, tasks_come_in_the_order_of_their_files) {
  const auto tasks = load({plain("b"), plain("a")});
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[0].name, "b");
  EXPECT_EQ(tasks[1].name, "a");
  EXPECT_EQ(tasks[1].train.rows(), 40);
  EXPECT_EQ(tasks[1].train.texts[7], "a 7");
  EXPECT_EQ(tasks[1].test.rows(), 10);
  EXPECT_EQ(tasks[1].dropped, 0);
}

TEST_F(TaskStreams, a_text_that_any_task_is_tested_on_is_not_learned) {
  const std::string first = data("first", "film", 20), second = data("second", "book", 20);
  const std::string tested = file("tested.tsv", "film 3\tgood\n  book 4 \tbad\nfilm 30\tbad\n");
  const std::string valid =
      fmt::format("valid_path = \"{}\"\n", file("valid.tsv", "book 4\tbad\nBook 4\tgood\n"));
  const fs::path one = task("one", first, data("other", "x", 4)),
                 two = task("two", second, tested, valid);
  const auto tasks = load({one, two});
  EXPECT_EQ(tasks[0].dropped, 1);
  EXPECT_EQ(tasks[0].train.rows(), 19);
  EXPECT_FALSE(has(tasks[0].train, "film 3"));
  EXPECT_EQ(tasks[1].dropped, 2);
  EXPECT_FALSE(has(tasks[1].train, "book 4"));
  EXPECT_EQ(tasks[1].valid.texts, Strings{"Book 4"});
  EXPECT_EQ(tasks[1].test.rows(), 3);
  EXPECT_EQ(tasks[0].train.targets_N.size(0), 19);
}

TEST_F(TaskStreams, white_space_around_a_text_does_not_hide_it) {
  const std::string rows = "text,label\n\"\n a\",bad\nb,good\nc,bad\nd,good\n";
  const std::string more = "validation = 0\ntext = [\"text\"]\n";
  std::string path =
      task("x", file("train.csv", rows), file("test.csv", "text,label\n\"a \n\",bad\n"), more);
  std::string text = get(path);
  text.replace(text.find("\"tsv\""), 5, "\"csv\"");
  put(path, text);
  EXPECT_EQ(load({path})[0].dropped, 1);
}

TEST_F(TaskStreams, test_texts_beyond_the_most_are_not_learned_either) {
  const std::string rows = data("rows", "film", 20);
  const fs::path one = task("one", data("train", "film", 40), rows);
  const auto tasks = load({one}, {.most_test = 5});
  EXPECT_EQ(tasks[0].test.rows(), 5);
  EXPECT_EQ(tasks[0].dropped, 20);
  EXPECT_EQ(tasks[0].train.rows(), 20);
}

TEST_F(TaskStreams, caps_are_drawn_by_seed_and_a_smaller_one_lies_within_a_larger) {
  const Files files = {plain("a")};
  const TextTask ten = load(files, {.most_train = 10, .most_test = 4})[0];
  EXPECT_EQ(ten.train.rows(), 10);
  EXPECT_EQ(ten.test.rows(), 4);
  EXPECT_EQ(load(files, {.most_train = 10, .most_test = 4})[0].digest(), ten.digest());
  EXPECT_NE(load(files, {.most_train = 10, .most_test = 4}, 2)[0].train.texts, ten.train.texts);
  const TextTask twenty = load(files, {.most_train = 20, .most_test = 8})[0];
  EXPECT_TRUE(within(ten.train, twenty.train));
  EXPECT_TRUE(within(ten.test, twenty.test));
  EXPECT_EQ(load(files, {.most_train = 0, .most_test = 0})[0].train.rows(), 40);
  for (int64_t row = 0; row < 10; ++row) {  // targets follow their texts: odd numbers are good
    const int number = std::stoi(ten.train.texts[static_cast<size_t>(row)].substr(2));
    EXPECT_EQ(ten.train.targets_N[row].item<int64_t>(), number % 2);
  }
}

TEST_F(TaskStreams, validation_rows_are_cut_as_test_rows_are) {
  const std::string more = fmt::format("valid_path = \"{}\"\n", data("valid", "v", 30));
  const fs::path one = task("one", data("train", "film", 10), data("test", "x", 10), more);
  EXPECT_EQ(load({one}, {.most_test = 7})[0].valid.rows(), 7);
}

TEST_F(TaskStreams, a_draw_depends_on_no_other_task) {
  const StreamLimits limits = {.samples_a_class = 4, .most_test = 5};
  const fs::path a = plain("a"), b = plain("b");
  const std::string alone = load({a}, limits)[0].digest();
  EXPECT_EQ(load({b, a}, limits)[1].digest(), alone);
  EXPECT_EQ(load_task(a, {}, limits, 1).digest(), alone);
  // A text that is left out gives its place away, the others keep theirs.
  const LabelledTexts before = load({a}, limits)[0].train;
  const std::string gone = before.texts[0];
  const fs::path thief =
      task("thief", data("t", "y", 8), file("gone.tsv", gone + "\tbad\nz\tgood\n"));
  const LabelledTexts after = load({a, thief}, limits)[0].train;
  EXPECT_EQ(after.rows(), 8);
  EXPECT_FALSE(has(after, gone));
  EXPECT_EQ(std::ranges::count_if(before.texts, [&](const auto& text) { return has(after, text); }),
            7);
}

TEST_F(TaskStreams, few_samples_of_each_class_are_drawn) {
  const Files files = {plain("a")};
  const TextTask three = load(files, {.samples_a_class = 3})[0];
  EXPECT_EQ(class_counts(three.train), (Ints{3, 3}));
  EXPECT_EQ(three.test.rows(), 10);
  const TextTask five = load(files, {.samples_a_class = 5})[0];
  EXPECT_TRUE(within(three.train, five.train));
  EXPECT_EQ(load(files, {.samples_a_class = 5, .most_train = 6})[0].train.rows(), 6);
  EXPECT_NE(load(files, {.samples_a_class = 3}, 2)[0].train.texts, three.train.texts);
}

TEST_F(TaskStreams, a_class_with_fewer_rows_gives_all_and_that_is_said) {
  const std::string rows = "u\tgood\nv\tbad\nw\tgood\nx\tgood\ny\tgood\n";
  const fs::path path = task("rare", file("train.tsv", rows), data("test", "t", 4));
  set_log_level(LogLevel::info);
  StderrCapture capture;
  EXPECT_EQ(class_counts(load({path}, {.samples_a_class = 2})[0].train), (Ints{1, 2}));
  EXPECT_TRUE(says(capture.text(), {"task rare: 1 training texts of \"bad\", of the 2 a class"}));
}

TEST_F(TaskStreams, one_task_leaves_out_texts_of_its_own_test_set) {
  const fs::path one = task("one", data("train", "film", 20), data("test", "film", 5));
  plain("a");
  const TextTask task = load_task(one, {}, {}, 1);
  EXPECT_EQ(task.dropped, 5);
  EXPECT_EQ(task.train.rows(), 15);
  EXPECT_EQ(task.test.rows(), 5);
}

TEST_F(TaskStreams, no_tasks_and_two_of_one_name_are_refused) {
  EXPECT_TRUE(refuses({}, {"a stream without tasks; expected"}));
  const fs::path a = plain("a");
  fs::create_directories(folder / "more");
  const fs::path twin = file("more/a.toml", get(a));
  EXPECT_TRUE(
      refuses({a, twin}, {twin.string() + ": task \"a\" is there already, from " + a.string()}));
  EXPECT_TRUE(refuses({a, folder / "none.toml"}, {"none.toml: no such file"}));
}

TEST_F(TaskStreams, a_task_of_which_no_training_text_is_left_is_refused) {
  const std::string rows = data("rows", "film", 20);
  EXPECT_TRUE(refuses({task("one", rows, rows)},
                      {"task \"one\": each of its 20 training texts is tested on, too; expected"}));
}

}  // namespace
}  // namespace moestro::testing
