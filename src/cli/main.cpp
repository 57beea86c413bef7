#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <c10/util/Exception.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/memory.h"
#include "moestro/core/suggest.h"
#include "moestro/core/version.h"
#include "verb.h"

namespace moestro {
namespace {

constexpr const char* kMeaning =
    "Moestro: train mixtures of experts, and see what each expert learned.";
constexpr const char* kExamples =
    "Examples:\n"
    "  moestro demo                                    three models on Fashion-MNIST, and one "
    "folded\n"
    "  moestro train recipes/mnist.toml                writes runs/mnist and its report.html\n"
    "  moestro train recipes/mnist.toml --set expert.count=10 --out runs/ten\n"
    "  moestro inspect runs/mnist                      what each expert learned\n"
    "`moestro VERB --help` explains a verb, `moestro config` every key of a recipe.";

// What a verb printed may still be on its way to a full disk.
void flush_results() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throw std::system_error(errno, std::generic_category(), "cannot write to standard output");
}

int bug(std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  log_error_line(fmt::format("bug in Moestro (please report it): {}", message));
  return kExitBug;
}

// The one place where errors become exit codes.
int guarded(const std::function<void()>& run) {
  try {
    run();
    flush_results();
    return kExitOk;
  } catch (const UserError& error) {
    log_error_line(error.what());
    return kExitUser;
  } catch (const SystemError& error) {
    log_error_line(error.what());
    return kExitSystem;
  } catch (const Interrupted& stop) {
    log_line(LogLevel::info, stop.what());
    return kExitInterrupted;
  } catch (const std::bad_alloc&) {
    log_error_line("out of memory");
    return kExitSystem;
  } catch (const std::system_error& error) {  // std::filesystem's among them
    log_error_line(error.what());
    return kExitSystem;
  } catch (const c10::OutOfMemoryError&) {
    log_error_line("out of memory on the device; a smaller data.batch may fit");
    return kExitSystem;
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) return bug(error.what_without_backtrace());
    log_error_line("out of memory; a smaller model or data.batch may fit");
    return kExitSystem;
  } catch (const std::exception& error) {
    return bug(error.what());
  }
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

// CLI11 would only say that a verb is required. The flags that may stand before it take no value.
void check_verb(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::vector<std::string> verbs = verb_names(app);
  const auto word = std::find_if(arguments.begin(), arguments.end(),
                                 [](const std::string& text) { return !text.starts_with('-'); });
  if (word != arguments.end() && std::find(verbs.begin(), verbs.end(), *word) == verbs.end())
    throw UserError("unknown verb \"{}\"{}; `moestro --help` shows them all", *word,
                    suggestion(*word, verbs));
}

std::string unexpected(const CLI::App& app, const CLI::App& verb) {
  const std::vector<std::string> words = app.remaining(/*recurse=*/true);
  const auto flag = std::find_if(words.begin(), words.end(),
                                 [](const std::string& word) { return word.starts_with('-'); });
  if (flag == words.end()) return fmt::format("unexpected argument \"{}\"", words.front());
  const std::string name = flag->substr(0, flag->find('='));
  std::vector<std::string> known;
  for (const CLI::App* level : {&verb, &app})
    for (const CLI::Option* option : level->get_options())
      if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
  return fmt::format("unknown flag \"{}\"{}", name, suggestion(name, known));
}

void parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);
  } catch (const CLI::ParseError& error) {
    const std::vector<CLI::App*> verbs = app.get_subcommands();
    if (verbs.empty() && dynamic_cast<const CLI::RequiredError*>(&error))
      throw UserError("no verb; expected one of {}; `moestro --help` explains them",
                      joined(verb_names(app)));
    const CLI::App& verb = verbs.empty() ? app : *verbs.front();
    const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    throw UserError("{}; `{} --help` shows what can be given",
                    extra ? unexpected(app, verb) : error.what(),
                    verbs.empty() ? "moestro" : "moestro " + verb.get_name());
  }
}

int run(int argc, char** argv) {
  CLI::App app(kMeaning, "moestro");
  CommonFlags common;
  app.set_help_flag("-h,--help", "show this help");
  app.set_version_flag("--version", std::string("moestro ") + version(), "show the version");
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.get_formatter()->label("REQUIRED", "(required)");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.fallthrough();
  auto* verbose = app.add_flag("--verbose", common.verbose, "say which kernels were chosen");
  app.add_flag("--quiet", common.quiet, "warnings and errors only")->excludes(verbose);
  app.parse_complete_callback([&common] {
    set_log_level(common.verbose ? LogLevel::verbose
                  : common.quiet ? LogLevel::quiet
                                 : LogLevel::info);
  });
  for (const auto add : {add_train, add_continual, add_densify, add_eval, add_predict, add_export,
                         add_inspect, add_study, add_report, add_data, add_config, add_demo})
    add(app, common);
  return guarded([&] {
    check_verb(app, {argv + 1, argv + argc});
    parse(app, argc, argv);
  });
}

}  // namespace
}  // namespace moestro

int main(int argc, char** argv) {
  moestro::keep_freed_memory();
  return moestro::run(argc, argv);
}
