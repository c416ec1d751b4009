/* SPDX-License-Identifier: Apache-2.0
 *
 * Are the records of two machines equal to the last bit?
 *
 *     compare FILE FILE [RECORD…]      only records of these names
 */
#include "records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void report(const Record *a, const Record *b)
{
    size_t differing = 0, count = a->size / a->each;
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        differing += memcmp(a->data + i * a->each, b->data + i * a->each, a->each) != 0;
        most = fmax(most, fabs(record_number(a, i) - record_number(b, i)));
    }
    printf("%s: %zu of %zu numbers differ, by %.3g at most\n", a->name, differing, count, most);
}

static bool is_asked(const char *name, char **names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return count == 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    FILE *one = open_records(argv[1]), *two = open_records(argv[2]);
    Record a = {0}, b = {0};
    int compared = 0, differing = 0;
    while (read_record(one, &a)) {
        if (!read_record(two, &b) || strcmp(a.name, b.name) != 0 || a.size != b.size) {
            fprintf(stderr, "%s is missing or has another size\n", a.name);
            return 1;
        }
        if (is_asked(a.name, argv + 3, argc - 3)) {
            compared++;
            if (memcmp(a.data, b.data, a.size) != 0) {
                differing++;
                report(&a, &b);
            }
        }
        free(a.data);
        free(b.data);
    }
    bool whole = fgetc(two) == EOF;
    fclose(one);
    fclose(two);
    return compared > 0 && differing == 0 && whole ? 0 : 1;
}
