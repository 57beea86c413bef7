// How the process keeps memory, and runs out of it.
#pragma once

#include <exception>

namespace moestro {

// Makes the C library keep freed memory for the next allocation. A training step frees and takes
// the same large blocks again and again; given back to the system each time, they are zeroed and
// faulted in anew, which cost a step at E = 20 a third of its time. For programs, called once at
// their start: memory at rest stays as high as it ever was. Without effect where the C library is
// not glibc.
void keep_freed_memory();

// Whether the machine or the device had no memory left. LibTorch's allocator for the CPU has no
// type of error of its own.
bool is_out_of_memory(const std::exception& error);

}  // namespace moestro
