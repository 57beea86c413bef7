# The checks that ctest runs beside the test programs: the house, the format, the generated docs and
# the installed package.
if(NOT MOESTRO_TESTS)
  return()
endif()
find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  message(STATUS "python3 is missing: the checks of house, format and docs are left out")
else()
  set(checks "${PROJECT_SOURCE_DIR}/tests/architecture")
  add_test(NAME architecture
           COMMAND Python3::Interpreter "${checks}/check_includes.py" "${PROJECT_SOURCE_DIR}")

  # Every version of clang-format formats a little differently: Debian 12 has 14.
  find_program(MOESTRO_CLANG_FORMAT NAMES clang-format-14 clang-format)
  mark_as_advanced(MOESTRO_CLANG_FORMAT)
  set(clang_format_version "")
  if(MOESTRO_CLANG_FORMAT)
    execute_process(COMMAND "${MOESTRO_CLANG_FORMAT}" --version OUTPUT_VARIABLE clang_format_version)
  endif()
  if(clang_format_version MATCHES "version 14\\.")
    add_test(NAME format
             COMMAND Python3::Interpreter "${checks}/check_format.py" "${PROJECT_SOURCE_DIR}"
                     "${MOESTRO_CLANG_FORMAT}")
  else()
    message(STATUS "clang-format 14 is missing: the check of the format is left out")
  endif()
  add_test(NAME checks_can_fail COMMAND Python3::Interpreter "${checks}/checks_test.py")
  add_test(NAME test_count COMMAND Python3::Interpreter "${checks}/run_tests_test.py")

  if(TARGET moestro AND EXISTS "${PROJECT_SOURCE_DIR}/docs/configuration.md")
    add_test(NAME docs_configuration
             COMMAND Python3::Interpreter "${checks}/check_configuration_docs.py"
                     "${PROJECT_SOURCE_DIR}/docs/configuration.md" "$<TARGET_FILE:moestro>")
  endif()
endif()

# Sanitizers would have to be handed on to the consumer, which shows nothing more by it.
if(NOT MOESTRO_SANITIZE)
  foreach(case use refusal)
    add_test(NAME consumer_${case}
             COMMAND "${CMAKE_COMMAND}" -D case=${case} -D "build=${PROJECT_BINARY_DIR}"
                     -D "source=${PROJECT_SOURCE_DIR}/tests/consumer" -D "generator=${CMAKE_GENERATOR}"
                     -D "compiler=${CMAKE_CXX_COMPILER}" -D "launcher=${CMAKE_CXX_COMPILER_LAUNCHER}"
                     -D "series=${LibTorch_SERIES}" -D "version=${PROJECT_VERSION}"
                     -P "${PROJECT_SOURCE_DIR}/tests/consumer/check.cmake")
  endforeach()
  set_tests_properties(consumer_use consumer_refusal PROPERTIES RESOURCE_LOCK consumer)
endif()

# oneDNN's products and ours around them, as on machines with fewer instructions than this one.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND TARGET moestro_nn_tests)
  foreach(set AVX2 AVX512_CORE)
    add_test(NAME products_with_${set}
             COMMAND moestro_nn_tests --gtest_brief=1 --gtest_filter=*FeedForward*:StackedProduct*)
    set_tests_properties(products_with_${set} PROPERTIES
      ENVIRONMENT "ONEDNN_MAX_CPU_ISA=${set};OMP_WAIT_POLICY=PASSIVE")
  endforeach()
endif()

# Instruction counts say something of optimised code only.
find_program(MOESTRO_VALGRIND valgrind)
mark_as_advanced(MOESTRO_VALGRIND)
if(Python3_FOUND AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT MOESTRO_SANITIZE
   AND CMAKE_BUILD_TYPE STREQUAL "Release")
  if(MOESTRO_VALGRIND)
    string(REGEX MATCH "^[0-9]+\\.[0-9]+" version "${CMAKE_CXX_COMPILER_VERSION}")
    set(kernels "${PROJECT_SOURCE_DIR}/src/nn/kernels")
    add_executable(moestro_kernel_instructions
                   tests/instructions/kernels.cpp "${kernels}/conv_pool_kernel.cpp"
                   "${kernels}/mix_kernel.cpp" "${kernels}/vector_path.cpp"
                   "${kernels}/feed_forward/activation.cpp" "${kernels}/blocks/packing.cpp"
                   "${kernels}/blocks/row_product.cpp")
    # Headers of LibTorch only, for the type bfloat16.
    target_include_directories(moestro_kernel_instructions PRIVATE src include)
    target_include_directories(
      moestro_kernel_instructions SYSTEM
      PRIVATE "$<TARGET_PROPERTY:LibTorch::LibTorch,INTERFACE_INCLUDE_DIRECTORIES>")
    target_compile_features(moestro_kernel_instructions PRIVATE cxx_std_20)
    add_test(NAME kernel_instructions
             COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/instructions/counting.py"
                     "$<TARGET_FILE:moestro_kernel_instructions>"
                     "${CMAKE_CXX_COMPILER_ID} ${version}")
    set_tests_properties(kernel_instructions PROPERTIES SKIP_RETURN_CODE 77)
  else()
    message(STATUS "valgrind is missing: the check of instruction counts is left out")
  endif()
endif()
