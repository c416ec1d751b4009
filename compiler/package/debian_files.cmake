# SPDX-License-Identifier: Apache-2.0
#
# What Debian's policy wants of a package's files, between their installation and their packing:
# manual pages packed, a copyright file, a changelog. Dates are fixed, so that the same tree gives
# the same bytes.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share")
file(GLOB pages "${root}/man/man1/*.1")
foreach(page IN LISTS pages)
  execute_process(COMMAND gzip -9n "${page}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

set(doc "${root}/doc/rnet")
file(WRITE "${doc}/copyright"
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: rnet

Files: *
Copyright: 2026 the rnet authors
License: Apache-2.0

License: Apache-2.0
 On Debian systems the text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
")
file(WRITE "${doc}/changelog"
"rnet (${CPACK_PACKAGE_VERSION}) unstable; urgency=low

  * Built from its own source tree.

 -- ${CPACK_PACKAGE_CONTACT}  Thu, 01 Jan 2026 00:00:00 +0000
")
execute_process(COMMAND gzip -9n "${doc}/changelog" COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE files LIST_DIRECTORIES TRUE "${root}/*")
foreach(file IN LISTS files)
  if(IS_DIRECTORY "${file}")
    file(CHMOD "${file}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
      WORLD_READ WORLD_EXECUTE)
  endif()
endforeach()
