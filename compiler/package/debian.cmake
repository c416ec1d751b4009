# SPDX-License-Identifier: Apache-2.0
#
# A Debian package: `cpack --config BUILD/CPackConfig.cmake`, or the target `package`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rnet)
set(CPACK_PACKAGE_VENDOR "the rnet authors")
set(CPACK_PACKAGE_CONTACT "the rnet authors <rnet@localhost>" CACHE STRING "who packs, with address")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler of deep residual networks to programs and objects")
set(CPACK_PACKAGE_DESCRIPTION
"rnetc compiles a description of a deep residual network (depth, scaling with
depth, laws and correlations of its weights, training) to an executable that
trains itself, or to an object and a header that a C or C++ program links with
nothing but libc and libm. It says what theory predicts of the network, and
what measurements show.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_DEB_COMPONENT_INSTALL OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Executables are linked on the user's machine, with the runtime library and these.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "gcc | c-compiler, libc6-dev | libc-dev, libcjson-dev, zlib1g-dev")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, pkgconf, dataset-fashion-mnist")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# What Debian wants packed, and where: see the script.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian_files.cmake)
set(CPACK_RNET_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
include(CPack)
