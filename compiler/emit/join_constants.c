/* SPDX-License-Identifier: Apache-2.0
 *
 * Constants of several objects, each of them once. Where a linker could merge the entries of a
 * section, they have symbols, half of all there are, by which it finds them. Here the objects'
 * entries are merged already, so that the section and an offset do, in a third of the bytes.
 */
#include "emit/join_object.h"

#include <string.h>

/* Loaded, and of entries that a linker may merge with their like. */
bool object_is_mergeable(const Elf64_Shdr *section)
{
    uint64_t both = SHF_ALLOC | SHF_MERGE;
    return (section->sh_flags & both) == both;
}

static bool is_constant(const Object *o, uint32_t symbol)
{
    return symbol < o->local_count && strncmp(object_symbol_name(o, symbol), ".L", 2) == 0 &&
           ELF64_ST_TYPE(o->symbols[symbol].st_info) != STT_SECTION;
}

/* Is it known of every entry who looks at it? */
static bool has_entries(const Object *o, uint32_t section)
{
    const Elf64_Shdr *header = &o->sections[section];
    uint64_t each = header->sh_entsize;
    if ((header->sh_flags & SHF_STRINGS) != 0 || header->sh_type != SHT_PROGBITS || each == 0 ||
        header->sh_size % each != 0 || header->sh_addralign > each) {
        return false;
    }
    for (uint32_t i = 1; i < o->symbol_count; i++) {
        const Elf64_Sym *symbol = &o->symbols[i];
        if (symbol->st_shndx == section && (!is_constant(o, i) || symbol->st_value % each != 0 ||
                                            symbol->st_value >= header->sh_size)) {
            return false;
        }
    }
    for (uint32_t i = 1; i < o->section_count; i++) {
        if (o->sections[i].sh_type == SHT_RELA && o->sections[i].sh_info == section) {
            return false;
        }
    }
    return true;
}

/* Where the entry is among those of an object, which are in section `known` of the result. */
static bool find_entry(const Object *o, uint32_t known, const char *entry, uint64_t each,
                       uint64_t *at)
{
    for (uint32_t s = 1; s < o->section_count; s++) {
        if (o->section_map[s] != known || o->sections[s].sh_entsize != each) {
            continue;
        }
        for (uint64_t i = 0; i + each <= o->sections[s].sh_size; i += each) {
            *at = o->bases[s] + i;
            if (*at % each == 0 && memcmp(o->contents[s] + i, entry, each) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void merge_entries(Arena *arena, Object *objects, int number, uint32_t section)
{
    Object *o = &objects[number];
    Elf64_Shdr *header = &o->sections[section];
    const char *all = o->contents[section];
    uint64_t each = header->sh_entsize, most = header->sh_size, at = 0;
    char *kept = arena_alloc(arena, most, 1);
    o->contents[section] = kept;
    header->sh_size = 0;
    for (uint32_t i = 1; i < o->local_count; i++) {
        Elf64_Sym *symbol = &o->symbols[i];
        if (symbol->st_shndx != section) {
            continue;
        }
        const char *entry = all + symbol->st_value;
        bool found = false;
        for (int n = 0; n <= number && !found; n++) {
            found = find_entry(&objects[n], o->section_map[section], entry, each, &at);
        }
        /* two symbols of one entry find it, so there is room */
        if (!found) {
            memcpy(kept + header->sh_size, entry, each);
            at = o->bases[section] + header->sh_size;
            header->sh_size += each;
        }
        symbol->st_value = at - o->bases[section];
    }
}

void object_merge_constants(Arena *arena, Object *objects, int number, uint32_t section)
{
    Object *o = &objects[number];
    if (has_entries(o, section)) {
        merge_entries(arena, objects, number, section);
    }
    for (uint32_t i = 1; i < o->local_count; i++) {
        if (o->symbols[i].st_shndx == section && is_constant(o, i)) {
            o->symbols[i].st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION);
        }
    }
}
