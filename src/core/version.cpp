#include "moestro/core/version.h"

#include "version_value.h"

namespace moestro {

const char* version() {
  return MOESTRO_VERSION_STRING;
}

const char* libtorch_version() {
  return MOESTRO_BUILT_FOR_LIBTORCH;
}

}  // namespace moestro
