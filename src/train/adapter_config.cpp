#include "moestro/train/adapter_config.h"

#include "moestro/core/error.h"
#include "moestro/core/schema.h"

namespace moestro {

void describe(Schema& schema, AdapterConfig& adapter) {
  Section& section =
      schema.section("adapter", "Small experts beside every block of a frozen encoder.");
  section
      .field("experts", adapter.experts, "experts of every layer at the start, for all tasks alike")
      .at_least(1);
  section.field("hidden", adapter.hidden, "hidden units of an expert").at_least(1);
  section
      .field("k", adapter.k, "experts that a task's gate chooses for a sample, at most all of them")
      .at_least(1);
  section
      .field("dropout", adapter.dropout,
             "share of the hidden units left out in training, not of frozen experts")
      .at_least(0)
      .below(1);
  section.field("scale", adapter.scale, "factor on what a layer adds").above(0);
  section
      .field("freeze", adapter.freeze,
             "so many of the experts that a task used most are frozen after it, in every layer; "
             "those that are already frozen count among them")
      .at_least(0);
  section.field("shared", adapter.shared, "experts that every sample of every task meets")
      .at_least(0);
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
  at_most_all("adapter.k", adapter.k);
  at_most_all("adapter.freeze", adapter.freeze);
}

AdapterShape adapter_shape(const AdapterConfig& adapter) {
  AdapterShape shape;
  shape.experts = adapter.experts;
  shape.hidden = adapter.hidden;
  shape.dropout = adapter.dropout;
  shape.scale = adapter.scale;
  shape.shared = adapter.shared;
  shape.gate = {.kind = "noisy_topk", .k = adapter.k};
  return shape;
}

}  // namespace moestro
