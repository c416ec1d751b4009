/* SPDX-License-Identifier: Apache-2.0
 *
 * SIGINT, SIGTERM and SIGUSR1, as a flag that the training loop looks at between two steps.
 */
#ifndef RNET_LIB_SIGNALS_H
#define RNET_LIB_SIGNALS_H

#include <stdbool.h>

/* From here on the signals set the flag and do not end the program; a second SIGINT does. */
void rt_signals_catch(void);
bool rt_signals_pending(void);

#endif
