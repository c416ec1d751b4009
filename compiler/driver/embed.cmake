# SPDX-License-Identifier: Apache-2.0
#
# Turns a text file into a C array: cmake -DINPUT=… -DOUTPUT=… -DNAME=… -P embed.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
file(WRITE ${OUTPUT}
  "extern const char ${NAME}[];\nconst char ${NAME}[] = {\n${bytes}0};\n")
