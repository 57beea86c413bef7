// A folder with train.csv, test.csv and toy.toml in it, and the program run there.
#pragma once

#include <gtest/gtest.h>

#include "cli/program.h"
#include "lifecycle/made_up.h"

namespace moestro::testing {

class ProgramTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  ProgramTest() {
    put(folder_ / "train.csv", corners_csv(160, 1));
    put(folder_ / "test.csv", corners_csv(60, 2));
    put(folder_ / "toy.toml", corners_recipe("."));
  }

  ProgramOptions options() const {
    ProgramOptions options;
    options.working_folder = folder_.path();
    return options;
  }

  Outcome moestro(const Words& arguments) const { return run_program(arguments, options()); }

  Outcome train(const Words& more = {}) const {
    Words arguments = {"train", "toy.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return moestro(arguments);
  }

  TemporaryFolder folder_;
};

// One line on stderr, "error: " and the given parts, nothing on stdout, and this exit code.
inline ::testing::AssertionResult fails(const Outcome& outcome, int exit_code,
                                        const std::vector<std::string>& parts) {
  const auto failure = [&](const std::string& what) {
    return ::testing::AssertionFailure()
           << what << "; exit code " << outcome.exit_code << ", signal " << outcome.signal
           << ", stdout \"" << outcome.out << "\", stderr \"" << outcome.err << '"';
  };
  if (outcome.exit_code != exit_code) return failure(fmt::format("not exit code {}", exit_code));
  if (!outcome.out.empty()) return failure("something on stdout");
  if (!outcome.err.starts_with("error: ")) return failure("no \"error: \"");
  if (outcome.err.find('\n') != outcome.err.size() - 1) return failure("not one line");
  for (const std::string& part : parts)
    if (outcome.err.find(part) == std::string::npos) return failure("no \"" + part + "\"");
  return ::testing::AssertionSuccess();
}

inline ::testing::AssertionResult succeeds(const Outcome& outcome) {
  if (outcome.exit_code == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "exit code " << outcome.exit_code << ", signal "
                                       << outcome.signal << ", stderr \"" << outcome.err << '"';
}

}  // namespace moestro::testing
