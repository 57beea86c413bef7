// Prints the version of the installed library and shows that its errors arrive as types.
#include <cstdio>

#include "moestro/core/error.h"
#include "moestro/core/version.h"

int main() {
  std::printf("moestro %s, LibTorch %s\n", moestro::version(), moestro::libtorch_version());
  try {
    throw moestro::UserError("expected");
  } catch (const moestro::UserError& error) {
    std::printf("caught: %s\n", error.what());
    return 0;
  }
  return 1;
}
