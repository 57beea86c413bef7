#include "stream_samples.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/task_stream.h"
#include "moestro/data/text_file.h"
#include "moestro/lifecycle/embeddings.h"
#include "stream_readers.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

using Files = std::vector<fs::path>;

// Throws for a task that is not what it was when the run was begun with it.
template <class Task>
void check_same(const std::vector<Task>& tasks, const Files& files,
                const std::vector<std::string>& digests) {
  for (size_t t = 0; t < digests.size(); ++t)
    if (tasks[t].digest() != digests[t])
      throw UserError(
          "{}: task \"{}\" is not what the run was begun with: its name, keys or rows have "
          "changed; expected the same file and data",
          files[t].string(), tasks[t].name);
}

// load: task files of one stream -> tasks.
template <class Load>
auto load_tasks(const ContinualRecipe& recipe, const ContinualProgress& progress,
                const Load& load) {
  const Files files(recipe.stream.tasks.begin(), recipe.stream.tasks.end());
  const auto streamed = static_cast<size_t>(progress.streamed);
  auto tasks = load(Files(files.begin(), files.begin() + progress.streamed));
  for (size_t t = streamed; t < files.size(); ++t) {
    auto task = std::move(load({files[t]}).front());
    const auto is_twin = [&](const auto& other) { return other.name == task.name; };
    if (std::ranges::any_of(tasks, is_twin))
      throw UserError("{}: task \"{}\" is there already; expected another task.name",
                      files[t].string(), task.name);
    tasks.push_back(std::move(task));
  }
  check_same(tasks, files, progress.digests);
  return tasks;
}

bool on_valid(const StreamConfig& stream) {
  return stream.rows == "valid";
}

StreamLimits limits_of(const StreamConfig& stream) {
  return {.samples_a_class = stream.samples,
          .most_train = stream.most,
          .most_test = stream.most_test,
          .hold_out = on_valid(stream),
          .support_a_class = stream.support};
}

std::vector<TextTask> load_texts(const ContinualRecipe& recipe, const ContinualProgress& progress,
                                 const fs::path& root) {
  return load_tasks(recipe, progress, [&](const Files& files) {
    return load_task_stream(files, root, limits_of(recipe.stream),
                            static_cast<uint64_t>(recipe.train.seed));
  });
}

std::vector<ImageTask> load_images(const ContinualRecipe& recipe, const ContinualProgress& progress,
                                   const fs::path& root) {
  return load_tasks(recipe, progress, [&](const Files& files) {
    return load_image_stream(files, root, limits_of(recipe.stream),
                             static_cast<uint64_t>(recipe.train.seed));
  });
}

template <class Task>
void check_counts(const Task& task, int64_t measured) {
  if (measured == 0)
    throw UserError(
        "{}: no rows are held out; expected data.validation above 0, for "
        "stream.rows = \"valid\"",
        task.name);
  if (task.train.rows() < 2)
    throw UserError("{}: one training row is left; expected two at least", task.name);
  log_verbose("{}: {} classes, {} training rows, {} measured, {} dropped", task.name,
              task.classes(), task.train.rows(), measured, task.dropped);
}

template <class Task, class Reader>
void add_task(const Task& task, bool on_valid, const Reader& reader, const FrozenEncoder& encoder,
              StreamSamples& all) {
  const auto& measured = on_valid ? task.valid : task.test;
  check_counts(task, measured.rows());
  const auto unit = [&](const TaskSamples& samples) {
    return embed_all(encoder, *samples.inputs).to(encoder.device());
  };
  const Tensor classes_CD = reader.class_vectors(task).to(encoder.device());
  all.tasks.push_back({task.name, task.class_names, reader.longest(task), classes_CD});
  all.digests.push_back(task.digest());
  all.train.push_back({reader.inputs(task, task.train), task.train.targets_N, classes_CD});
  all.measured.push_back({reader.inputs(task, measured), measured.targets_N, classes_CD});
  all.train_unit.push_back(unit(all.train.back()));
  all.measured_unit.push_back(unit(all.measured.back()));
}

Tensor reference_unit(const StreamConfig& stream, const TextReader& reader,
                      const PretrainedEncoder& encoder) {
  std::vector<std::string> reference = read_lines(stream.reference, "utf-8");
  std::erase_if(reference, [](const std::string& line) {
    return line.find_first_not_of(" \t\r") == std::string::npos;
  });
  if (reference.size() < 2)
    throw UserError("stream.reference = \"{}\": {} texts; expected two at least", stream.reference,
                    reference.size());
  return embed_texts(encoder, reader.ids(reference, stream.longest)).to(encoder.device());
}

}  // namespace

StreamSamples read_stream(const ContinualRecipe& recipe, const ContinualProgress& progress,
                          const fs::path& data_root, const StreamEncoder& encoder) {
  const StreamConfig& stream = recipe.stream;
  StreamSamples all;
  if (encoder.images) {
    const ImageReader reader(*encoder.images);
    for (const ImageTask& task : load_images(recipe, progress, data_root))
      add_task(task, on_valid(stream), reader, *encoder.images, all);
    return all;
  }
  const TextReader reader(stream, *encoder.texts);
  for (const TextTask& task : load_texts(recipe, progress, data_root))
    add_task(task, on_valid(stream), reader, *encoder.texts, all);
  if (!stream.reference.empty())
    all.reference_unit = reference_unit(stream, reader, *encoder.texts);
  return all;
}

void check_same_tasks(const ContinualRecipe& recipe, const ContinualProgress& progress,
                      const fs::path& data_root, const StreamEncoder& encoder) {
  if (encoder.images)
    load_images(recipe, progress, data_root);
  else
    load_texts(recipe, progress, data_root);
}

}  // namespace moestro
