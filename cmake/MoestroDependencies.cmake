# Everything that is not ours, gathered in the target moestro_base that every floor links to.
# A machine without system packages brings them in .carry (see scripts/carry).
list(APPEND CMAKE_PREFIX_PATH "${PROJECT_SOURCE_DIR}/.carry")

find_package(LibTorch 2.11 QUIET)
if(NOT LibTorch_FOUND)
  message(FATAL_ERROR "LibTorch 2.11 or newer is needed: ${LibTorch_REASON}")
endif()
message(STATUS "LibTorch ${LibTorch_VERSION} in ${LibTorch_ROOT_DIR}")
if(MOESTRO_CUDA AND NOT LibTorch_CUDA)
  message(FATAL_ERROR "MOESTRO_CUDA=ON, but the LibTorch in ${LibTorch_ROOT_DIR} is built without "
                      "CUDA: give -DMOESTRO_TORCH=DIR")
endif()
find_package(ZLIB REQUIRED)
find_package(Threads REQUIRED)

function(moestro_find_header variable header package)
  find_path(${variable} ${header} DOC "folder of ${header}")
  if(NOT ${variable})
    message(FATAL_ERROR "${header} is missing: run scripts/setup, or install ${package}")
  endif()
  mark_as_advanced(${variable})
endfunction()
moestro_find_header(MOESTRO_CLI11 CLI/CLI.hpp libcli11-dev)
moestro_find_header(MOESTRO_TOMLPLUSPLUS toml++/toml.h libtomlplusplus-dev)
moestro_find_header(MOESTRO_NLOHMANN_JSON nlohmann/json.hpp nlohmann-json3-dev)

add_library(moestro_base INTERFACE)
set_target_properties(moestro_base PROPERTIES EXPORT_NAME base)
target_include_directories(
  moestro_base INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                         "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_include_directories(
  moestro_base SYSTEM
  INTERFACE "$<BUILD_INTERFACE:${MOESTRO_CLI11};${MOESTRO_TOMLPLUSPLUS};${MOESTRO_NLOHMANN_JSON}>")
target_compile_features(moestro_base INTERFACE cxx_std_20)
target_link_libraries(moestro_base INTERFACE LibTorch::LibTorch ZLIB::ZLIB Threads::Threads)

# Optional: texts. Without it the verbs that read texts say what to install.
find_path(MOESTRO_SENTENCEPIECE sentencepiece_trainer.h DOC "folder of sentencepiece's headers")
find_library(MOESTRO_SENTENCEPIECE_LIBRARY sentencepiece DOC "sentencepiece")
find_library(MOESTRO_SENTENCEPIECE_TRAIN_LIBRARY sentencepiece_train DOC "sentencepiece's trainer")
mark_as_advanced(MOESTRO_SENTENCEPIECE MOESTRO_SENTENCEPIECE_LIBRARY
                 MOESTRO_SENTENCEPIECE_TRAIN_LIBRARY)
set(MOESTRO_HAS_SENTENCEPIECE OFF)
if(MOESTRO_SENTENCEPIECE AND MOESTRO_SENTENCEPIECE_LIBRARY AND MOESTRO_SENTENCEPIECE_TRAIN_LIBRARY)
  set(MOESTRO_HAS_SENTENCEPIECE ON)
else()
  message(STATUS "sentencepiece is missing (libsentencepiece-dev): texts cannot be read")
endif()

# Tests and benchmarks are left out, with a word, where their libraries are missing.
set(MOESTRO_HAS_GTEST OFF)
if(MOESTRO_TESTS)
  find_package(GTest)
  set(MOESTRO_HAS_GTEST ${GTest_FOUND})
  if(NOT GTest_FOUND AND NOT MOESTRO_TESTS STREQUAL "AUTO")
    message(FATAL_ERROR "MOESTRO_TESTS=${MOESTRO_TESTS}, but GoogleTest is missing: "
                        "run scripts/setup, or install libgtest-dev")
  elseif(NOT GTest_FOUND)
    message(STATUS "GoogleTest is missing: the tests are left out")
  endif()
endif()
find_path(MOESTRO_BENCHMARK_INCLUDE benchmark/benchmark.h DOC "folder of google-benchmark's headers")
find_library(MOESTRO_BENCHMARK_LIBRARY benchmark DOC "google-benchmark")
mark_as_advanced(MOESTRO_BENCHMARK_INCLUDE MOESTRO_BENCHMARK_LIBRARY)
