/* SPDX-License-Identifier: Apache-2.0
 *
 * Two models and two versions of one in one program: C11 and C++17.
 */
#include "curve.h"
#include "net.h"
#include "older.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    net_config net = NET_CONFIG_DEFAULT;
    older_config older = OLDER_CONFIG_DEFAULT;
    curve_config curve = CURVE_CONFIG_DEFAULT;
    net.int_ = 0.25;
    int good = older.L
    == 2 && net.L
    == 5 && curve.L
    == 6;
    good = good && net_params_size(&net) > older_params_size(&older);
    good = good && curve_params_size(&curve) > 0 && NET_OUTPUTS == 3 && CURVE_OUTPUTS == 4;
    good = good && strcmp(net_version(), older_version()) != 0;
    good = good && net_forward(&net, NULL, NULL, NULL, 1, NULL, NULL) == NET_BAD_ARGUMENT;
    puts(good ? "good" : "bad");
    return !good;
}
