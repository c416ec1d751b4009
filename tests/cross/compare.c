/* SPDX-License-Identifier: Apache-2.0
 *
 * Are the records of two machines equal to the last bit?
 *
 *     compare FILE FILE [RECORD…]      only records of these names
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Record {
    char name[64];
    size_t size, each;
    char *data;
} Record;

static bool read_record(FILE *file, Record *r)
{
    if (fscanf(file, "%63s %zu %zu", r->name, &r->size, &r->each) != 3 || fgetc(file) != '\n') {
        return false;
    }
    r->data = malloc(r->size + 1);
    return r->data != NULL && fread(r->data, 1, r->size, file) == r->size;
}

static double number(const Record *r, size_t i)
{
    double whole;
    float half;
    if (r->each == sizeof half) {
        memcpy(&half, r->data + i * r->each, sizeof half);
        return (double)half;
    }
    memcpy(&whole, r->data + i * r->each, sizeof whole);
    return whole;
}

static void report(const Record *a, const Record *b)
{
    size_t differing = 0, count = a->size / a->each;
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        differing += memcmp(a->data + i * a->each, b->data + i * a->each, a->each) != 0;
        most = fmax(most, fabs(number(a, i) - number(b, i)));
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

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    FILE *one = open_file(argv[1]), *two = open_file(argv[2]);
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
