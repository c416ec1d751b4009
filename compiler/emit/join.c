/* SPDX-License-Identifier: Apache-2.0
 *
 * Relocatable ELF objects into one, as a linker's -r does, for any 64-bit little-endian machine:
 * sections of one name follow one another in one, symbols that one object wants and another defines
 * become one, and hidden ones local, so that nothing shows but the interface. Constants lose their
 * names. Input is LLVM's own output; what it never contains is refused.
 */
#include "emit/join.h"

#include "support/bug.h"

#include <elf.h>
#include <string.h>

enum { LLVM_ADDRSIG = 0x6fff4c03, LLVM_CALL_GRAPH = 0x6fff4c09, RISCV_ATTRIBUTES = 0x70000003 };
enum { LEAST_ALIGNMENT = 8 };

typedef struct Object {
    const char *data;
    size_t size;
    Elf64_Ehdr header;
    Elf64_Shdr *sections;
    Elf64_Sym *symbols;
    uint32_t section_count, symbol_count, local_count;
    const char *section_names, *symbol_names;
    uint32_t *section_map, *symbol_map; /* numbers in the result; 0: left out */
    uint64_t *bases;                    /* where a section begins in that of the result */
} Object;

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
} Joint;

static void require(bool holds, const char *what)
{
    if (!holds) {
        BUG("emit", "an object to be joined has %s", what);
    }
}

/* A copy of `count` items at the offset, aligned. */
static void *items(Joint *j, const Object *o, uint64_t offset, uint64_t count, size_t each)
{
    require(offset <= o->size && count <= (o->size - offset) / each, "an end before its contents");
    void *copy = arena_alloc(j->arena, count + 1, each);
    memcpy(copy, o->data + offset, count * each);
    return copy;
}

static const char *symbol_name(const Object *o, uint32_t symbol)
{
    return o->symbol_names + o->symbols[symbol].st_name;
}

/* Loaded, and of entries that a linker may merge with their like. */
static bool is_mergeable(const Elf64_Shdr *section)
{
    uint64_t both = SHF_ALLOC | SHF_MERGE;
    return (section->sh_flags & both) == both;
}

/* Constants have symbols, half of all there are, for a linker finds the entry that it merges by
 * them. Where nothing is merged, the section and an offset do, in a third of the bytes. */
static void forget_constants(Object *o)
{
    for (uint32_t i = 1; i < o->local_count; i++) {
        Elf64_Sym *symbol = &o->symbols[i];
        if (symbol->st_shndx < o->section_count && is_mergeable(&o->sections[symbol->st_shndx]) &&
            strncmp(symbol_name(o, i), ".L", 2) == 0) {
            symbol->st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION);
        }
    }
}

static void read_symbols(Joint *j, Object *o, const Elf64_Shdr *table)
{
    o->symbol_count = (uint32_t)(table->sh_size / sizeof(Elf64_Sym));
    o->symbols = items(j, o, table->sh_offset, o->symbol_count, sizeof(Elf64_Sym));
    o->local_count = table->sh_info;
    require(table->sh_link < o->section_count, "symbols without names");
    o->symbol_names = o->data + o->sections[table->sh_link].sh_offset;
    require(o->local_count <= o->symbol_count, "more local symbols than symbols");
    forget_constants(o);
}

static void read_object(Joint *j, Object *o, const EmitPart *part)
{
    o->data = part->data;
    o->size = part->size;
    require(o->size >= sizeof o->header && memcmp(o->data, ELFMAG, SELFMAG) == 0, "no ELF header");
    memcpy(&o->header, o->data, sizeof o->header);
    require(o->header.e_ident[EI_CLASS] == ELFCLASS64 &&
                o->header.e_ident[EI_DATA] == ELFDATA2LSB && o->header.e_type == ET_REL &&
                o->header.e_shentsize == sizeof(Elf64_Shdr),
            "another format");
    o->section_count = o->header.e_shnum;
    o->sections = items(j, o, o->header.e_shoff, o->section_count, sizeof(Elf64_Shdr));
    require(o->header.e_shstrndx < o->section_count, "sections without names");
    o->section_names = o->data + o->sections[o->header.e_shstrndx].sh_offset;
    for (uint32_t i = 0; i < o->section_count; i++) {
        require(o->sections[i].sh_type != SHT_SYMTAB_SHNDX && o->sections[i].sh_type != SHT_REL,
                "a section of a kind that LLVM does not make");
        if (o->sections[i].sh_type == SHT_SYMTAB) {
            read_symbols(j, o, &o->sections[i]);
        }
    }
    require(o->symbols != NULL, "no symbols");
    o->section_map = ARENA_ARRAY(j->arena, uint32_t, o->section_count);
    o->symbol_map = ARENA_ARRAY(j->arena, uint32_t, o->symbol_count);
    o->bases = ARENA_ARRAY(j->arena, uint64_t, o->section_count);
}

static const char *section_name(const Object *o, uint32_t section)
{
    return o->section_names + o->sections[section].sh_name;
}

/* Notes about a whole object, which all objects have alike: the first one's will do. */
static bool is_note(const Object *o, uint32_t section)
{
    const char *name = section_name(o, section);
    return o->sections[section].sh_type == RISCV_ATTRIBUTES || strcmp(name, ".note.GNU-stack") == 0;
}

/* The version of LLVM, once for each module that was linked. */
static bool is_comment(const Object *o, uint32_t section)
{
    return strcmp(section_name(o, section), ".comment") == 0;
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

static void add_section(Joint *j, Object *o, uint32_t s)
{
    Elf64_Shdr section = o->sections[s];
    const char *name = section_name(o, s);
    if (section.sh_type == SHT_RELA) {
        section.sh_info = o->section_map[section.sh_info];
    } else if (is_mergeable(&section)) {
        section.sh_flags &= ~(uint64_t)(SHF_MERGE | SHF_STRINGS);
        section.sh_entsize = 0;
    }
    uint32_t known = find_section(j, &section, name);
    if (known != 0) {
        Elf64_Shdr *to = &j->sections.items[known];
        o->bases[s] = round_up(to->sh_size, section.sh_addralign);
        to->sh_size = o->bases[s] + section.sh_size;
        to->sh_addralign =
            section.sh_addralign > to->sh_addralign ? section.sh_addralign : to->sh_addralign;
    } else {
        section.sh_name = add_name(&j->section_names, name);
        known = j->sections.count;
        vec_push(j->arena, &j->sections, section);
    }
    o->section_map[s] = known;
}

/* Relocations last: they belong to sections of the result. */
static void number_sections(Joint *j)
{
    vec_push(j->arena, &j->sections, (Elf64_Shdr){0});
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < j->count; i++) {
            Object *o = &j->objects[i];
            for (uint32_t s = 0; s < o->section_count; s++) {
                bool later = o->sections[s].sh_type == SHT_RELA;
                if (later == (pass == 1) && is_kept(j, o, s)) {
                    add_section(j, o, s);
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
    symbol.st_name = symbol.st_name == 0 ? 0 : add_name(&j->names, symbol_name(o, index));
    vec_push(j->arena, &j->symbols, symbol);
    return j->symbols.count - 1;
}

static void add_symbols(Joint *j, bool local)
{
    for (int i = 0; i < j->count; i++) {
        Object *o = &j->objects[i];
        for (uint32_t s = 1; s < o->symbol_count; s++) {
            if (is_local(&o->symbols[s]) == local &&
                (local || o->symbols[s].st_shndx != SHN_UNDEF)) {
                o->symbol_map[s] = add_symbol(j, o, s);
            }
        }
    }
}

/* The number in the result of what has that name and is no object's own. */
static uint32_t find_symbol(const Joint *j, const char *name, int objects)
{
    for (int i = 0; i < objects; i++) {
        const Object *o = &j->objects[i];
        for (uint32_t s = o->local_count; s < o->symbol_count; s++) {
            if (o->symbol_map[s] != 0 && strcmp(symbol_name(o, s), name) == 0) {
                return o->symbol_map[s];
            }
        }
    }
    return 0;
}

static void add_wanted(Joint *j)
{
    for (int i = 0; i < j->count; i++) {
        Object *o = &j->objects[i];
        for (uint32_t s = o->local_count; s < o->symbol_count; s++) {
            if (o->symbols[s].st_shndx == SHN_UNDEF) {
                uint32_t known = find_symbol(j, symbol_name(o, s), j->count);
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
static void relocate(const Object *o, char *bytes, const Elf64_Shdr *section)
{
    for (uint64_t at = 0; at < section->sh_size; at += sizeof(Elf64_Rela)) {
        Elf64_Rela entry;
        memcpy(&entry, bytes + at, sizeof entry);
        uint64_t number = ELF64_R_SYM(entry.r_info);
        require(number < o->symbol_count, "a relocation by no symbol");
        const Elf64_Sym *symbol = &o->symbols[number];
        uint64_t mapped = o->symbol_map[number];
        entry.r_offset += o->bases[section->sh_info];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_SECTION) {
            entry.r_addend += (int64_t)(o->bases[symbol->st_shndx] + symbol->st_value);
        }
        entry.r_info = ELF64_R_INFO(mapped, ELF64_R_TYPE(entry.r_info));
        memcpy(bytes + at, &entry, sizeof entry);
    }
}

/* The first word of a group is not a section. */
static void regroup(const Object *o, char *bytes, const Elf64_Shdr *section)
{
    for (uint64_t at = sizeof(uint32_t); at < section->sh_size; at += sizeof(uint32_t)) {
        uint32_t member;
        memcpy(&member, bytes + at, sizeof member);
        require(member < o->section_count, "a group of no sections");
        memcpy(bytes + at, &o->section_map[member], sizeof member);
    }
}

/* Numbers of sections and symbols in the contents of an object's section, and once in the header of
 * the joined one. */
static void renumber(const Object *o, uint32_t section, Elf64_Shdr *to, char *bytes,
                     uint32_t symbols)
{
    const Elf64_Shdr *from = &o->sections[section];
    if (from->sh_type == SHT_RELA) {
        to->sh_link = symbols;
        relocate(o, bytes, from);
    } else if (from->sh_type == SHT_GROUP) {
        to->sh_link = symbols;
        to->sh_info = o->symbol_map[from->sh_info];
        regroup(o, bytes, from);
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
                require(from->sh_offset + from->sh_size <= o->size, "an end before its contents");
                char *bytes = j->bytes + to->sh_offset + o->bases[s];
                memcpy(bytes, o->data + from->sh_offset, from->sh_size);
                renumber(o, s, to, bytes, symbols);
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

char *join_objects(Arena *arena, const EmitPart *parts, int count, size_t *size)
{
    Joint j = {.arena = arena,
               .objects = ARENA_ARRAY(arena, Object, (size_t)count),
               .count = count,
               .names = {.arena = arena},
               .section_names = {.arena = arena}};
    text_append_bytes(&j.names, "", 1);
    text_append_bytes(&j.section_names, "", 1);
    for (int i = 0; i < count; i++) {
        read_object(&j, &j.objects[i], &parts[i]);
    }
    number_sections(&j);
    number_symbols(&j);
    uint32_t symbols = add_tables(&j);
    require(j.sections.count < SHN_LORESERVE, "too many sections");
    lay_out(&j);
    j.size += j.sections.count * sizeof(Elf64_Shdr);
    j.bytes = arena_alloc(arena, j.size, 1);
    fill_sections(&j, symbols);
    fill_tables(&j, symbols);
    *size = j.size;
    return j.bytes;
}
