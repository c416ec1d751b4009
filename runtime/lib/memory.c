/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads /proc/meminfo and the control groups, version 1 and 2, up to their root.
 */
#include "lib/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, HUGE_PAGE = 2 << 20, TEXT = 4096 };

static bool map_block(RtBlock *block, size_t size)
{
    if (size > SIZE_MAX / 2)
        return false;
    size_t map_size = size + HUGE_PAGE;
    void *map = mmap(NULL, map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return false;
    uintptr_t start = ((uintptr_t)map + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    /* only advice: without huge pages the program is slower, not wrong */
    madvise((void *)start, size, MADV_HUGEPAGE);
    *block = (RtBlock){(void *)start, size, map, map_size};
    return true;
}

static bool heap_block(RtBlock *block, size_t size)
{
    size_t rounded = (size + ALIGN - 1) / ALIGN * ALIGN;
    void *data = aligned_alloc(ALIGN, rounded ? rounded : ALIGN);
    if (!data)
        return false;
    memset(data, 0, rounded);
    *block = (RtBlock){data, size, data, 0};
    return true;
}

bool rt_block_allocate(RtBlock *block, size_t size, const char *what, RtError *error)
{
    *block = (RtBlock){0};
    if (size >= HUGE_PAGE ? map_block(block, size) : heap_block(block, size))
        return true;
    char text[32];
    return rt_fail(error, RT_FAILED, "out of memory: %s for the %s", rt_memory_text(size, text),
                   what);
}

void rt_block_free(RtBlock *block)
{
    if (block->map_size)
        munmap(block->map, block->map_size);
    else
        free(block->map);
    *block = (RtBlock){0};
}

/* At most TEXT - 1 bytes; empty when there is no such file. */
static void read_text(const char *path, char *text)
{
    text[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    text[fread(text, 1, TEXT - 1, file)] = '\0';
    fclose(file);
}

/* The number at the start, or `otherwise` where there is none ("max"). */
static size_t parse_number(const char *text, size_t otherwise)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    return end == text || value > SIZE_MAX ? otherwise : (size_t)value;
}

/* The number after a word at the start of a line. */
static size_t find_number(const char *text, const char *word, size_t otherwise)
{
    size_t length = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) == 0)
            return parse_number(line + length, otherwise);
        if (!*line)
            break;
    }
    return otherwise;
}

static size_t read_number(const char *folder, const char *name, size_t otherwise)
{
    char path[TEXT], text[TEXT];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return otherwise;
    read_text(path, text);
    return parse_number(text, otherwise);
}

typedef struct GroupFiles {
    const char *limit, *usage, *reclaimable;
} GroupFiles;

static const GroupFiles version1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                    "total_inactive_file"};
static const GroupFiles version2 = {"memory.max", "memory.current", "inactive_file"};

/* What one group has left; cached file pages do not count as used, since they give way. */
static size_t group_left(const char *folder, const GroupFiles *files)
{
    size_t limit = read_number(folder, files->limit, SIZE_MAX);
    if (limit == SIZE_MAX)
        return SIZE_MAX;
    size_t usage = read_number(folder, files->usage, 0);
    char path[TEXT], text[TEXT];
    size_t cached = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/memory.stat", folder) < sizeof path) {
        read_text(path, text);
        cached = find_number(text, files->reclaimable, 0);
    }
    usage -= cached < usage ? cached : usage;
    return limit > usage ? limit - usage : 0;
}

/* The least over the group and its parents; `base` is where the hierarchy is mounted. */
static size_t groups_left(const char *base, const char *group, const GroupFiles *files)
{
    char folder[TEXT];
    size_t base_length = strlen(base);
    if ((size_t)snprintf(folder, sizeof folder, "%s%s", base, group) >= sizeof folder)
        return SIZE_MAX;
    size_t least = SIZE_MAX;
    for (;;) {
        size_t left = group_left(folder, files);
        least = left < least ? left : least;
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < base_length)
            return least;
        *slash = '\0';
    }
}

/* A line of /proc/self/cgroup is "number:controllers:path"; version 2 has number 0 and no
 * controllers. */
static size_t line_left(const char *root, char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return SIZE_MAX;
    *controllers++ = '\0';
    *group++ = '\0';
    char base[TEXT];
    if (!*controllers) {
        snprintf(base, sizeof base, "%s/sys/fs/cgroup", root);
        return groups_left(base, group, &version2);
    }
    if (!strstr(controllers, "memory"))
        return SIZE_MAX;
    snprintf(base, sizeof base, "%s/sys/fs/cgroup/memory", root);
    return groups_left(base, group, &version1);
}

size_t rt_memory_left(const char *root)
{
    char path[TEXT], text[TEXT];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    read_text(path, text);
    size_t kib = find_number(text, "MemAvailable:", SIZE_MAX / 1024);
    size_t least = kib > SIZE_MAX / 1024 ? SIZE_MAX : kib * 1024;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    read_text(path, text);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        size_t left = line_left(root, line);
        least = left < least ? left : least;
    }
    return least;
}

const char *rt_memory_text(size_t bytes, char text[32])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(text, 32, "%zu bytes", bytes);
        return text;
    }
    double value = (double)bytes / 1024;
    int unit = 0;
    for (; value >= 1024 && unit < 5; unit++)
        value /= 1024;
    snprintf(text, 32, "%.1f %s", value, units[unit]);
    return text;
}

bool rt_memory_check(const RtNeed *needs, int count, size_t left, const char *help, RtError *error)
{
    size_t total = 0;
    bool fits = true;
    for (int i = 0; i < count; i++)
        fits = !__builtin_add_overflow(total, needs[i].bytes, &total) && fits;
    if (fits && total <= left)
        return true;
    char table[1024] = "", number[32], rest[32];
    for (int i = 0; i < count; i++) {
        size_t used = strlen(table);
        if (needs[i].bytes > 0)
            snprintf(table + used, sizeof table - used, "\n  %-28s %12s", needs[i].what,
                     rt_memory_text(needs[i].bytes, number));
    }
    return rt_fail(error, RT_FAILED, "not enough memory: %s needed, %s left%s\nwhat helps: %s",
                   fits ? rt_memory_text(total, number) : "more than the address space",
                   rt_memory_text(left, rest), table, help);
}
