#include <algorithm>

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
    "  moestro demo                                    three mixtures on Fashion-MNIST, compared\n"
    "  moestro train recipes/mnist.toml                writes runs/mnist and its report.html\n"
    "  moestro train recipes/mnist.toml --set expert.count=10 --out runs/ten\n"
    "  moestro inspect runs/mnist                      what each expert learned\n"
    "`moestro VERB --help` explains a verb, `moestro config` every key of a recipe.";

// The one place where errors become exit codes.
int guarded(const std::function<void()>& run) {
  try {
    run();
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
  } catch (const c10::OutOfMemoryError&) {
    log_error_line("out of memory on the device; a smaller data.batch may fit");
    return kExitSystem;
  } catch (const c10::Error& error) {
    log_error_line(
        fmt::format("bug in Moestro (please report it): {}", error.what_without_backtrace()));
    return kExitBug;
  } catch (const std::exception& error) {
    log_error_line(fmt::format("bug in Moestro (please report it): {}", error.what()));
    return kExitBug;
  }
}

// CLI11 would only say that a verb is required.
void check_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
  if (std::find(verbs.begin(), verbs.end(), argv[1]) == verbs.end())
    throw UserError("unknown verb \"{}\"{}; `moestro --help` shows them all", argv[1],
                    suggestion(argv[1], verbs));
}

int run(int argc, char** argv) {
  CLI::App app(kMeaning, "moestro");
  CommonFlags common;
  app.set_version_flag("--version", std::string("moestro ") + version());
  app.footer(kExamples);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--verbose", common.verbose, "say which kernels were chosen, and why");
  app.add_flag("--quiet", common.quiet, "warnings and errors only");
  app.parse_complete_callback([&common] {
    set_log_level(common.verbose ? LogLevel::verbose
                  : common.quiet ? LogLevel::quiet
                                 : LogLevel::info);
  });
  for (const auto add :
       {add_train, add_eval, add_predict, add_inspect, add_report, add_data, add_config, add_demo})
    add(app, common);
  return guarded([&] {
    check_verb(app, argc, argv);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& help) {
      app.exit(help);
    } catch (const CLI::ParseError& error) {
      throw UserError("{}; `moestro --help` shows the verbs and flags", error.what());
    }
  });
}

}  // namespace
}  // namespace moestro

int main(int argc, char** argv) {
  return moestro::run(argc, argv);
}
