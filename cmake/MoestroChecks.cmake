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
