# SPDX-License-Identifier: Apache-2.0
#
# Does --analyze see the regime that the first line of a network names?
#
#   cmake -DRNETC=… -DCASE=FOLDER/NAME.rnet -P regime.cmake
file(STRINGS ${CASE} first LIMIT_COUNT 1)
string(REGEX MATCH "regime: ([a-z]+)" named "${first}")
set(wanted ${CMAKE_MATCH_1})
if(NOT named)
  message(FATAL_ERROR "${CASE}: the first line names no regime")
endif()
execute_process(COMMAND ${RNETC} --analyze --json -Wno-regime ${CASE}
  OUTPUT_VARIABLE report COMMAND_ERROR_IS_FATAL ANY)
string(JSON found GET "${report}" blocks 0 regime regime)
if(NOT found STREQUAL wanted)
  message(FATAL_ERROR "${CASE}: ${found}, not ${wanted}")
endif()
