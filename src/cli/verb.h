// What every verb has in common: its place on the command line and the flags it shares with others.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "moestro/study/plan.h"

namespace moestro {

struct CommonFlags {
  std::string data_root;
  std::string device;    // empty: the recipe's
  int64_t threads = -1;  // -1: the recipe's
  bool verbose = false, quiet = false, json = false;
};

// Adds a verb with its help text and examples; its callback is called once all is parsed.
CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& meaning,
                   const std::string& examples);
// A positional argument, which must be given.
CLI::Option* add_argument(CLI::App& verb, const std::string& name, std::string& value,
                          const std::string& meaning);
// For options that take a whole number.
CLI::Validator at_least(int64_t least);

void add_train(CLI::App& app, CommonFlags& common);
void add_eval(CLI::App& app, CommonFlags& common);
void add_predict(CLI::App& app, CommonFlags& common);
void add_export(CLI::App& app, CommonFlags& common);
void add_inspect(CLI::App& app, CommonFlags& common);
void add_report(CLI::App& app, CommonFlags& common);
void add_data(CLI::App& app, CommonFlags& common);
void add_config(CLI::App& app, CommonFlags& common);
void add_demo(CLI::App& app, CommonFlags& common);
void add_continual(CLI::App& app, CommonFlags& common);
void add_densify(CLI::App& app, CommonFlags& common);
void add_study(CLI::App& app, CommonFlags& common);

// Shared flags, added by the verbs they have an effect on.
void add_data_root(CLI::App& verb, CommonFlags& common);
void add_device(CLI::App& verb, CommonFlags& common);
void add_threads(CLI::App& verb, CommonFlags& common, const std::string& meaning);
void add_compute(CLI::App& verb, CommonFlags& common);  // --device, --threads
void add_json(CLI::App& verb, CommonFlags& common);
// --set, as often as one likes.
void add_set(CLI::App& verb, std::vector<std::string>& assignments, const std::string& meaning);

// What --set, --device and --threads change in a recipe, each with the flag that said so.
std::vector<Assignment> assignments_of(const std::vector<std::string>& set,
                                       const CommonFlags& common);

}  // namespace moestro
