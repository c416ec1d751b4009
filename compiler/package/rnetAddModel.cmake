# SPDX-License-Identifier: Apache-2.0
#
# rnet_add_model: compiles a network into a target of yours.
#
#     rnet_add_model(TARGET app MODEL model.rnet
#       [NAME name]              symbols and header, in place of the file's stem
#       [WEIGHTS m.safetensors]  trained weights, baked into the object
#       [PREDICT_ONLY]           without what training needs
#       [DEFINES name=value…]    -D of rnetc
#       [OPTIONS option…]        any other options of rnetc
#       [PREGENERATED folder])   take NAME.o and NAME.h from there and do not run rnetc
#
# The target gets the object, the folder of NAME.h, and libm. The object is made in the build tree,
# again when the model, its weights or rnetc are newer. In a cross build it is made for the machine
# that CMAKE_SYSTEM_PROCESSOR names. The cache variable RNET_PREGENERATED_DIR is PREGENERATED for
# all models; the object may lie there in a folder of the processor's name, PROCESSOR/NAME.o.
#
# This file stands alone: a project that carries objects made elsewhere carries a copy of it too,
# and includes that where find_package(rnet) finds nothing.
include_guard(GLOBAL)
set(RNET_PREGENERATED_DIR "" CACHE PATH "folder with objects and headers that rnetc made elsewhere")

# The name that symbols and header have: the stem, every other character turned into `_`.
function(_rnet_name model result)
  get_filename_component(stem "${model}" NAME_WLE)
  string(REGEX REPLACE "[^A-Za-z0-9_]" "_" name "${stem}")
  set(${result} "${name}" PARENT_SCOPE)
endfunction()

# --target, where the machine is another one than that of the build.
function(_rnet_target_option result)
  set(${result} "" PARENT_SCOPE)
  if(NOT CMAKE_CROSSCOMPILING)
    return()
  endif()
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
  if(processor STREQUAL "arm64")
    set(processor aarch64)
  elseif(processor STREQUAL "amd64")
    set(processor x86_64)
  endif()
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT processor MATCHES "^(x86_64|aarch64|riscv64)$")
    message(FATAL_ERROR "rnet_add_model: rnetc has no code for ${CMAKE_SYSTEM_NAME} on "
      "`${CMAKE_SYSTEM_PROCESSOR}`, only for Linux on x86_64, aarch64 and riscv64")
  endif()
  set(${result} "--target=${processor}-linux-gnu" PARENT_SCOPE)
endfunction()

# An object and a header that are there already.
function(_rnet_find_pregenerated folder name object header)
  get_filename_component(folder "${folder}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  set(${object} "${folder}/${CMAKE_SYSTEM_PROCESSOR}/${name}.o" PARENT_SCOPE)
  set(${header} "${folder}/${name}.h" PARENT_SCOPE)
  if(NOT EXISTS "${folder}/${CMAKE_SYSTEM_PROCESSOR}/${name}.o")
    set(${object} "${folder}/${name}.o" PARENT_SCOPE)
    if(NOT EXISTS "${folder}/${name}.o")
      message(FATAL_ERROR "rnet_add_model: no ${name}.o in ${folder}")
    endif()
  endif()
  if(NOT EXISTS "${folder}/${name}.h")
    message(FATAL_ERROR "rnet_add_model: no ${name}.h in ${folder}")
  endif()
endfunction()

# The rule that makes both.
function(_rnet_compile model name object header)
  if(NOT TARGET rnet::rnetc)
    message(FATAL_ERROR "rnet_add_model: rnetc is not here: find_package(rnet), or set "
      "RNET_PREGENERATED_DIR to a folder with ${name}.o and ${name}.h")
  endif()
  get_filename_component(folder "${object}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  _rnet_target_option(target)
  set(options ${ARGN} ${target})
  add_custom_command(OUTPUT "${object}" "${header}"
    COMMAND rnet::rnetc -c "${model}" -o "${object}" --header "${header}" --prefix "${name}"
      -MD -MF "${object}.d" -MT "${object}" ${options}
    DEPENDS "${model}" rnet::rnetc ${arg_WEIGHTS} DEPFILE "${object}.d"
    COMMENT "Compiling the network ${name}" VERBATIM)
endfunction()

# The options of rnetc that the arguments of rnet_add_model stand for.
macro(_rnet_collect_options)
  set(options ${arg_OPTIONS})
  foreach(define IN LISTS arg_DEFINES)
    list(APPEND options -D "${define}")
  endforeach()
  if(arg_PREDICT_ONLY)
    list(APPEND options --predict-only)
  endif()
  if(arg_WEIGHTS)
    get_filename_component(arg_WEIGHTS "${arg_WEIGHTS}" ABSOLUTE)
    list(APPEND options --weights "${arg_WEIGHTS}")
  endif()
endmacro()

# Into the target, also one of another folder, and whichever form of target_link_libraries it uses.
function(_rnet_attach target name object header)
  set_source_files_properties("${object}" TARGET_DIRECTORY ${target}
    PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_sources(${target} PRIVATE "${object}")
  get_filename_component(folder "${header}" DIRECTORY)
  target_include_directories(${target} PRIVATE "${folder}")
  set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES m)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY" OR type STREQUAL "OBJECT_LIBRARY")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES "$<LINK_ONLY:m>")
  endif()
endfunction()

function(rnet_add_model)
  cmake_parse_arguments(PARSE_ARGV 0 arg "PREDICT_ONLY" "TARGET;MODEL;NAME;WEIGHTS;PREGENERATED"
    "OPTIONS;DEFINES")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "rnet_add_model: unexpected or without a value: "
      "${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT TARGET "${arg_TARGET}" OR "${arg_MODEL}" STREQUAL "")
    message(FATAL_ERROR "rnet_add_model: wants TARGET, a target that is there, and MODEL")
  endif()
  if("${arg_NAME}" STREQUAL "")
    _rnet_name("${arg_MODEL}" arg_NAME)
  endif()
  if("${arg_PREGENERATED}" STREQUAL "")
    set(arg_PREGENERATED "${RNET_PREGENERATED_DIR}")
  endif()
  if(NOT "${arg_PREGENERATED}" STREQUAL "")
    _rnet_find_pregenerated("${arg_PREGENERATED}" "${arg_NAME}" object header)
  else()
    _rnet_collect_options()
    get_filename_component(model "${arg_MODEL}" ABSOLUTE)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/rnet/${arg_TARGET}")
    set(object "${folder}/${arg_NAME}.o")
    set(header "${folder}/${arg_NAME}.h")
    _rnet_compile("${model}" "${arg_NAME}" "${object}" "${header}" ${options})
    add_custom_target(rnet_${arg_TARGET}_${arg_NAME} DEPENDS "${object}" "${header}")
    add_dependencies(${arg_TARGET} rnet_${arg_TARGET}_${arg_NAME})
  endif()
  _rnet_attach(${arg_TARGET} "${arg_NAME}" "${object}" "${header}")
endfunction()
