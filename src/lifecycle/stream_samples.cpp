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

// load: task files of one stream -> tasks.
template <class Load>
auto load_tasks(const StreamConfig& stream, int64_t streamed, const Load& load) {
  const Files files(stream.tasks.begin(), stream.tasks.end());
  auto tasks = load(Files(files.begin(), files.begin() + streamed));
  for (size_t t = static_cast<size_t>(streamed); t < files.size(); ++t) {
    auto task = std::move(load({files[t]}).front());
    const auto is_twin = [&](const auto& other) { return other.name == task.name; };
    if (std::ranges::any_of(tasks, is_twin))
      throw UserError("{}: task \"{}\" is there already; expected another task.name",
                      files[t].string(), task.name);
    tasks.push_back(std::move(task));
  }
  return tasks;
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
  const std::vector<std::string> reference = read_lines(stream.reference, "utf-8");
  if (reference.size() < 2)
    throw UserError("stream.reference = \"{}\": {} lines; expected two texts at least",
                    stream.reference, reference.size());
  return embed_texts(encoder, reader.ids(reference, stream.longest)).to(encoder.device());
}

}  // namespace

StreamSamples read_stream(const StreamConfig& stream, int64_t streamed, const fs::path& data_root,
                          uint64_t seed, const StreamEncoder& encoder) {
  const bool on_valid = stream.rows == "valid";
  const StreamLimits limits{.samples_a_class = stream.samples,
                            .most_train = stream.most,
                            .most_test = stream.most_test,
                            .hold_out = on_valid,
                            .support_a_class = stream.support};
  StreamSamples all;
  if (encoder.images) {
    const ImageReader reader(*encoder.images);
    for (const ImageTask& task : load_tasks(stream, streamed, [&](const Files& files) {
           return load_image_stream(files, data_root, limits, seed);
         }))
      add_task(task, on_valid, reader, *encoder.images, all);
    return all;
  }
  const TextReader reader(stream, *encoder.texts);
  for (const TextTask& task : load_tasks(stream, streamed, [&](const Files& files) {
         return load_task_stream(files, data_root, limits, seed);
       }))
    add_task(task, on_valid, reader, *encoder.texts, all);
  if (!stream.reference.empty())
    all.reference_unit = reference_unit(stream, reader, *encoder.texts);
  return all;
}

}  // namespace moestro
