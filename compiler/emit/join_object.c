/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an object and checking it: every range within the file, every number within its table,
 * every name with an end. What LLVM never writes is refused even where ELF allows it, since nobody
 * would notice that it is joined wrongly.
 */
#include "emit/join_object.h"

#include <string.h>

/* Far beyond what any code or data here wants; sums of as many sections do not overflow. */
static const uint64_t MOST_ALIGNMENT = (uint64_t)1 << 16;
static const uint64_t MOST_NOBITS = (uint64_t)1 << 40;

typedef struct Reader {
    Arena *arena;
    Object *object;
    const char **problem;
} Reader;

static bool holds(const Reader *r, bool good, const char *what)
{
    if (!good) {
        *r->problem = what;
    }
    return good;
}

static bool is_within(const Object *o, uint64_t offset, uint64_t size)
{
    return offset <= o->size && size <= o->size - offset;
}

/* A copy of `count` items at the offset, aligned; NULL: they are not all there. */
static void *items(const Reader *r, uint64_t offset, uint64_t count, size_t each)
{
    const Object *o = r->object;
    if (!is_within(o, offset, 0) ||
        !holds(r, count <= (o->size - offset) / each, "an end before its contents")) {
        return NULL;
    }
    void *copy = arena_alloc(r->arena, count + 1, each);
    memcpy(copy, o->data + offset, count * each);
    return copy;
}

static bool read_header(const Reader *r, const EmitPart *part)
{
    Object *o = r->object;
    *o = (Object){.data = part->data, .size = part->size};
    if (!holds(r, o->size >= sizeof o->header && memcmp(o->data, ELFMAG, SELFMAG) == 0,
               "no ELF header")) {
        return false;
    }
    memcpy(&o->header, o->data, sizeof o->header);
    o->section_count = o->header.e_shnum;
    bool known = o->header.e_ident[EI_CLASS] == ELFCLASS64 &&
                 o->header.e_ident[EI_DATA] == ELFDATA2LSB && o->header.e_type == ET_REL &&
                 o->header.e_shentsize == sizeof(Elf64_Shdr);
    return holds(r, known, "another format") &&
           holds(r, o->header.e_shstrndx < o->section_count, "sections without names");
}

/* ---- sections ---- */

static bool has_bytes(const Elf64_Shdr *section)
{
    return section->sh_type != SHT_NOBITS && section->sh_type != SHT_NULL;
}

static bool check_section(const Reader *r, const Elf64_Shdr *section)
{
    const Object *o = r->object;
    uint64_t alignment = section->sh_addralign;
    return holds(r,
                 has_bytes(section) ? is_within(o, section->sh_offset, section->sh_size)
                                    : section->sh_size <= MOST_NOBITS,
                 "an end before its contents") &&
           holds(r, alignment <= MOST_ALIGNMENT && (alignment & (alignment - 1)) == 0,
                 "a section at no boundary") &&
           holds(r, section->sh_link < o->section_count, "a section with a link to none") &&
           holds(r,
                 section->sh_type != SHT_SYMTAB_SHNDX && section->sh_type != SHT_REL &&
                     (section->sh_flags & SHF_COMPRESSED) == 0,
                 "a section of a kind that LLVM does not make");
}

/* The names of a table of strings, of which the last has an end. */
static const char *read_names(const Reader *r, uint32_t table)
{
    const Object *o = r->object;
    const Elf64_Shdr *section = &o->sections[table];
    bool good = section->sh_type == SHT_STRTAB && section->sh_size > 0 &&
                o->data[section->sh_offset + section->sh_size - 1] == '\0';
    return holds(r, good, "names without an end") ? o->data + section->sh_offset : NULL;
}

static bool read_sections(const Reader *r)
{
    Object *o = r->object;
    uint64_t total = 0;
    o->sections = items(r, o->header.e_shoff, o->section_count, sizeof(Elf64_Shdr));
    if (!holds(r, o->sections != NULL, "an end before its contents") ||
        !holds(r, o->sections[0].sh_type == SHT_NULL, "a first section that is one")) {
        return false;
    }
    for (uint32_t i = 0; i < o->section_count; i++) {
        if (!check_section(r, &o->sections[i])) {
            return false;
        }
        total += has_bytes(&o->sections[i]) ? o->sections[i].sh_size : 0;
        /* so the result is as large as its parts, whatever their headers say */
        if (!holds(r, total <= o->size, "sections in one another")) {
            return false;
        }
    }
    o->section_names = read_names(r, o->header.e_shstrndx);
    uint64_t most = o->sections[o->header.e_shstrndx].sh_size;
    for (uint32_t i = 0; i < o->section_count && o->section_names != NULL; i++) {
        if (!holds(r, o->sections[i].sh_name < most, "a section without a name")) {
            return false;
        }
    }
    return o->section_names != NULL;
}

/* ---- symbols ---- */

/* Is the place of a symbol one that can be told in the result, too? */
static bool has_place(const Object *o, const Elf64_Sym *symbol)
{
    return symbol->st_shndx < o->section_count || symbol->st_shndx == SHN_ABS ||
           symbol->st_shndx == SHN_COMMON;
}

static bool check_symbol(const Reader *r, uint32_t index, uint64_t names_size)
{
    const Object *o = r->object;
    const Elf64_Sym *symbol = &o->symbols[index];
    unsigned binding = ELF64_ST_BIND(symbol->st_info);
    bool local = index < o->local_count;
    bool section = ELF64_ST_TYPE(symbol->st_info) == STT_SECTION;
    bool inside = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < o->section_count;
    return holds(r, symbol->st_name < names_size, "a symbol without a name") &&
           holds(r, has_place(o, symbol), "a symbol in no section") &&
           holds(r, local ? binding == STB_LOCAL : binding == STB_GLOBAL || binding == STB_WEAK,
                 "symbols out of order") &&
           holds(r, !local || symbol->st_shndx != SHN_UNDEF || index == 0,
                 "a local symbol that it does not define") &&
           holds(r, !section || (local && inside), "a section's symbol without a section");
}

static bool read_symbols(const Reader *r, const Elf64_Shdr *table)
{
    Object *o = r->object;
    if (!holds(r, o->symbols == NULL, "two tables of symbols")) {
        return false;
    }
    o->symbol_count = (uint32_t)(table->sh_size / sizeof(Elf64_Sym));
    o->symbols = items(r, table->sh_offset, o->symbol_count, sizeof(Elf64_Sym));
    o->local_count = table->sh_info;
    o->symbol_names = read_names(r, table->sh_link);
    if (o->symbols == NULL || o->symbol_names == NULL ||
        !holds(r, o->symbol_count > 0 && o->symbols[0].st_shndx == SHN_UNDEF, "no symbols") ||
        !holds(r, o->local_count > 0 && o->local_count <= o->symbol_count,
               "more local symbols than symbols")) {
        return false;
    }
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        if (!check_symbol(r, i, o->sections[table->sh_link].sh_size)) {
            return false;
        }
    }
    return true;
}

static bool find_symbols(const Reader *r)
{
    const Object *o = r->object;
    for (uint32_t i = 0; i < o->section_count; i++) {
        if (o->sections[i].sh_type == SHT_SYMTAB && !read_symbols(r, &o->sections[i])) {
            return false;
        }
    }
    return holds(r, o->symbols != NULL, "no symbols");
}

/* ---- what has numbers in its contents ---- */

static bool check_relocations(const Reader *r, const Elf64_Shdr *section)
{
    const Object *o = r->object;
    if (!holds(r,
               section->sh_info > 0 && section->sh_info < o->section_count &&
                   section->sh_size % sizeof(Elf64_Rela) == 0 &&
                   section->sh_addralign <= _Alignof(Elf64_Rela),
               "relocations of no section")) {
        return false;
    }
    const Elf64_Shdr *target = &o->sections[section->sh_info];
    if (!holds(r, target->sh_type != SHT_RELA && has_bytes(target), "relocations of no section")) {
        return false;
    }
    for (uint64_t i = 0; i < section->sh_size / sizeof(Elf64_Rela); i++) {
        Elf64_Rela entry = object_relocation(o, section, i);
        if (!holds(r, ELF64_R_SYM(entry.r_info) < o->symbol_count, "a relocation by no symbol") ||
            !holds(r, entry.r_offset < target->sh_size, "a relocation of nothing")) {
            return false;
        }
    }
    return true;
}

/* The first word of a group is not a section. */
static bool check_group(const Reader *r, const Elf64_Shdr *section)
{
    const Object *o = r->object;
    uint32_t word;
    if (!holds(r,
               section->sh_info > 0 && section->sh_info < o->symbol_count &&
                   section->sh_size >= sizeof word && section->sh_size % sizeof word == 0,
               "a group without a name")) {
        return false;
    }
    for (uint64_t at = sizeof word; at < section->sh_size; at += sizeof word) {
        memcpy(&word, o->data + section->sh_offset + at, sizeof word);
        if (!holds(r, word > 0 && word < o->section_count, "a group of no sections")) {
            return false;
        }
    }
    return true;
}

static bool check_contents(const Reader *r)
{
    const Object *o = r->object;
    for (uint32_t i = 0; i < o->section_count; i++) {
        const Elf64_Shdr *section = &o->sections[i];
        if ((section->sh_type == SHT_RELA && !check_relocations(r, section)) ||
            (section->sh_type == SHT_GROUP && !check_group(r, section))) {
            return false;
        }
    }
    return true;
}

bool object_read(Arena *arena, const EmitPart *part, Object *object, const char **problem)
{
    Reader r = {.arena = arena, .object = object, .problem = problem};
    if (!read_header(&r, part) || !read_sections(&r) || !find_symbols(&r) || !check_contents(&r)) {
        return false;
    }
    object->section_map = ARENA_ARRAY(arena, uint32_t, object->section_count);
    object->symbol_map = ARENA_ARRAY(arena, uint32_t, object->symbol_count);
    object->bases = ARENA_ARRAY(arena, uint64_t, object->section_count);
    object->contents = ARENA_ARRAY(arena, const char *, object->section_count);
    for (uint32_t s = 0; s < object->section_count; s++) {
        const Elf64_Shdr *section = &object->sections[s];
        object->contents[s] = has_bytes(section) ? object->data + section->sh_offset : NULL;
    }
    return true;
}

const char *object_section_name(const Object *object, uint32_t section)
{
    return object->section_names + object->sections[section].sh_name;
}

const char *object_symbol_name(const Object *object, uint32_t symbol)
{
    return object->symbol_names + object->symbols[symbol].st_name;
}

Elf64_Rela object_relocation(const Object *object, const Elf64_Shdr *section, uint64_t index)
{
    Elf64_Rela entry;
    memcpy(&entry, object->data + section->sh_offset + index * sizeof entry, sizeof entry);
    return entry;
}
