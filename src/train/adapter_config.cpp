#include "moestro/train/adapter_config.h"

#include "moestro/core/error.h"
#include "moestro/core/schema.h"

namespace moestro {
namespace {

constexpr double kLeastNoise = .01;  // of a gate's scores; known (arXiv 2403.11549)

}  // namespace

void describe(Schema& schema, AdapterConfig& adapter) {
  Section& section =
      schema.section("adapter", "Small experts beside every block of a frozen encoder.");
  section
      .field("kind", adapter.kind,
             "mixture: a noisy top-k gate of every task chooses among all experts. To compare "
             "with: own: every task has one expert a layer for itself, frozen after it; none: no "
             "adapters, every task trains a copy of the encoder, in float32 (fine-tuning)")
      .one_of({"mixture", "own", "none"});
  const std::vector<std::string> any = {"mixture", "own"};
  section
      .field("experts", adapter.experts, "experts of every layer at the start, for all tasks alike")
      .at_least(1)
      .only_when("adapter.kind", any);
  section.field("hidden", adapter.hidden, "hidden units of an expert")
      .at_least(1)
      .only_when("adapter.kind", any);
  section
      .field("k", adapter.k, "experts that a task's gate chooses for a sample, at most all of them")
      .at_least(1)
      .only_when("adapter.kind", {"mixture"});
  section
      .field("dropout", adapter.dropout,
             "share of the hidden units left out in training, not of frozen experts")
      .at_least(0)
      .below(1)
      .only_when("adapter.kind", any);
  section
      .field("start", adapter.start,
             "factor on the initial weights of the gates: at 0 every expert begins with the same "
             "share")
      .at_least(0)
      .only_when("adapter.kind", {"mixture"});
  section.field("scale", adapter.scale, "factor on what a layer adds")
      .above(0)
      .only_when("adapter.kind", any);
  section
      .field("freeze", adapter.freeze,
             "so many of the experts that a task used most are frozen after it, in every layer; "
             "those that are already frozen count among them")
      .at_least(0)
      .only_when("adapter.kind", {"mixture"});
  section
      .field("shared", adapter.shared,
             "experts of a layer that every sample of every task meets, besides those chosen")
      .at_least(0)
      .only_when("adapter.kind", any);
  section
      .field(
          "shared_layers", adapter.shared_layers,
          "beside so many of the first blocks stands one expert, which all tasks learn and meet, "
          "in the place of a mixture; never frozen")
      .at_least(0)
      .only_when("adapter.kind", any);
  section
      .field("grow", adapter.grow,
             "experts appended to a layer before a task, as often as it takes until adapter.k are "
             "not frozen; 0: none, and a task may find nothing to learn but its gate")
      .at_least(0)
      .only_when("adapter.freeze", {"*"});
}

void check_adapter(const AdapterConfig& adapter, const Schema& schema) {
  const auto at_most_all = [&](const char* key, int64_t value) {
    if (value > adapter.experts)
      throw UserError("{} = {}; expected at most adapter.experts = {}", schema.where(key), value,
                      adapter.experts);
  };
  if (adapter.kind != "mixture") return;
  at_most_all("adapter.k", adapter.k);
  at_most_all("adapter.freeze", adapter.freeze);
}

int64_t frozen_a_task(const AdapterConfig& adapter) {
  return adapter.kind == "own" ? 1 : adapter.freeze;
}

int64_t appended_at_once(const AdapterConfig& adapter) {
  return adapter.kind == "own" ? 1 : adapter.grow;
}

AdapterShape adapter_shape(const AdapterConfig& adapter) {
  AdapterShape shape;
  shape.experts = adapter.experts;
  shape.hidden = adapter.hidden;
  shape.dropout = adapter.dropout;
  shape.scale = adapter.scale;
  shape.shared = adapter.shared;
  if (adapter.kind == "own") shape.choice = AdapterShape::Choice::own;
  shape.gate = {
      .kind = "noisy_topk", .start = adapter.start, .k = adapter.k, .least_noise = kLeastNoise};
  return shape;
}

}  // namespace moestro
