# The installed package: headers, static libraries, the program, and a CMake package that finds the
# same LibTorch again and refuses one of another minor version.
include(CMakePackageConfigHelpers)
set(moestro_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Moestro")

get_property(moestro_floors GLOBAL PROPERTY MOESTRO_FLOORS)
list(REMOVE_ITEM moestro_floors cli)
list(TRANSFORM moestro_floors PREPEND moestro_ OUTPUT_VARIABLE moestro_floor_targets)
install(TARGETS moestro_base moestro_library ${moestro_floor_targets} EXPORT MoestroTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT MoestroTargets NAMESPACE Moestro:: DESTINATION "${moestro_package_dir}")
install(DIRECTORY include/moestro DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN cli EXCLUDE)
if(TARGET moestro)
  install(TARGETS moestro RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  set_target_properties(moestro PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
endif()

configure_package_config_file(cmake/MoestroConfig.cmake.in package/MoestroConfig.cmake
                              INSTALL_DESTINATION "${moestro_package_dir}")
write_basic_package_version_file(package/MoestroConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/MoestroConfig.cmake"
              "${PROJECT_BINARY_DIR}/package/MoestroConfigVersion.cmake"
              cmake/FindLibTorch.cmake
        DESTINATION "${moestro_package_dir}")
