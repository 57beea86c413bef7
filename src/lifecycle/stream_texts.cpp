#include "stream_texts.h"

#include <algorithm>
#include <map>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/text_file.h"
#include "moestro/data/word_pieces.h"
#include "moestro/lifecycle/embeddings.h"
#include "moestro/store/digest.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

std::vector<TextTask> load_tasks(const StreamConfig& stream, int64_t streamed,
                                 const fs::path& data_root, uint64_t seed) {
  const StreamLimits limits{.samples_a_class = stream.samples,
                            .most_train = stream.most,
                            .most_test = stream.most_test,
                            .hold_out = stream.rows == "valid"};
  const std::vector<fs::path> first(stream.tasks.begin(), stream.tasks.begin() + streamed);
  std::vector<TextTask> tasks = load_task_stream(first, data_root, limits, seed);
  for (size_t t = first.size(); t < stream.tasks.size(); ++t) {
    TextTask task = load_task(stream.tasks[t], data_root, limits, seed);
    if (std::ranges::find(tasks, task.name, &TextTask::name) != tasks.end())
      throw UserError("{}: task \"{}\" is there already; expected another task.name",
                      stream.tasks[t], task.name);
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

// Texts to ids and vectors.
class Reader {
 public:
  Reader(const StreamConfig& stream, const PretrainedEncoder& encoder)
      : stream_(stream), encoder_(encoder), pieces_(stream.encoder) {
    check_fits(stream.encoder, pieces_, encoder);
  }

  Tensor unit(const TokenIds& texts) const {
    return embed_texts(encoder_, texts).to(encoder_.device());
  }

  TokenIds ids(const std::vector<std::string>& texts, int64_t longest) const {
    return encode_texts(pieces_, texts, std::min(longest, encoder_.longest()));
  }

  TaskTexts read(const TextTask& task, const LabelledTexts& texts, const Tensor& prompts_CD) const {
    const int64_t longest = task.longest > 0 ? task.longest : stream_.longest;
    return {ids(texts.texts, longest), texts.targets_N, prompts_CD};
  }

 private:
  const StreamConfig& stream_;
  const PretrainedEncoder& encoder_;
  WordPieces pieces_;
};

}  // namespace

std::string encoder_digest(const fs::path& folder) {
  std::string digests;
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json", "vocab.txt"}) {
    std::error_code none;
    if (fs::exists(folder / name, none)) digests += sha256_of_file(folder / name);
  }
  return sha256_hex(digests);
}

StreamTexts read_stream(const StreamConfig& stream, int64_t streamed, const fs::path& data_root,
                        uint64_t seed, const PretrainedEncoder& encoder) {
  const Reader reader(stream, encoder);
  StreamTexts all;
  for (const TextTask& task : load_tasks(stream, streamed, data_root, seed)) {
    const LabelledTexts& measured = stream.rows == "valid" ? task.valid : task.test;
    if (measured.rows() == 0)
      throw UserError(
          "{}: no rows are held out; expected data.validation above 0, for "
          "stream.rows = \"valid\"",
          task.name);
    if (task.train.rows() < 2)
      throw UserError("{}: one training text is left; expected two at least", task.name);
    log_verbose("{}: {} classes, {} training rows, {} measured, {} dropped", task.name,
                task.classes(), task.train.rows(), measured.rows(), task.dropped);
    const TokenIds prompts = reader.ids(task.prompts, encoder.longest());
    check_different(task, prompts);
    const Tensor prompts_CD = reader.unit(prompts);
    all.names.push_back(task.name);
    all.digests.push_back(task.digest());
    all.train.push_back(reader.read(task, task.train, prompts_CD));
    all.measured.push_back(reader.read(task, measured, prompts_CD));
    all.train_unit.push_back(reader.unit(all.train.back().texts));
    all.measured_unit.push_back(reader.unit(all.measured.back().texts));
  }
  if (stream.reference.empty()) return all;
  const std::vector<std::string> reference = read_lines(stream.reference, "utf-8");
  if (reference.size() < 2)
    throw UserError("stream.reference = \"{}\": {} lines; expected two texts at least",
                    stream.reference, reference.size());
  all.reference_unit = reader.unit(reader.ids(reference, stream.longest));
  return all;
}

}  // namespace moestro
