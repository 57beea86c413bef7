// The message of what an action throws.
#pragma once

#include <string>

namespace moestro::testing {

// "(nothing thrown)" when nothing is; an exception of another type goes on and fails the test.
template <class Exception, class Action>
std::string thrown(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

}  // namespace moestro::testing
