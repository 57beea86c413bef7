#include "moestro/core/log.h"
#include "moestro/lifecycle/export_run.h"
#include "verb.h"

namespace moestro {
namespace {

struct ExportFlags {
  std::string run, out;
  bool force = false;
};

}  // namespace

void add_export(CLI::App& app, CommonFlags&) {
  CLI::App* verb = add_verb(
      app, "export", "a dense run as one file that other programs run",
      "  moestro export runs/demo/one-expert --out one.onnx\n"
      "  moestro export runs/demo/one-expert --out one.safetensors      its weights by name\n"
      "  moestro export runs/demo/one-expert --out one.onnx --force     replaces the file\n"
      "A dense run has expert.count = 1; `moestro densify` makes one of a mixture.");
  auto flags = std::make_shared<ExportFlags>();
  add_argument(*verb, "RUN", flags->run, "the folder of a finished run without a mixture");
  verb->add_option("--out", flags->out,
                   "FILE.onnx (operator set 17: raw inputs to probabilities, or values) or "
                   "FILE.safetensors (weights)")
      ->required()
      ->type_name("FILE");
  verb->add_flag("--force", flags->force, "replace FILE");
  verb->callback([flags] {
    export_run(flags->run, flags->out, flags->force);
    log_info("{}: written", flags->out);
  });
}

}  // namespace moestro
