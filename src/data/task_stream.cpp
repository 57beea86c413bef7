#include "moestro/data/task_stream.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/random.h"
#include "moestro/data/cell.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

using TextSet = std::unordered_set<std::string_view>;
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

// The set's texts are views of the tasks' own.
TextSet test_texts(const std::vector<TextTask>& tasks) {
  TextSet set;
  for (const TextTask& task : tasks)
    for (const std::string& text : task.test.texts) set.insert(trimmed(text));
  return set;
}

int64_t target(const LabelledTexts& part, int64_t row) {
  return part.targets_N.const_data_ptr<int64_t>()[row];
}

// All rows, in an order that no other task has a say in.
Rows drawn_order(const LabelledTexts& part, const std::string& name, uint64_t seed) {
  const Tensor order_N = permutation({seed, Stream::split, name, 0}, part.rows());
  const auto* rows = order_N.const_data_ptr<int64_t>();
  return {rows, rows + order_N.numel()};
}

int64_t drop(const LabelledTexts& part, const TextSet& tested, Rows& rows) {
  return static_cast<int64_t>(std::erase_if(rows, [&](int64_t row) {
    return tested.contains(trimmed(part.texts[static_cast<size_t>(row)]));
  }));
}

void keep_samples(const TextTask& task, int64_t samples_a_class, Rows& rows) {
  std::vector<int64_t> seen(static_cast<size_t>(task.classes()), 0);
  std::erase_if(rows, [&](int64_t row) {
    return ++seen[static_cast<size_t>(target(task.train, row))] > samples_a_class;
  });
  for (size_t c = 0; c < seen.size(); ++c)
    if (seen[c] < samples_a_class)
      log_info("task {}: {} training texts of \"{}\", of the {} a class; all are taken", task.name,
               seen[c], task.class_names[c], samples_a_class);
}

LabelledTexts take(const LabelledTexts& part, Rows rows, int64_t most) {
  if (most > 0 && std::ssize(rows) > most) rows.resize(static_cast<size_t>(most));
  std::ranges::sort(rows);
  return select_rows(part, at::tensor(rows, at::kLong));
}

void limit_training(const TextSet& tested, const StreamLimits& limits, uint64_t seed,
                    TextTask& task) {
  const std::string train_name = "training texts of " + task.name;
  Rows train = drawn_order(task.train, train_name, seed);
  Rows valid = drawn_order(task.valid, "validation texts of " + task.name, seed);
  task.dropped = drop(task.train, tested, train) + drop(task.valid, tested, valid);
  if (train.empty())
    throw UserError("task \"{}\": each of its {} training texts is a test text; expected others",
                    task.name, task.train.rows());
  if (limits.samples_a_class > 0) keep_samples(task, limits.samples_a_class, train);
  task.train = take(task.train, std::move(train), limits.most_train);
  task.valid = take(task.valid, std::move(valid), limits.most_test);
}

void limit(std::vector<TextTask>& tasks, const StreamLimits& limits, uint64_t seed) {
  MOESTRO_CHECK(limits.samples_a_class >= 0 && limits.most_train >= 0 && limits.most_test >= 0);
  const TextSet tested = test_texts(tasks);
  for (TextTask& task : tasks) limit_training(tested, limits, seed, task);
  for (TextTask& task : tasks)
    task.test = take(task.test, drawn_order(task.test, "test texts of " + task.name, seed),
                     limits.most_test);
}

}  // namespace

std::vector<TextTask> load_task_stream(const std::vector<fs::path>& files, const fs::path& root,
                                       const StreamLimits& limits, uint64_t seed) {
  std::vector<TextTask> tasks;
  for (TaskFile& file : read_files(files)) {
    if (!limits.hold_out) file.data.validation = 0;
    tasks.push_back(read_text_task(file, root, seed));
  }
  limit(tasks, limits, seed);
  return tasks;
}

TextTask load_task(const fs::path& file, const fs::path& root, const StreamLimits& limits,
                   uint64_t seed) {
  return std::move(load_task_stream({file}, root, limits, seed).front());
}

}  // namespace moestro
