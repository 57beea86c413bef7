#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/embeddings.h"
#include "moestro/lifecycle/predictions.h"
#include "moestro/lifecycle/stream_predictions.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/report/continual_record.h"
#include "moestro/store/hugging_face.h"
#include "verb.h"

namespace moestro {
namespace {

struct PredictFlags {
  std::string run, data, out, precision, task;
  bool hard = false;
};

void refuse_precision(const PredictFlags& flags) {
  if (!flags.precision.empty())
    throw UserError(
        "--precision: a run has that of its recipe; expected it with a pre-trained "
        "encoder only");
}

void refuse_task(const PredictFlags& flags) {
  if (!flags.task.empty())
    throw UserError("--task: {} has no tasks; expected it with a run of `moestro continual` only",
                    flags.run);
}

void refuse_hard(const PredictFlags& flags) {
  if (flags.hard)
    throw UserError(
        "--hard: {} is no mixture of whole networks; expected it with a run of one only",
        flags.run);
}

void predict_by_stream(const PredictFlags& flags, const CommonFlags& common) {
  refuse_precision(flags);
  refuse_hard(flags);
  const int64_t rows = predict_with_stream({.run = flags.run,
                                            .rows = flags.data,
                                            .out = flags.out,
                                            .task = flags.task,
                                            .data_root = common.data_root,
                                            .device = common.device,
                                            .threads = common.threads});
  log_info("{}: {} predictions", flags.out, rows);
}

void predict(const PredictFlags& flags, const CommonFlags& common) {
  refuse_precision(flags);
  TrainedRun run(flags.run, common.device, common.threads);
  refuse_task(flags);
  if (flags.hard) run.choose_one();
  const Responder responder = run.responder();
  check_predictions_name(flags.out, responder.translates());
  check_can_predict(run.recipe());
  const Dataset rows = run.rows(flags.data, common.data_root, Targets::optional);
  if (responder.translates())
    write_translations(flags.out, responder.translate(rows));
  else
    write_predictions(flags.out, run.evaluate(rows), run.data());
  log_info("{}: {} predictions", flags.out, rows.rows());
}

void embed(const PredictFlags& flags, const CommonFlags& common) {
  refuse_task(flags);
  refuse_hard(flags);
  if (!common.data_root.empty())
    throw UserError("--data-root: an encoder's texts are a file; expected it with a run only");
  EmbeddingOptions options{.model = flags.run, .texts = flags.data, .out = flags.out};
  if (!common.device.empty()) options.device = common.device;
  if (!flags.precision.empty()) options.precision = flags.precision;
  if (common.threads > 0) options.threads = common.threads;
  const int64_t texts = embed_file(options);
  log_info("{}: {} embeddings", flags.out, texts);
}

}  // namespace

void add_predict(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(
      app, "predict",
      "what a run answers for new rows, and which expert answered; translations; or the "
      "sentence vectors of a pre-trained encoder",
      "  moestro predict runs/mnist --data my-digits-images-idx3-ubyte --out answers.csv\n"
      "  moestro predict runs/houses --data new.csv --out answers.safetensors\n"
      "  moestro predict runs/multi30k-en-de --data english.txt --out german.txt\n"
      "  moestro predict runs/text-stream --data texts.txt --out answers.csv --task sst-2\n"
      "  moestro predict all-MiniLM-L6-v2 --data texts.txt --out vectors.safetensors\n"
      "  moestro predict all-MiniLM-L6-v2 --data ids.safetensors --out vectors.safetensors"
      "    (ids: scripts/tokenize.py)");
  auto flags = std::make_shared<PredictFlags>();
  add_argument(*verb, "RUN|ENCODER", flags->run,
               "a run folder; or the Hugging Face folder of a BERT");
  verb->add_option("--data", flags->data,
                   "rows to answer for; of a stream of texts and of an encoder: FILE.txt with a "
                   "text a line; of the latter also token ids")
      ->required()
      ->type_name("NAME|PATH");
  verb->add_option("--out", flags->out,
                   "FILE.csv or FILE.safetensors; vectors: the latter; translations: FILE.txt")
      ->required()
      ->type_name("FILE");
  verb->add_option("--task", flags->task,
                   "of a stream: which of its tasks all rows are of; chosen row by row where not "
                   "said")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        return name.empty() ? std::string("expected the name of a task") : std::string();
      });
  verb->add_flag(
      "--hard", flags->hard,
      "of a mixture of whole networks: the expert that the gate gives most answers for a "
      "row alone, and no other one is computed");
  verb->add_option("--precision", flags->precision, "of an encoder; float32 where not said")
      ->check(CLI::IsMember({"float32", "bf16"}))
      ->type_name("");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  verb->callback([flags, &common] {
    if (is_hugging_face_folder(flags->run))
      embed(*flags, common);
    else if (is_continual(flags->run))
      predict_by_stream(*flags, common);
    else
      predict(*flags, common);
  });
}

}  // namespace moestro
