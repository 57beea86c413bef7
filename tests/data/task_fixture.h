// Files of tasks and their texts.
#pragma once

#include <string>

#include <fmt/format.h>

#include "data/files_fixture.h"

namespace moestro::testing {

// A folder of tasks. Row n of FOLDER/NAME.tsv is "WORD n" with the label "bad" or "good" in turn.
struct TaskFolder {
  TemporaryFolder folder;

  std::string data(const std::string& name, const std::string& word, int rows) const {
    std::string text;
    for (int n = 0; n < rows; ++n)
      text += fmt::format("{} {}\t{}\n", word, n, n % 2 ? "good" : "bad");
    return file(name + ".tsv", text);
  }

  std::string file(const std::string& name, const std::string& text) const {
    put(folder / name, text);
    return folder / name;
  }

  // FOLDER/NAME.toml, with prompts for both labels.
  std::string task(const std::string& name, const std::string& train, const std::string& test,
                   const std::string& more = "validation = 0\n") const {
    return file(name + ".toml",
                fmt::format("[prompts]\nbad = \"a bad thing\"\ngood = \"a good one\"\n"
                            "[data]\npath = \"{}\"\n{}format = \"tsv\"\n{}",
                            train, test.empty() ? "" : "test_path = \"" + test + "\"\n", more));
  }
};

}  // namespace moestro::testing
