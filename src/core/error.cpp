#include "moestro/core/error.h"

namespace moestro {

void fail_check(const char* file, int line, const char* condition, const std::string& message) {
  throw InternalError(
      fmt::format("{}:{}: {}{}{}", file, line, condition, message.empty() ? "" : ": ", message));
}

}  // namespace moestro
