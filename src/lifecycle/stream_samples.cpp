#include "stream_samples.h"

#include <algorithm>
#include <map>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/fit_images.h"
#include "moestro/data/task_stream.h"
#include "moestro/data/text_file.h"
#include "moestro/data/word_pieces.h"
#include "moestro/lifecycle/embeddings.h"

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

// Two texts may differ and be the same pieces, unknown words above all.
void check_different(const TextTask& task, const TokenIds& prompts) {
  std::map<std::vector<int64_t>, int64_t> seen;
  const auto* ids = prompts.ids_M.const_data_ptr<int64_t>();
  const auto* offsets = prompts.offsets_S.const_data_ptr<int64_t>();
  for (int64_t c = 0; c < task.classes(); ++c) {
    const auto [twin, is_new] =
        seen.emplace(std::vector(ids + offsets[c], ids + offsets[c + 1]), c);
    if (!is_new)
      throw UserError(
          "{}: the encoder sees no difference between the prompts of {} and {}; "
          "expected other words",
          task.name, task.class_names[static_cast<size_t>(twin->second)],
          task.class_names[static_cast<size_t>(c)]);
  }
}

// Unit vectors of rows of the classes, their normalised means.
Tensor class_means(const Tensor& unit_ND, const Tensor& targets_N, int64_t classes) {
  const Tensor sum_CD = at::zeros({classes, unit_ND.size(1)}, at::kDouble)
                            .index_add_(0, targets_N, unit_ND.cpu().to(at::kDouble));
  return sum_CD.div(sum_CD.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12)).to(at::kFloat);
}

class TextReader {
 public:
  TextReader(const StreamConfig& stream, const PretrainedEncoder& encoder)
      : stream_(stream), encoder_(encoder), pieces_(stream.encoder) {
    check_fits(stream.encoder, pieces_, encoder);
  }

  TokenIds ids(const std::vector<std::string>& texts, int64_t longest) const {
    return encode_texts(pieces_, texts, std::min(longest, encoder_.longest()));
  }
  Tensor class_vectors(const TextTask& task) const {
    const TokenIds prompts = ids(task.prompts, encoder_.longest());
    check_different(task, prompts);
    return embed_texts(encoder_, prompts);
  }
  std::shared_ptr<const EncoderInputs> inputs(const TextTask& task,
                                              const LabelledTexts& part) const {
    const int64_t longest = task.longest > 0 ? task.longest : stream_.longest;
    return std::make_shared<TextInputs>(ids(part.texts, longest));
  }

 private:
  const StreamConfig& stream_;
  const PretrainedEncoder& encoder_;
  WordPieces pieces_;
};

class ImageReader {
 public:
  explicit ImageReader(const ImageEncoder& encoder) : encoder_(encoder) {}

  Tensor class_vectors(const ImageTask& task) const {
    return class_means(embed_all(encoder_, *inputs(task, task.support)), task.support.targets_N,
                       task.classes());
  }
  std::shared_ptr<const EncoderInputs> inputs(const ImageTask& task,
                                              const LabelledImages& part) const {
    try {
      return std::make_shared<ImageInputs>(fit_images(part.pixels_NCHW, encoder_.image_shape()),
                                           encoder_.tokens());
    } catch (const UserError& error) {
      throw UserError("task \"{}\": {}", task.name, error.what());
    }
  }

 private:
  const ImageEncoder& encoder_;
};

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
  all.names.push_back(task.name);
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
