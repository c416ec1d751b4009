/* SPDX-License-Identifier: Apache-2.0
 *
 * No output may take the place of a file that the command reads, of another output, or of a folder.
 * Files are told apart by device and inode, not by their names.
 */
#ifndef RNET_LIB_OUTPUTS_H
#define RNET_LIB_OUTPUTS_H

#include "lib/cli.h"
#include "lib/data.h"

/* Of what the command line names, before anything is read. */
bool rt_outputs_check(const RnProgram *program, const RtOptions *options, RtError *error);
/* Of the files that the data came from, before anything is written. */
bool rt_outputs_check_data(const RtOptions *options, const RtData *data, RtError *error);

#endif
