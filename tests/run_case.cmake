# SPDX-License-Identifier: Apache-2.0
#
# One golden case: runs rnetc in the case's folder and compares what it wrote with the neighbour.
#
#   cmake -DRNETC=… -DCASE=FOLDER/NAME.rnet -DWORK=FOLDER -P run_case.cmake
#
# NAME.rnet runs `rnetc --check NAME.rnet`; the lines of NAME.args are arguments instead. NAME.err
# holds the diagnostics and the exit status, NAME.out (where it exists) the standard output.
# RNET_UPDATE_GOLDEN=1 in the environment writes them anew.
get_filename_component(folder ${CASE} DIRECTORY)
get_filename_component(name ${CASE} NAME_WLE)
get_filename_component(kind ${CASE} EXT)
if(kind STREQUAL ".args")
  file(STRINGS ${CASE} arguments ENCODING UTF-8)
else()
  set(arguments --check ${name}.rnet)
endif()

file(MAKE_DIRECTORY ${WORK})
set(written ${WORK}/${name})
execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=NO_COLOR ${RNETC} ${arguments}
  WORKING_DIRECTORY ${folder} RESULT_VARIABLE status TIMEOUT 20
  OUTPUT_FILE ${written}.out ERROR_FILE ${written}.err)
file(APPEND ${written}.err "exit ${status}\n")

function(compare suffix)
  set(golden ${folder}/${name}.${suffix})
  if("$ENV{RNET_UPDATE_GOLDEN}" STREQUAL "1")
    file(COPY_FILE ${written}.${suffix} ${golden})
  endif()
  execute_process(COMMAND diff -u ${golden} ${written}.${suffix} RESULT_VARIABLE differs)
  if(differs)
    message(SEND_ERROR "${name}.${suffix} differs; RNET_UPDATE_GOLDEN=1 accepts what was written")
  endif()
endfunction()

compare(err)
if(EXISTS ${folder}/${name}.out)
  compare(out)
endif()
