// A study of streams: two tasks of texts beside a tiny encoder.
#pragma once

#include <filesystem>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "data/task_fixture.h"
#include "lifecycle/tiny_encoder.h"

namespace moestro::testing {

// In `folder`: encoder/, first.toml and second.toml with their texts, a quarter of them held out
// for validation, and stream.toml, which names them by paths that begin with `prefix`.
inline void put_stream(const std::filesystem::path& folder, const std::string& prefix) {
  put_tiny_encoder(folder / "encoder");
  const auto texts = [](char bad, char good, int from, int rows) {
    std::string text;
    for (int n = from; n < from + rows; ++n)
      text += fmt::format("{0} {0} {1} {2}\tbad\n{3} {3} {1} {2}\tgood\n", bad, char('g' + n % 19),
                          char('g' + n / 19), good);
    return text;
  };
  for (const auto& [name, bad, good] : {std::tuple{"first", 'a', 'b'}, {"second", 'c', 'd'}}) {
    put(folder / fmt::format("{}-train.tsv", name), texts(bad, good, 0, 20));
    put(folder / fmt::format("{}-test.tsv", name), texts(bad, good, 30, 10));
    put(folder / fmt::format("{}.toml", name),
        fmt::format("[prompts]\nbad = \"x w v\"\ngood = \"z y\"\n[data]\npath = "
                    "\"{0}{1}-train.tsv\"\ntest_path = \"{0}{1}-test.tsv\"\nformat = \"tsv\"\n"
                    "validation = 0.25\n",
                    prefix, name));
  }
  put(folder / "stream.toml",
      fmt::format("[stream]\nencoder = \"{0}encoder\"\ntasks = [\"{0}first.toml\", "
                  "\"{0}second.toml\"]\nsteps = 10\nbatch = 8\n[adapter]\nexperts = 5\n"
                  "hidden = 8\n[merge]\nevery = 3\nfirst = 3\nlast = 9\n[train]\nrate = 0.03\n"
                  "device = \"cpu\"\nthreads = 1\n",
                  prefix));
}

}  // namespace moestro::testing
