#include "moestro/core/log.h"
#include "moestro/lifecycle/predictions.h"
#include "moestro/lifecycle/trained_run.h"
#include "verb.h"

namespace moestro {
namespace {

struct PredictFlags {
  std::string run, data, out;
};

void predict(const PredictFlags& flags, const CommonFlags& common) {
  check_predictions_name(flags.out);
  const TrainedRun run(flags.run, common.device, common.threads);
  check_can_predict(run.recipe());
  const Dataset rows = run.rows(flags.data, common.data_root, Targets::optional);
  write_predictions(flags.out, run.evaluate(rows), run.data());
  log_info("{}: {} predictions", flags.out, rows.rows());
}

}  // namespace

void add_predict(CLI::App& app, CommonFlags& common) {
  CLI::App* verb =
      add_verb(app, "predict", "what a run answers for new rows, and which expert answered",
               "  moestro predict runs/mnist --data my-digits-images-idx3-ubyte --out answers.csv\n"
               "  moestro predict runs/houses --data new.csv --out answers.safetensors");
  auto flags = std::make_shared<PredictFlags>();
  add_argument(*verb, "RUN", flags->run, "a run folder");
  verb->add_option("--data", flags->data, "rows to answer for")->required()->type_name("NAME|PATH");
  verb->add_option("--out", flags->out, "FILE.csv or FILE.safetensors")
      ->required()
      ->type_name("FILE");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  verb->callback([flags, &common] { predict(*flags, common); });
}

}  // namespace moestro
