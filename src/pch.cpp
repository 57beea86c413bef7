// Compiled only so that CMake makes the precompiled header that all targets reuse.
