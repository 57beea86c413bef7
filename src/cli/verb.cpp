#include "verb.h"

#include <charconv>

#include <fmt/format.h>

namespace moestro {

CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& meaning,
                   const std::string& examples) {
  CLI::App* verb = app.add_subcommand(name, meaning);
  verb->group("Verbs");
  verb->footer("Examples:\n" + examples + "\n--quiet and --verbose go with every verb.");
  return verb;
}

CLI::Option* add_argument(CLI::App& verb, const std::string& name, std::string& value,
                          const std::string& meaning) {
  const auto not_empty = [](const std::string& text) {
    return text.empty() ? std::string("\"\"; expected a file or a folder") : std::string();
  };
  return verb.add_option(name, value, meaning)->required()->type_name("")->check(not_empty);
}

CLI::Validator at_least(int64_t least) {
  const auto check = [least](const std::string& text) -> std::string {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end && value >= least) return "";
    return fmt::format("{}; expected a whole number, at least {}", text, least);
  };
  return CLI::Validator(check, "");
}

void add_data_root(CLI::App& verb, CommonFlags& common) {
  verb.add_option("--data-root", common.data_root,
                  "folder of the data sets (default: $MOESTRO_DATA, ./data, the system's own)")
      ->type_name("DIR");
}

void add_device(CLI::App& verb, CommonFlags& common) {
  verb.add_option("--device", common.device, "auto, cpu or cuda (default: as the recipe says)")
      ->type_name("NAME");
}

void add_threads(CLI::App& verb, CommonFlags& common, const std::string& meaning) {
  verb.add_option("--threads", common.threads, meaning)->check(at_least(0))->type_name("N");
}

void add_compute(CLI::App& verb, CommonFlags& common) {
  add_device(verb, common);
  add_threads(verb, common, "CPU threads; 0: as many as LibTorch takes");
}

void add_json(CLI::App& verb, CommonFlags& common) {
  verb.add_flag("--json", common.json, "print JSON on stdout");
}

void add_set(CLI::App& verb, std::vector<std::string>& assignments, const std::string& meaning) {
  verb.add_option("--set", assignments, meaning + "; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1);
}

std::vector<Assignment> assignments_of(const std::vector<std::string>& set,
                                       const CommonFlags& common) {
  std::vector<Assignment> assignments;
  for (const std::string& text : set) assignments.push_back({text, "--set"});
  if (!common.device.empty()) assignments.push_back({"train.device=" + common.device, "--device"});
  if (common.threads >= 0)
    assignments.push_back({fmt::format("train.threads={}", common.threads), "--threads"});
  return assignments;
}

}  // namespace moestro
