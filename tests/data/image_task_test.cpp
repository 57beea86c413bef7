#include "moestro/data/image_task.h"

#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/stderr_capture.h"
#include "data/task_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/task_stream.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

// Row n of every set of put_idx_set has the same pixels: test rows are the first training rows.
class ImageTasks : public ::testing::Test, protected TaskFolder {
 protected:
  std::string images(const std::string& name, int train = 60, int test = 6, int classes = 3,
                     const std::string& more = "validation = 0\n") const {
    put_idx_set(folder / name, "train", train, 4, 3, classes);
    put_idx_set(folder / name, "t10k", test, 4, 3, classes);
    return file(name + ".toml", fmt::format("[data]\npath = \"{}\"\nformat = \"idx\"\n{}",
                                            (folder / name).string(), more));
  }

  ImageTask read(const std::string& path) const {
    return read_image_task(read_task_file(path), {}, 1);
  }

  ImageTask load(const std::string& path, const StreamLimits& limits = {}, uint64_t seed = 1) {
    return load_image_task(path, {}, limits, seed);
  }

  std::string refusal(const std::string& path) const {
    return thrown<UserError>([&] { read(path); });
  }
};

std::set<std::string> support_of(const ImageTask& task) {
  std::set<std::string> rows;
  for (int64_t row = 0; row < task.support.rows(); ++row) rows.emplace(task.support.content(row));
  return rows;
}

TEST_F(ImageTasks, hold_pixels_and_classes_split_as_load_data_does) {
  const ImageTask task = read(images("x", 40, 6, 3, "validation = 0.25\n"));
  EXPECT_EQ(task.name, "x");
  EXPECT_EQ(task.class_names, (Strings{"0", "1", "2"}));
  EXPECT_EQ(task.train.pixels_NCHW.sizes(), (Shape{30, 1, 4, 3}));
  EXPECT_EQ(task.valid.rows(), 10);
  EXPECT_EQ(list(task.test.targets_N), (Ints{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(task.test.content(1), std::string("\7\10\11\12\13\14\15\16\17\20\21\22"));
}

TEST_F(ImageTasks, are_some_classes_of_a_set_where_the_file_says_so) {
  const ImageTask task = read(images("x", 60, 6, 3, "classes = [\"2\", \"0\"]\n"));
  EXPECT_EQ(task.class_names, (Strings{"2", "0"}));
  EXPECT_EQ(list(task.test.targets_N), (Ints{1, 0, 1, 0}));
}

TEST_F(ImageTasks, images_that_are_tested_on_are_not_learned) {
  const ImageTask task = load(images("x"));
  EXPECT_EQ(task.dropped, 6);
  EXPECT_EQ(task.train.rows(), 54);
  const auto both = load_image_stream({images("few", 30, 2), images("many", 40, 12)}, {}, {}, 1);
  EXPECT_EQ(both[0].dropped, 12);
  EXPECT_EQ(both[1].train.rows(), 28);
}

TEST_F(ImageTasks, support_rows_are_as_many_of_each_class_out_of_the_training_rows) {
  const std::string path = images("x");
  const ImageTask task = load(path, {.samples_a_class = 8, .support_a_class = 5});
  EXPECT_EQ(task.train.rows(), 24);
  EXPECT_EQ(list(task.support.targets_N.bincount()), (Ints{5, 5, 5}));
  EXPECT_EQ(load(path, {.samples_a_class = 4}).support.rows(), 12);
}

TEST_F(ImageTasks, support_rows_are_the_same_for_every_count_of_training_rows) {
  const std::string path = images("x");
  const auto few = support_of(load(path, {.samples_a_class = 6, .support_a_class = 6}));
  EXPECT_EQ(few.size(), 18u);
  EXPECT_EQ(support_of(load(path, {.support_a_class = 6})), few);
  EXPECT_EQ(support_of(load(path, {.most_train = 2, .support_a_class = 6})), few);
  EXPECT_NE(support_of(load(path, {.support_a_class = 6}, 2)), few);
  images("y");
  EXPECT_NE(support_of(load(folder / "y.toml", {.support_a_class = 6})), few);
}

TEST_F(ImageTasks, many_classes_with_fewer_rows_are_told_of_together) {
  const std::string path = images("x", 26, 2, 8);
  set_log_level(LogLevel::info);
  StderrCapture capture;
  load(path, {.samples_a_class = 4});
  EXPECT_TRUE(
      says(capture.text(), {"task x: 8 of its 8 classes have fewer than 4 training images, 3 "
                            "at least; all are taken"}));
}

TEST_F(ImageTasks, digest_covers_pixels_targets_and_support) {
  const std::string path = images("x");
  const ImageTask task = load(path);
  EXPECT_EQ(load(path).digest(), task.digest());
  const auto changed = [&](auto change) {
    ImageTask other = load(path);
    change(other);
    return other.digest() != task.digest();
  };
  EXPECT_TRUE(changed([](ImageTask& other) { other.train.pixels_NCHW[3][0][1][1].add_(1); }));
  EXPECT_TRUE(changed([](ImageTask& other) { other.test.targets_N[0].fill_(2); }));
  EXPECT_TRUE(changed([](ImageTask& other) { other.support.targets_N[0].fill_(2); }));
  EXPECT_TRUE(changed([](ImageTask& other) { other.class_names[0] = "none"; }));
  EXPECT_FALSE(changed([](ImageTask& other) { other.dropped = 0; }));
}

TEST_F(ImageTasks, a_class_without_a_training_image_is_refused) {
  const std::string path = images("x", 6, 3);
  file("x/classes.txt", "a\nb\nc\nnobody\n");
  EXPECT_EQ(thrown<UserError>([&] { load(path); }),
            "task \"x\": no training image of \"nobody\" to compare with; expected one at least");
}

TEST_F(ImageTasks, prompts_and_texts_are_refused) {
  const std::string path = images("x");
  const std::string prompts = file("p.toml", "[prompts]\n1 = \"one\"\n" + get(path));
  EXPECT_EQ(refusal(prompts),
            prompts +
                ":2: prompts.1 has no effect: classes of images are compared with images; "
                "expected no [prompts]");
  const std::string texts = file("t.toml", "[data]\nname = \"trec\"\n");
  EXPECT_TRUE(says(refusal(texts), {texts + ": trec holds texts; expected a set of images"}));
}

TEST_F(ImageTasks, of_a_set_that_is_not_there_are_refused) {
  const std::string path = images("x");
  fs::remove_all(folder / "x");
  EXPECT_TRUE(says(refusal(path), {path + ": ", "x: no such file or folder; expected a folder"}));
}

TEST_F(ImageTasks, rows_that_are_no_images_are_refused) {
  const std::string rows = file("rows.csv", "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n");
  const std::string path =
      file("t.toml", fmt::format("[data]\npath = \"{}\"\nformat = \"csv\"\n", rows));
  EXPECT_TRUE(says(refusal(path), {path + ": ", "holds no images; expected"}));
}

}  // namespace
}  // namespace moestro::testing
