// The one precompiled header of the project, forced on every source by CMake. A source still
// includes what it uses: this only makes those includes cheap. Every source pays at its end for all
// templates that were begun here (1.5 s), so what few sources need stays out: torch/types.h would
// cost each source 0.6 s more, custom_function.h 0.9 s.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
