# Finds LibTorch in a Python wheel (CPU, or CUDA without a CUDA toolkit) or in a plain libtorch
# folder, and imports it as LibTorch::LibTorch. The wheel's own package (TorchConfig.cmake) stops
# where no CUDA toolkit is installed, so the headers and libraries are imported here.
#
#   MOESTRO_TORCH        folder to use: a libtorch folder, or a wheel's torch folder. When empty:
#                        LibTorch_HINTS, the .venv of this project, the torch of python3.
#   LibTorch_FOUND, LibTorch_ROOT_DIR
#   LibTorch_VERSION, LibTorch_SERIES    such as 2.13.0 and 2.13
#   LibTorch_CUDA        whether this LibTorch has its CUDA part
#   LibTorch_REASON      why it was not found, in one line

set(MOESTRO_TORCH "" CACHE PATH "LibTorch folder (empty: .venv, then the torch of python3)")

function(_libtorch_candidates out)
  if(MOESTRO_TORCH)
    # A folder that the user named is the only candidate: no silent fall-back.
    get_filename_component(named "${MOESTRO_TORCH}" ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
    set(${out} "${named}" PARENT_SCOPE)
    return()
  endif()
  file(GLOB venv "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
  find_program(LibTorch_PYTHON NAMES python3)
  mark_as_advanced(LibTorch_PYTHON)
  set(python "")
  if(LibTorch_PYTHON)
    # Only locates the package: importing torch would take seconds.
    execute_process(
      COMMAND "${LibTorch_PYTHON}" -c
              "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
      OUTPUT_VARIABLE python OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  set(${out} ${LibTorch_HINTS} ${venv} ${python} PARENT_SCOPE)
endfunction()

function(_libtorch_read_version root out)
  foreach(header include/torch/headeronly/version.h include/torch/csrc/api/include/torch/version.h)
    if(EXISTS "${root}/${header}")
      file(STRINGS "${root}/${header}" lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      if("${lines}" MATCHES "MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+)")
        set(${out} "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}" PARENT_SCOPE)
        return()
      endif()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

_libtorch_candidates(_libtorch_roots)
set(LibTorch_ROOT_DIR "")
foreach(_root IN LISTS _libtorch_roots)
  if(EXISTS "${_root}/include/ATen/ATen.h" AND EXISTS "${_root}/lib/libtorch_cpu.so")
    set(LibTorch_ROOT_DIR "${_root}")
    break()
  endif()
endforeach()

set(LibTorch_VERSION "")
set(LibTorch_CUDA OFF)
set(LibTorch_REASON "")
if(LibTorch_ROOT_DIR)
  _libtorch_read_version("${LibTorch_ROOT_DIR}" LibTorch_VERSION)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" LibTorch_SERIES "${LibTorch_VERSION}")
  if(EXISTS "${LibTorch_ROOT_DIR}/lib/libtorch_cuda.so")
    set(LibTorch_CUDA ON)
  endif()
  if(LibTorch_FIND_VERSION AND LibTorch_VERSION VERSION_LESS LibTorch_FIND_VERSION)
    set(LibTorch_REASON "${LibTorch_ROOT_DIR} is LibTorch ${LibTorch_VERSION}, which is too old")
  endif()
elseif(MOESTRO_TORCH)
  set(LibTorch_REASON
      "MOESTRO_TORCH=${MOESTRO_TORCH} has no include/ATen/ATen.h and lib/libtorch_cpu.so")
else()
  set(LibTorch_REASON
      "none in .venv or in python3: run scripts/setup, or give -DMOESTRO_TORCH=DIR")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LibTorch
  REQUIRED_VARS LibTorch_ROOT_DIR LibTorch_VERSION
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "${LibTorch_REASON}")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  set(_lib "${LibTorch_ROOT_DIR}/lib")
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(
    LibTorch::LibTorch SYSTEM
    INTERFACE "${LibTorch_ROOT_DIR}/include" "${LibTorch_ROOT_DIR}/include/torch/csrc/api/include")
  # -fopenmp: without it at::parallel_for, a template, runs on one thread.
  target_compile_options(LibTorch::LibTorch INTERFACE -fopenmp)
  target_link_options(LibTorch::LibTorch INTERFACE -fopenmp "LINKER:-rpath,${_lib}")
  # Some libraries only register operators and are named by no symbol: keep them under --as-needed.
  set(_libtorch_kept "${_lib}/libtorch.so,${_lib}/libtorch_cpu.so")
  if(LibTorch_CUDA)
    string(APPEND _libtorch_kept ",${_lib}/libtorch_cuda.so,${_lib}/libc10_cuda.so")
    # The wheel's CUDA libraries lie in packages of their own, found at run time only.
    target_link_options(LibTorch::LibTorch INTERFACE LINKER:--allow-shlib-undefined)
  endif()
  # The C++ library first: libtorch.so of 2.11 exports parts of std::filesystem that crash when a
  # program is bound to them. And the shared one, which LibTorch has: with a second, static one in
  # the program (some compilers take that where they can) exceptions in a backward pass are lost.
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libstdc++.so.6
                  OUTPUT_VARIABLE _libtorch_cxx OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT IS_ABSOLUTE "${_libtorch_cxx}" OR NOT EXISTS "${_libtorch_cxx}")
    set(_libtorch_cxx stdc++)
  endif()
  target_link_libraries(
    LibTorch::LibTorch INTERFACE "${_libtorch_cxx}" "-Wl,--no-as-needed,${_libtorch_kept},--as-needed"
                                 "${_lib}/libc10.so")
endif()
