// The "schema" of our JSON files: it rises when an old reader would misread a new file.
#pragma once

#include <fmt/format.h>

#include "json_view.h"
#include "moestro/core/version.h"

namespace moestro {

inline void check_schema(const JsonView& view, int64_t known) {
  const int64_t schema = view.integer("schema", known);
  if (schema > known)
    view.fail(fmt::format("schema {} is of a later version; Moestro {} reads up to {}", schema,
                          version(), known));
}

}  // namespace moestro
