// A small recipe that has every type, range and condition.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/schema.h"
#include "thrown.h"

namespace moestro::testing {

using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

struct Recipe {
  Recipe() {
    Section& data = schema.section("data", "Where samples come from.");
    data.field("path", path, "an own set");
    data.field("format", format, "what data.path holds")
        .one_of({"idx", "csv"})
        .only_when("data.path", {"*"});
    data.field("header", header, "a first row | or none").only_when("data.format", {"csv"});
    data.field("name", name, "a known set").only_when("data.path", {""});
    data.field("batch", batch, "rows in one step").at_least(1);
    Section& expert = schema.section("expert", "What an expert is.");
    expert.field("count", count, "experts").at_least(1);
    expert.field("layers", layers, "of one expert");
    Section& gate = schema.section("gate", "What chooses.");
    gate.field("kind", kind, "of gate").one_of({"softmax", "switch", "topk"});
    gate.field("k", k, "chosen").at_least(1).only_when("gate.kind", {"topk"});
    gate.field("layers", gate_layers, "of the gate");
    Section& train = schema.section("train", "How.");
    train.field("rate", rate, "of learning").above(0).below(10);
    train.field("weights", weights, "of classes");
  }

  std::string parse(const std::string& toml) {
    return thrown<UserError>([&] { schema.parse_text(toml, "x.toml"); });
  }
  std::string set(const std::string& assignment) {
    return thrown<UserError>([&] { schema.set(assignment); });
  }
  std::string effects() {
    return thrown<UserError>([&] { schema.check_effects(); });
  }

  std::string path, format = "csv", name = "digits", kind = "softmax";
  bool header = true;
  int64_t batch = 128, count = 4, k = 2;
  double rate = .1;
  Texts layers = {"linear 64", "relu"}, gate_layers;
  Numbers weights;
  Schema schema;
};

inline const std::string kFine = "(nothing thrown)";

}  // namespace moestro::testing
