/* SPDX-License-Identifier: Apache-2.0
 *
 * main of a compiled program, alone in its file: the linker takes it out of the library when
 * nothing else defines main, and only then wants rnet_program.
 */
#include "lib/cli.h"

int main(int argc, char **argv)
{
    return rt_main(&rnet_program, argc, argv);
}
