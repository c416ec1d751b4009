/* SPDX-License-Identifier: Apache-2.0
 *
 * The version, in one place: printed by --version and by the report of an internal error.
 */
#ifndef RNET_SUPPORT_VERSION_H
#define RNET_SUPPORT_VERSION_H

/* The build passes the real one. */
#ifndef RNET_VERSION
#define RNET_VERSION "0.1.0"
#endif

#endif
