#include "moestro/data/task_stream.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <unordered_set>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/random.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

using Contents = std::unordered_set<std::string_view>;
using Rows = std::vector<int64_t>;

std::vector<TaskFile> read_files(const std::vector<fs::path>& paths) {
  if (paths.empty()) throw UserError("a stream without tasks; expected the file of one at least");
  std::vector<TaskFile> files;
  for (const fs::path& path : paths) {
    TaskFile file = read_task_file(path);
    const auto twin = std::ranges::find(files, file.name, &TaskFile::name);
    if (twin != files.end())
      throw UserError("{}: task \"{}\" is there already, from {}; expected another task.name",
                      path.string(), file.name, twin->path.string());
    files.push_back(std::move(file));
  }
  return files;
}

// What the rows are told by lies in the tasks themselves.
template <class Task>
Contents test_contents(const std::vector<Task>& tasks) {
  Contents set;
  for (const Task& task : tasks)
    for (int64_t row = 0; row < task.test.rows(); ++row) set.insert(task.test.content(row));
  return set;
}

template <class Part>
int64_t target(const Part& part, int64_t row) {
  return part.targets_N.template const_data_ptr<int64_t>()[row];
}

template <class Task>
std::string draw_name(const char* part, const Task& task) {
  return fmt::format("{} {} of {}", part, decltype(task.train)::kNoun, task.name);
}

// All rows, in an order that no other task has a say in.
template <class Part>
Rows drawn_order(const Part& part, const std::string& name, uint64_t seed) {
  const Tensor order_N = permutation({seed, Stream::split, name, 0}, part.rows());
  const auto* rows = order_N.const_data_ptr<int64_t>();
  return {rows, rows + order_N.numel()};
}

template <class Part>
int64_t drop(const Part& part, const Contents& tested, Rows& rows) {
  return static_cast<int64_t>(
      std::erase_if(rows, [&](int64_t row) { return tested.contains(part.content(row)); }));
}

// The first so many of each class -> how many there are of each.
template <class Task>
std::vector<int64_t> keep_first(const Task& task, int64_t a_class, Rows& rows) {
  std::vector<int64_t> seen(static_cast<size_t>(task.classes()), 0);
  std::erase_if(rows, [&](int64_t row) {
    return ++seen[static_cast<size_t>(target(task.train, row))] > a_class;
  });
  return seen;
}

// Said of each class where they are few, else of all together.
template <class Task>
void tell_missing(const Task& task, const std::vector<int64_t>& seen, int64_t samples_a_class) {
  constexpr int64_t kFew = 4;
  const char* noun = decltype(task.train)::kNoun;
  const int64_t missing =
      std::ranges::count_if(seen, [&](int64_t rows) { return rows < samples_a_class; });
  if (missing > kFew)
    log_info(
        "task {}: {} of its {} classes have fewer than {} training {}, {} at least; all are taken",
        task.name, missing, task.classes(), samples_a_class, noun, std::ranges::min(seen));
  for (size_t c = 0; c < seen.size() && missing <= kFew; ++c)
    if (seen[c] < samples_a_class)
      log_info("task {}: {} training {} of \"{}\", of the {} a class; all are taken", task.name,
               seen[c], noun, task.class_names[c], samples_a_class);
}

void keep_most(Rows& rows, int64_t most) {
  if (most > 0 && std::ssize(rows) > most) rows.resize(static_cast<size_t>(most));
}

template <class Part>
Part take(const Part& part, Rows rows) {
  std::ranges::sort(rows);
  return select_rows(part, at::tensor(rows, at::kLong));
}

// The first of each class in the order in which they were drawn.
LabelledImages support(const ImageTask& task, Rows rows, int64_t a_class) {
  const std::vector<int64_t> seen = keep_first(task, a_class, rows);
  for (size_t c = 0; c < seen.size(); ++c)
    if (seen[c] == 0)
      throw UserError(
          "task \"{}\": no training image of \"{}\" to compare with; expected one at least",
          task.name, task.class_names[c]);
  return take(task.train, std::move(rows));
}

template <class Task>
void limit_training(const Contents& tested, const StreamLimits& limits, uint64_t seed, Task& task) {
  Rows train = drawn_order(task.train, draw_name("training", task), seed);
  Rows valid = drawn_order(task.valid, draw_name("validation", task), seed);
  task.dropped = drop(task.train, tested, train) + drop(task.valid, tested, valid);
  if (train.empty())
    throw UserError("task \"{}\": each of its {} training {} is tested on, too; expected others",
                    task.name, task.train.rows(), decltype(task.train)::kNoun);
  if (limits.samples_a_class > 0)
    tell_missing(task, keep_first(task, limits.samples_a_class, train), limits.samples_a_class);
  if constexpr (std::is_same_v<Task, ImageTask>)
    task.support = support(task, train, limits.support_a_class);
  keep_most(train, limits.most_train);
  keep_most(valid, limits.most_test);
  task.train = take(task.train, std::move(train));
  task.valid = take(task.valid, std::move(valid));
}

template <class Task>
void limit(std::vector<Task>& tasks, const StreamLimits& limits, uint64_t seed) {
  MOESTRO_CHECK(limits.samples_a_class >= 0 && limits.most_train >= 0 && limits.most_test >= 0 &&
                limits.support_a_class > 0);
  const Contents tested = test_contents(tasks);
  for (Task& task : tasks) limit_training(tested, limits, seed, task);
  for (Task& task : tasks) {
    Rows test = drawn_order(task.test, draw_name("test", task), seed);
    keep_most(test, limits.most_test);
    task.test = take(task.test, std::move(test));
  }
}

template <class Task, class Read>
std::vector<Task> load_stream(const std::vector<fs::path>& files, const StreamLimits& limits,
                              uint64_t seed, const Read& read) {
  std::vector<Task> tasks;
  for (TaskFile& file : read_files(files)) {
    if (!limits.hold_out) file.data.validation = 0;
    tasks.push_back(read(file));
  }
  limit(tasks, limits, seed);
  return tasks;
}

}  // namespace

std::vector<TextTask> load_task_stream(const std::vector<fs::path>& files, const fs::path& root,
                                       const StreamLimits& limits, uint64_t seed) {
  return load_stream<TextTask>(
      files, limits, seed, [&](const TaskFile& file) { return read_text_task(file, root, seed); });
}

std::vector<ImageTask> load_image_stream(const std::vector<fs::path>& files, const fs::path& root,
                                         const StreamLimits& limits, uint64_t seed) {
  return load_stream<ImageTask>(
      files, limits, seed, [&](const TaskFile& file) { return read_image_task(file, root, seed); });
}

TextTask load_task(const fs::path& file, const fs::path& root, const StreamLimits& limits,
                   uint64_t seed) {
  return std::move(load_task_stream({file}, root, limits, seed).front());
}

ImageTask load_image_task(const fs::path& file, const fs::path& root, const StreamLimits& limits,
                          uint64_t seed) {
  return std::move(load_image_stream({file}, root, limits, seed).front());
}

}  // namespace moestro
