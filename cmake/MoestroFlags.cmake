# Compiler set-up shared by every target. The flags must be the same everywhere, because all targets
# reuse one precompiled header.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

# -fPIC for programs too: CMake would give them -fPIE, and g++ then drops the precompiled header.
add_compile_options(-fPIC -Wall -Wextra -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Winvalid-pch -Werror=invalid-pch)
endif()
if(MOESTRO_WERROR)
  # Not these: with -O3, g++ 12 finds them in the standard library's own strings and vectors.
  add_compile_options(-Werror -Wno-error=stringop-overflow -Wno-error=stringop-overread
                      -Wno-error=array-bounds -Wno-error=restrict -Wno-error=maybe-uninitialized)
endif()
if(MOESTRO_SANITIZE)
  add_compile_options(-fsanitize=${MOESTRO_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MOESTRO_SANITIZE})
endif()

find_program(MOESTRO_CCACHE ccache)
mark_as_advanced(MOESTRO_CCACHE)
if(MOESTRO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache takes sources with a precompiled header only with this sloppiness and -fpch-preprocess;
  # the inode cache spares it reading the whole header (400 MB) again for each of them.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_INODECACHE=true
      "${MOESTRO_CCACHE}")
  add_compile_options(-fpch-preprocess)
endif()
