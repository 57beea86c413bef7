// The version of this library and of the LibTorch it was built against.
#pragma once

namespace moestro {

// Such as "0.1.0".
const char* version();

// The LibTorch that the library was built against, such as "2.13.0".
const char* libtorch_version();

}  // namespace moestro
