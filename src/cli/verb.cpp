#include "verb.h"

namespace moestro {

CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& meaning,
                   const std::string& examples) {
  CLI::App* verb = app.add_subcommand(name, meaning);
  verb->footer("Examples:\n" + examples);
  return verb;
}

void add_data_root(CLI::App& verb, CommonFlags& common) {
  verb.add_option("--data-root", common.data_root,
                  "folder of the data sets (default: $MOESTRO_DATA, ./data, the system's own)")
      ->type_name("DIR");
}

void add_compute(CLI::App& verb, CommonFlags& common) {
  verb.add_option("--device", common.device, "auto, cpu or cuda (default: as the recipe says)")
      ->type_name("NAME");
  verb.add_option("--threads", common.threads, "CPU threads; 0: as many as LibTorch takes")
      ->type_name("N");
}

void add_json(CLI::App& verb, CommonFlags& common) {
  verb.add_flag("--json", common.json, "print JSON on stdout");
}

}  // namespace moestro
