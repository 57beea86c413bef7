# The targets of the house, made from the folders: a new source file needs no change here.
add_library(moestro_pch OBJECT src/pch.cpp)
target_link_libraries(moestro_pch PUBLIC moestro_base)
target_precompile_headers(moestro_pch PRIVATE src/pch.h)

function(moestro_reuse_pch target)
  target_precompile_headers(${target} REUSE_FROM moestro_pch)
endfunction()

# For code where no time is spent (tests, the parsing of arguments): compiles up to a third faster.
# g++ 12 takes the precompiled header at any level of optimisation but none; later ones refuse it.
function(moestro_optimise_lightly target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# moestro_floor(NAME DEPENDS BELOW...): the static library moestro_NAME (alias moestro::NAME) from
# src/NAME/**.cpp, linked to the floors below it, and its tests. A floor without sources is skipped,
# and those above it are linked to what it would have stood on.
function(moestro_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  set(below "")
  foreach(floor IN LISTS arg_DEPENDS)
    if(TARGET moestro_${floor})
      list(APPEND below moestro_${floor})
    else()
      list(APPEND below ${MOESTRO_BELOW_${floor}})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES below)
  set(MOESTRO_BELOW_${name} ${below} PARENT_SCOPE)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/src/cli/main\\.cpp$")
  if(NOT sources)
    return()
  endif()
  add_library(moestro_${name} STATIC ${sources})
  add_library(moestro::${name} ALIAS moestro_${name})
  set_target_properties(moestro_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(moestro_${name} PUBLIC moestro_base ${below})
  moestro_reuse_pch(moestro_${name})
  set_property(GLOBAL APPEND PROPERTY MOESTRO_FLOORS ${name})
  moestro_floor_tests(${name})
endfunction()

# One test program a floor, one ctest entry a program: starting LibTorch for every single test would
# cost more than the tests. Each program leaves its count in test-results/.
function(moestro_floor_tests name)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp")
  if(NOT MOESTRO_HAS_GTEST OR NOT tests)
    return()
  endif()
  add_executable(moestro_${name}_tests ${tests})
  target_link_libraries(moestro_${name}_tests PRIVATE moestro_${name} GTest::gtest_main)
  target_include_directories(moestro_${name}_tests PRIVATE "${PROJECT_SOURCE_DIR}/tests"
                                                           "${PROJECT_SOURCE_DIR}/src"
                                                           "${PROJECT_BINARY_DIR}/generated/tests")
  moestro_reuse_pch(moestro_${name}_tests)
  moestro_optimise_lightly(moestro_${name}_tests)
  add_test(NAME ${name}
           COMMAND moestro_${name}_tests --gtest_brief=1
                   "--gtest_output=json:${PROJECT_BINARY_DIR}/test-results/${name}.json")
  # Several programs share the cores: an idle OpenMP thread must sleep, not spin.
  set_tests_properties(${name} PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=PASSIVE)
endfunction()

# All floors but cli together, for the examples, the benchmarks and find_package(Moestro).
function(moestro_library)
  get_property(floors GLOBAL PROPERTY MOESTRO_FLOORS)
  list(REMOVE_ITEM floors cli)
  list(TRANSFORM floors PREPEND moestro_)
  add_library(moestro_library INTERFACE)
  add_library(moestro::moestro ALIAS moestro_library)
  set_target_properties(moestro_library PROPERTIES EXPORT_NAME moestro)
  target_link_libraries(moestro_library INTERFACE ${floors})
endfunction()

function(moestro_program)
  if(TARGET moestro_cli AND EXISTS "${PROJECT_SOURCE_DIR}/src/cli/main.cpp")
    add_executable(moestro src/cli/main.cpp)
    target_link_libraries(moestro PRIVATE moestro_cli)
    moestro_reuse_pch(moestro)
    moestro_optimise_lightly(moestro_cli)
    moestro_optimise_lightly(moestro)
    if(TARGET moestro_cli_tests)
      add_dependencies(moestro_cli_tests moestro)
    endif()
  endif()
endfunction()

function(moestro_examples)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(example_${name} "${source}")
    set_target_properties(example_${name} PROPERTIES
                          OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY examples)
    target_link_libraries(example_${name} PRIVATE moestro_library)
    moestro_reuse_pch(example_${name})
  endforeach()
endfunction()

# benchmarks/NAME.cpp -> benchmarks/moestro_bench_NAME, all made by the target `benchmarks` only.
function(moestro_benchmarks)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/benchmarks/*.cpp")
  if(NOT MOESTRO_BENCHMARK_INCLUDE OR NOT MOESTRO_BENCHMARK_LIBRARY)
    message(STATUS "google-benchmark is missing: the benchmarks are left out")
    add_custom_target(benchmarks COMMAND "${CMAKE_COMMAND}" -E echo
                      "google-benchmark is missing: install libbenchmark-dev, configure again")
    return()
  endif()
  add_custom_target(benchmarks)
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    set(target moestro_bench_${name})
    add_executable(${target} EXCLUDE_FROM_ALL "${source}")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY benchmarks)
    target_include_directories(${target} SYSTEM PRIVATE "${MOESTRO_BENCHMARK_INCLUDE}")
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(${target} PRIVATE moestro_library "${MOESTRO_BENCHMARK_LIBRARY}")
    moestro_reuse_pch(${target})
    add_dependencies(benchmarks ${target})
  endforeach()
endfunction()

# What the floors have of their own for a GPU, beside a LibTorch with its CUDA part: kernels, compiled
# by nvcc (elsewhere only a test compiles them); and before LibTorch 2.12 captured work, by CUDA's own
# headers. Without the toolkit LibTorch's operators are used, and steps are launched anew.
function(moestro_use_cuda)
  find_program(MOESTRO_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" PATHS /usr/local/cuda/bin)
  mark_as_advanced(MOESTRO_NVCC)
  set(MOESTRO_HAS_CUDA_KERNELS OFF)
  if(MOESTRO_NVCC)
    moestro_cuda_kernels(objects)
    get_filename_component(toolkit "${MOESTRO_NVCC}" REALPATH)
    get_filename_component(toolkit "${toolkit}/../.." ABSOLUTE)
    find_library(MOESTRO_CUDART cudart HINTS "${toolkit}/lib64" "${toolkit}/lib"
                 "${toolkit}/targets/x86_64-linux/lib" "${toolkit}/targets/sbsa-linux/lib"
                 PATHS /usr/local/cuda/lib64)
    find_path(MOESTRO_CUDA_HEADERS cuda_runtime_api.h HINTS "${toolkit}/include"
              PATHS /usr/local/cuda/include)
    mark_as_advanced(MOESTRO_CUDART MOESTRO_CUDA_HEADERS)
  endif()
  if(LibTorch_CUDA AND MOESTRO_NVCC AND MOESTRO_CUDART)
    set(MOESTRO_HAS_CUDA_KERNELS ON)
    target_sources(moestro_nn PRIVATE ${objects})
    add_dependencies(moestro_nn moestro_cuda_kernels)
    target_link_libraries(moestro_nn PRIVATE "${MOESTRO_CUDART}")
  elseif(LibTorch_CUDA)
    message(STATUS "nvcc or cudart is missing: on a GPU, LibTorch's operators alone")
  elseif(MOESTRO_NVCC)
    add_test(NAME cuda_kernels COMMAND "${CMAKE_COMMAND}" --build "${PROJECT_BINARY_DIR}"
                                       --target moestro_cuda_kernels)
  endif()
  configure_file(cmake/has_cuda_kernels.h.in generated/nn/has_cuda_kernels.h)
  target_include_directories(moestro_nn PRIVATE "${PROJECT_BINARY_DIR}/generated/nn")
  set(graphs "${LibTorch_ROOT_DIR}/include/ATen/accelerator/Graph.h")
  if(LibTorch_CUDA AND MOESTRO_CUDA_HEADERS AND NOT EXISTS "${graphs}")
    set_source_files_properties(
      src/core/device_graph.cpp
      PROPERTIES COMPILE_DEFINITIONS MOESTRO_CUDA_HEADERS
                 INCLUDE_DIRECTORIES "${MOESTRO_CUDA_HEADERS}" SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# The objects of src/nn/kernels/cuda/*.cu, which know no LibTorch: for T4, A100, H100 and what comes
# after.
function(moestro_cuda_kernels out)
  set(objects "")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/nn/kernels/cuda/*.cu")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    set(object "${PROJECT_BINARY_DIR}/cuda/${name}.o")
    add_custom_command(
      OUTPUT "${object}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/cuda"
      COMMAND "${MOESTRO_NVCC}" -c -O3 -std=c++17 -ccbin "${CMAKE_CXX_COMPILER}"
              --compiler-options=-fPIC "-gencode=arch=compute_75,code=sm_75"
              "-gencode=arch=compute_80,code=sm_80" "-gencode=arch=compute_90,code=[sm_90,compute_90]"
              -MD -MF "${object}.d" -o "${object}" "${source}"
      DEPENDS "${source}"
      DEPFILE "${object}.d"
      COMMENT "Building CUDA object ${name}.o"
      VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  add_custom_target(moestro_cuda_kernels DEPENDS ${objects})
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

# The floor data reads texts with sentencepiece, where that is there.
function(moestro_use_sentencepiece)
  configure_file(cmake/has_sentencepiece.h.in generated/data/has_sentencepiece.h)
  target_include_directories(moestro_data PRIVATE "${PROJECT_BINARY_DIR}/generated/data")
  if(MOESTRO_HAS_SENTENCEPIECE)
    target_include_directories(moestro_data SYSTEM PRIVATE "${MOESTRO_SENTENCEPIECE}")
    target_link_libraries(moestro_data PRIVATE "${MOESTRO_SENTENCEPIECE_TRAIN_LIBRARY}"
                                               "${MOESTRO_SENTENCEPIECE_LIBRARY}")
  endif()
endfunction()

# The program carries recipes/demo/*.toml, so that `moestro demo` works from anywhere.
function(moestro_embed_demo_recipes)
  foreach(name IN ITEMS one-expert original-gate attentive-gate)
    set(file "${PROJECT_SOURCE_DIR}/recipes/demo/${name}.toml")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" MOESTRO_RECIPE_${name})
  endforeach()
  configure_file(cmake/demo_recipes.h.in generated/lifecycle/demo_recipes.h @ONLY)
endfunction()
