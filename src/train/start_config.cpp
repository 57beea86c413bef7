#include "moestro/train/start_config.h"

#include "moestro/core/schema.h"

namespace moestro {

void describe(Schema& schema, StartConfig& start) {
  Section& section = schema.section(
      "start", "What is taken over from another run, which is also the teacher of the gate.");
  section.field("run", start.run, "the folder of a finished run; empty: every weight is drawn")
      .only_when("model.kind", {"mixture"});
  section
      .field("experts", start.experts,
             "draw: new ones; copy: begin with the experts of start.run; freeze: keep them as they "
             "are there")
      .one_of({"draw", "copy", "freeze"})
      .only_when("start.run", {"*"});
  section
      .field("gate", start.gate,
             "the same for the gate; trunk: begin with every tensor of its network that has the "
             "same name and shape here, and draw the last layer")
      .one_of({"draw", "copy", "freeze", "trunk"})
      .only_when("start.run", {"*"});
}

}  // namespace moestro
