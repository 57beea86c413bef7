# Installs the build into a prefix of its own and then, by -D case:
#   use      configures, builds and runs the consumer against it
#   refusal  shows the package a LibTorch of another minor version and expects its refusal
set(prefix "${build}/consumer-prefix")

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${prefix}")
run("install" "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}")
set(configure "${CMAKE_COMMAND}" --fresh -S "${source}" -G "${generator}"
              -D "CMAKE_CXX_COMPILER=${compiler}" -D "CMAKE_PREFIX_PATH=${prefix}")

if(case STREQUAL "use")
  # The launcher is a list: its semicolons must reach the consumer as they are.
  string(REPLACE ";" "\\;" launcher "${launcher}")
  run("configure" ${configure} -B "${build}/consumer" -D "CMAKE_BUILD_TYPE=Debug"
      -D "CMAKE_CXX_COMPILER_LAUNCHER=${launcher}")
  run("build" "${CMAKE_COMMAND}" --build "${build}/consumer")
  run("consumer" "${build}/consumer/consumer")
  if(NOT output MATCHES "^moestro ${version}, LibTorch ${series}\\.[0-9]+\ncaught: --set: unknown key .*\n5 rows, 3 experts")
    message(FATAL_ERROR "the consumer printed:\n${output}")
  endif()
else()
  set(other "${build}/consumer-other-torch")
  file(WRITE "${other}/include/ATen/ATen.h" "")
  file(WRITE "${other}/lib/libtorch_cpu.so" "")
  file(WRITE "${other}/include/torch/headeronly/version.h"
       "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 999\n#define TORCH_VERSION_PATCH 0\n")
  execute_process(COMMAND ${configure} -B "${build}/consumer-refused" -D "MOESTRO_TORCH=${other}"
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(status EQUAL 0)
    message(FATAL_ERROR "the package took LibTorch 2.999, but was built against ${series}")
  endif()
  if(NOT output MATCHES "Moestro was built against LibTorch ${series}, but [^ ]*consumer-other-torch is LibTorch 2.999.0")
    message(FATAL_ERROR "the refusal does not say why:\n${output}")
  endif()
endif()
