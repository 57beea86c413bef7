// The recipe's [start]: what a run takes over from a finished one.
#pragma once

#include <string>

namespace moestro {

class Schema;

struct StartConfig {
  std::string run;               // a run folder; empty: everything is drawn
  std::string experts = "draw";  // draw, copy, freeze
  std::string gate = "draw";     // draw, copy, freeze, trunk
};

void describe(Schema& schema, StartConfig& start);

}  // namespace moestro
