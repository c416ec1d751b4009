/* SPDX-License-Identifier: Apache-2.0
 *
 * Relocatable ELF objects into one, as a linker's -r does, for any 64-bit little-endian machine:
 * sections of one name follow one another in one, symbols that one object wants and another defines
 * become one, and hidden ones local, so that nothing shows but the interface. Input is LLVM's own
 * output, which join_object.c has checked.
 */
#include "emit/join.h"

#include "emit/join_object.h"
#include "support/str.h"

#include <string.h>

enum { LLVM_ADDRSIG = 0x6fff4c03, LLVM_CALL_GRAPH = 0x6fff4c09, RISCV_ATTRIBUTES = 0x70000003 };
enum { LEAST_ALIGNMENT = 8 };

typedef VEC(Elf64_Sym) Symbols;
typedef VEC(Elf64_Shdr) Sections;

typedef struct Joint {
    Arena *arena;
    Object *objects;
    int count;
    Sections sections;
    Symbols symbols;
    uint32_t local_count; /* of the symbols, which come first */
    Text names, section_names;
    char *bytes;
    size_t size;
    const char *problem; /* the first; NULL: none */
} Joint;

static bool holds(Joint *j, bool good, const char *what)
{
    if (!good && j->problem == NULL) {
        j->problem = what;
    }
    return good;
}

static bool is_strong(const Object *o, uint32_t symbol)
{
    Elf64_Section section = o->symbols[symbol].st_shndx;
    return section != SHN_UNDEF && section != SHN_COMMON &&
           ELF64_ST_BIND(o->symbols[symbol].st_info) == STB_GLOBAL;
}

/* Of two that are of one name, one would be taken for the other. */
static bool are_told_apart(Joint *j, const Object *a, const Object *b)
{
    for (uint32_t s = a->local_count; s < a->symbol_count; s++) {
        for (uint32_t t = b->local_count; t < b->symbol_count && is_strong(a, s); t++) {
            if (!holds(j,
                       !is_strong(b, t) ||
                           strcmp(object_symbol_name(a, s), object_symbol_name(b, t)) != 0,
                       "a symbol that another defines")) {
                return false;
            }
        }
    }
    return true;
}

static bool read_objects(Joint *j, const EmitPart *parts)
{
    for (int i = 0; i < j->count; i++) {
        Object *o = &j->objects[i];
        const Elf64_Ehdr *first = &j->objects[0].header;
        if (!object_read(j->arena, &parts[i], o, &j->problem) ||
            !holds(j,
                   o->header.e_machine == first->e_machine && o->header.e_flags == first->e_flags,
                   "code of another machine")) {
            return false;
        }
        for (int other = 0; other < i; other++) {
            if (!are_told_apart(j, &j->objects[other], o)) {
                return false;
            }
        }
    }
    return true;
}

/* Notes about a whole object, which all objects have alike: the first one's will do. */
static bool is_note(const Object *o, uint32_t section)
{
    const char *name = object_section_name(o, section);
    return o->sections[section].sh_type == RISCV_ATTRIBUTES || strcmp(name, ".note.GNU-stack") == 0;
}

/* The version of LLVM, once for each module that was linked. */
static bool is_comment(const Object *o, uint32_t section)
{
    return strcmp(object_section_name(o, section), ".comment") == 0;
}

static bool is_kept(const Joint *j, const Object *o, uint32_t section)
{
    switch (o->sections[section].sh_type) {
    case SHT_NULL:
    case SHT_SYMTAB:
    case SHT_STRTAB:
    case LLVM_ADDRSIG:
    case LLVM_CALL_GRAPH:
        return false;
    case SHT_RELA:
        return is_kept(j, o, o->sections[section].sh_info);
    default:
        return !is_comment(o, section) && (o == j->objects || !is_note(o, section));
    }
}

static uint32_t add_name(Text *names, const char *name)
{
    uint32_t at = (uint32_t)names->length;
    text_append_bytes(names, name, strlen(name) + 1);
    return at;
}

static uint64_t round_up(uint64_t size, uint64_t alignment)
{
    return alignment > 1 ? (size + alignment - 1) / alignment * alignment : size;
}

/* A section of the result that goes on with this one; 0: none. Members of groups stay alone. */
static uint32_t find_section(const Joint *j, const Elf64_Shdr *section, const char *name)
{
    bool alone = (section->sh_flags & (SHF_GROUP | SHF_LINK_ORDER)) != 0;
    for (uint32_t i = 1; i < j->sections.count && !alone && section->sh_type != SHT_GROUP; i++) {
        const Elf64_Shdr *known = &j->sections.items[i];
        if (known->sh_type == section->sh_type && known->sh_flags == section->sh_flags &&
            known->sh_entsize == section->sh_entsize &&
            (section->sh_type != SHT_RELA || known->sh_info == section->sh_info) &&
            strcmp(j->section_names.data + known->sh_name, name) == 0) {
            return i;
        }
    }
    return 0;
}

/* Its number in the result, where it is new or goes on. */
static uint32_t map_section(Joint *j, const Object *o, uint32_t s)
{
    Elf64_Shdr section = o->sections[s];
    const char *name = object_section_name(o, s);
    if (section.sh_type == SHT_RELA) {
        section.sh_info = o->section_map[section.sh_info];
    } else if (object_is_mergeable(&section)) {
        section.sh_flags &= ~(uint64_t)(SHF_MERGE | SHF_STRINGS);
        section.sh_entsize = 0;
    }
    uint32_t known = find_section(j, &section, name);
    if (known == 0) {
        section.sh_name = add_name(&j->section_names, name);
        section.sh_size = 0;
        known = j->sections.count;
        vec_push(j->arena, &j->sections, section);
    }
    return known;
}

static void add_section(Joint *j, int number, uint32_t s)
{
    Object *o = &j->objects[number];
    Elf64_Shdr *section = &o->sections[s];
    o->section_map[s] = map_section(j, o, s);
    Elf64_Shdr *to = &j->sections.items[o->section_map[s]];
    o->bases[s] = round_up(to->sh_size, section->sh_addralign);
    if (object_is_mergeable(section)) {
        object_merge_constants(j->arena, j->objects, number, s);
    }
    to->sh_size = o->bases[s] + section->sh_size;
    if (section->sh_addralign > to->sh_addralign) {
        to->sh_addralign = section->sh_addralign;
    }
}

/* Relocations last: they belong to sections of the result. */
static void number_sections(Joint *j)
{
    vec_push(j->arena, &j->sections, (Elf64_Shdr){0});
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < j->count; i++) {
            const Object *o = &j->objects[i];
            for (uint32_t s = 0; s < o->section_count; s++) {
                bool later = o->sections[s].sh_type == SHT_RELA;
                if (later == (pass == 1) && is_kept(j, o, s)) {
                    add_section(j, i, s);
                }
            }
        }
    }
}

static bool is_local(const Elf64_Sym *symbol)
{
    return ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
           (symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_COMMON &&
            ELF64_ST_VISIBILITY(symbol->st_other) == STV_HIDDEN);
}

static uint32_t find_section_symbol(const Joint *j, Elf64_Section section)
{
    for (uint32_t i = 1; i < j->symbols.count; i++) {
        const Elf64_Sym *symbol = &j->symbols.items[i];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_SECTION && symbol->st_shndx == section) {
            return i;
        }
    }
    return 0;
}

/* Into the result, under its name; 0 where its section is left out. */
static uint32_t add_symbol(Joint *j, const Object *o, uint32_t index)
{
    Elf64_Sym symbol = o->symbols[index];
    bool is_section = ELF64_ST_TYPE(symbol.st_info) == STT_SECTION;
    if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx < SHN_LORESERVE) {
        symbol.st_value += is_section ? 0 : o->bases[symbol.st_shndx];
        symbol.st_shndx = (Elf64_Section)o->section_map[symbol.st_shndx];
        if (symbol.st_shndx == SHN_UNDEF) {
            return 0;
        }
    }
    uint32_t known = is_section ? find_section_symbol(j, symbol.st_shndx) : 0;
    if (known != 0) {
        return known;
    }
    if (is_section) {
        symbol = (Elf64_Sym){.st_info = symbol.st_info, .st_shndx = symbol.st_shndx};
    } else if (is_local(&symbol)) {
        symbol.st_info = ELF64_ST_INFO(STB_LOCAL, ELF64_ST_TYPE(symbol.st_info));
        symbol.st_other &= (unsigned char)~STV_HIDDEN;
    }
    symbol.st_name = symbol.st_name == 0 ? 0 : add_name(&j->names, object_symbol_name(o, index));
    vec_push(j->arena, &j->symbols, symbol);
    return j->symbols.count - 1;
}

/* The number in the result of what has that name and is no object's own. */
static uint32_t find_symbol(const Joint *j, const char *name)
{
    for (int i = 0; i < j->count; i++) {
        const Object *o = &j->objects[i];
        for (uint32_t s = o->local_count; s < o->symbol_count; s++) {
            if (o->symbol_map[s] != 0 && strcmp(object_symbol_name(o, s), name) == 0) {
                return o->symbol_map[s];
            }
        }
    }
    return 0;
}

/* What is common to all objects, as a sanitizer's word of what it has registered, is there once. */
static uint32_t add_visible(Joint *j, const Object *o, uint32_t index)
{
    bool common = o->symbols[index].st_shndx == SHN_COMMON;
    uint32_t known = common ? find_symbol(j, object_symbol_name(o, index)) : 0;
    return known != 0 ? known : add_symbol(j, o, index);
}

static void add_symbols(Joint *j, bool local)
{
    for (int i = 0; i < j->count; i++) {
        Object *o = &j->objects[i];
        for (uint32_t s = 1; s < o->symbol_count; s++) {
            const Elf64_Sym *symbol = &o->symbols[s];
            if (is_local(symbol) == local && (local || symbol->st_shndx != SHN_UNDEF)) {
                o->symbol_map[s] = local ? add_symbol(j, o, s) : add_visible(j, o, s);
            }
        }
    }
}

static void add_wanted(Joint *j)
{
    for (int i = 0; i < j->count; i++) {
        Object *o = &j->objects[i];
        for (uint32_t s = o->local_count; s < o->symbol_count; s++) {
            if (o->symbols[s].st_shndx == SHN_UNDEF) {
                uint32_t known = find_symbol(j, object_symbol_name(o, s));
                o->symbol_map[s] = known != 0 ? known : add_symbol(j, o, s);
            }
        }
    }
}

static void number_symbols(Joint *j)
{
    vec_push(j->arena, &j->symbols, (Elf64_Sym){0});
    add_symbols(j, true);
    j->local_count = j->symbols.count;
    add_symbols(j, false);
    add_wanted(j);
}

/* What counts from the beginning of a section counts from that of the joined one. */
static void relocate(Joint *j, const Object *o, char *bytes, const Elf64_Shdr *section)
{
    for (uint64_t at = 0; at < section->sh_size; at += sizeof(Elf64_Rela)) {
        Elf64_Rela entry;
        memcpy(&entry, bytes + at, sizeof entry);
        uint64_t number = ELF64_R_SYM(entry.r_info);
        const Elf64_Sym *symbol = &o->symbols[number];
        uint64_t mapped = o->symbol_map[number];
        holds(j, number == 0 || mapped != 0, "a relocation by a symbol that is left out");
        entry.r_offset += o->bases[section->sh_info];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_SECTION) {
            uint64_t begin = o->bases[symbol->st_shndx] + symbol->st_value;
            entry.r_addend = (int64_t)((uint64_t)entry.r_addend + begin);
        }
        entry.r_info = ELF64_R_INFO(mapped, ELF64_R_TYPE(entry.r_info));
        memcpy(bytes + at, &entry, sizeof entry);
    }
}

/* The first word of a group is not a section. */
static void regroup(Joint *j, const Object *o, char *bytes, const Elf64_Shdr *section)
{
    for (uint64_t at = sizeof(uint32_t); at < section->sh_size; at += sizeof(uint32_t)) {
        uint32_t member;
        memcpy(&member, bytes + at, sizeof member);
        holds(j, o->section_map[member] != 0, "a group of sections that are left out");
        memcpy(bytes + at, &o->section_map[member], sizeof member);
    }
}

/* Numbers of sections and symbols in the contents of an object's section, and once in the header of
 * the joined one. */
static void renumber(Joint *j, const Object *o, uint32_t section, Elf64_Shdr *to, char *bytes,
                     uint32_t symbols)
{
    const Elf64_Shdr *from = &o->sections[section];
    if (from->sh_type == SHT_RELA) {
        to->sh_link = symbols;
        relocate(j, o, bytes, from);
    } else if (from->sh_type == SHT_GROUP) {
        to->sh_link = symbols;
        to->sh_info = o->symbol_map[from->sh_info];
        holds(j, to->sh_info != 0, "a group whose name is left out");
        regroup(j, o, bytes, from);
    } else if (from->sh_link != 0) {
        to->sh_link = o->section_map[from->sh_link];
    }
}

static void place(Joint *j, Elf64_Shdr *section)
{
    j->size = round_up(j->size, section->sh_addralign);
    section->sh_offset = j->size;
    j->size += section->sh_type == SHT_NOBITS ? 0 : section->sh_size;
}

static uint32_t add_table(Joint *j, const char *name, uint32_t type, uint64_t size)
{
    Elf64_Shdr section = {.sh_type = type, .sh_size = size, .sh_addralign = LEAST_ALIGNMENT};
    section.sh_name = add_name(&j->section_names, name);
    vec_push(j->arena, &j->sections, section);
    return j->sections.count - 1;
}

/* Symbols, their names, the sections' names: the last three sections. */
static uint32_t add_tables(Joint *j)
{
    uint32_t symbols =
        add_table(j, ".symtab", SHT_SYMTAB, (uint64_t)j->symbols.count * sizeof(Elf64_Sym));
    uint32_t names = add_table(j, ".strtab", SHT_STRTAB, j->names.length);
    uint32_t own = add_table(j, ".shstrtab", SHT_STRTAB, 0);
    Elf64_Shdr *table = &j->sections.items[symbols];
    table->sh_link = names;
    table->sh_info = j->local_count;
    table->sh_entsize = sizeof(Elf64_Sym);
    j->sections.items[own].sh_size = j->section_names.length;
    return symbols;
}

static void lay_out(Joint *j)
{
    j->size = sizeof(Elf64_Ehdr);
    for (uint32_t s = 1; s < j->sections.count; s++) {
        place(j, &j->sections.items[s]);
    }
    j->size = round_up(j->size, LEAST_ALIGNMENT);
}

static void fill_sections(Joint *j, uint32_t symbols)
{
    for (int i = 0; i < j->count; i++) {
        const Object *o = &j->objects[i];
        for (uint32_t s = 0; s < o->section_count; s++) {
            const Elf64_Shdr *from = &o->sections[s];
            Elf64_Shdr *to = &j->sections.items[o->section_map[s]];
            if (o->section_map[s] != 0 && from->sh_type != SHT_NOBITS) {
                char *bytes = j->bytes + to->sh_offset + o->bases[s];
                memcpy(bytes, o->contents[s], from->sh_size);
                renumber(j, o, s, to, bytes, symbols);
            }
        }
    }
}

static void fill_tables(Joint *j, uint32_t symbols)
{
    const Elf64_Shdr *table = &j->sections.items[symbols];
    Elf64_Ehdr header = j->objects[0].header;
    size_t sections = j->sections.count * sizeof(Elf64_Shdr);
    memcpy(j->bytes + table[0].sh_offset, j->symbols.items, table[0].sh_size);
    memcpy(j->bytes + table[1].sh_offset, j->names.data, table[1].sh_size);
    memcpy(j->bytes + table[2].sh_offset, j->section_names.data, table[2].sh_size);
    header.e_shoff = j->size - sections;
    header.e_shnum = (Elf64_Half)j->sections.count;
    header.e_shstrndx = (Elf64_Half)(symbols + 2);
    memcpy(j->bytes + header.e_shoff, j->sections.items, sections);
    memcpy(j->bytes, &header, sizeof header);
}

/* The result's tables, and its size. */
static uint32_t number_all(Joint *j)
{
    text_append_bytes(&j->names, "", 1);
    text_append_bytes(&j->section_names, "", 1);
    number_sections(j);
    number_symbols(j);
    uint32_t symbols = add_tables(j);
    lay_out(j);
    j->size += j->sections.count * sizeof(Elf64_Shdr);
    return symbols;
}

char *join_objects(Arena *arena, const EmitPart *parts, int count, size_t *size,
                   const char **problem)
{
    Joint j = {.arena = arena,
               .objects = ARENA_ARRAY(arena, Object, (size_t)count),
               .count = count,
               .names = {.arena = arena},
               .section_names = {.arena = arena}};
    if (read_objects(&j, parts)) {
        uint32_t symbols = number_all(&j);
        if (holds(&j, j.sections.count < SHN_LORESERVE, "too many sections")) {
            j.bytes = arena_alloc(arena, j.size, 1);
            fill_sections(&j, symbols);
            fill_tables(&j, symbols);
        }
    }
    *size = j.size;
    *problem = j.problem;
    return j.problem == NULL ? j.bytes : NULL;
}
