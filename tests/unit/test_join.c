/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects into one: contents in their order, one symbol for a name, hidden ones local, constants
 * without names, relocations that mean what they meant; and bytes that are no object, or a damaged
 * one, give a problem in words and nothing else.
 */
#include "emit/jit.h"
#include "emit/join.h"

#include "core/program.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "object_fixture.h"

extern const JitSymbol rnet_core_symbols[];

enum { MOST_BYTES = 4096, MOST_PARTS = 24 };

/* ---- making objects ---- */

/* What an object is made of; sections count from 1 in the order in which they are added. */
typedef struct Made {
    unsigned char bytes[MOST_BYTES];
    size_t size;
    Elf64_Shdr sections[MOST_PARTS];
    Elf64_Sym symbols[MOST_PARTS];
    char names[512], section_names[512];
    size_t names_size, section_names_size;
    uint16_t section_count;
    uint32_t symbol_count, local_count;
} Made;

static uint32_t put_name(char *names, size_t *size, const char *name)
{
    size_t at = *size;
    assert_true(at + strlen(name) < 512);
    memcpy(names + at, name, strlen(name) + 1);
    *size += strlen(name) + 1;
    return (uint32_t)at;
}

static void put_bytes(Made *m, const void *data, size_t size, size_t alignment)
{
    m->size = (m->size + alignment - 1) / alignment * alignment;
    assert_true(m->size + size <= MOST_BYTES);
    memcpy(m->bytes + m->size, data, size);
    m->size += size;
}

static void begin(Made *m)
{
    memset(m, 0, sizeof *m);
    m->size = sizeof(Elf64_Ehdr);
    m->names_size = m->section_names_size = 1;
    m->section_count = 1;
    m->symbol_count = m->local_count = 1;
}

static uint16_t add_section(Made *m, const char *name, uint32_t type, uint64_t flags,
                            uint64_t alignment, const void *data, size_t size)
{
    Elf64_Shdr *section = &m->sections[m->section_count];
    assert_true(m->section_count < MOST_PARTS - 4);
    *section = (Elf64_Shdr){.sh_type = type,
                            .sh_flags = flags,
                            .sh_addralign = alignment,
                            .sh_size = size,
                            .sh_name = put_name(m->section_names, &m->section_names_size, name)};
    if (type != SHT_NOBITS) {
        put_bytes(m, data, size, alignment);
        section->sh_offset = m->size - size;
    } else {
        section->sh_offset = m->size;
    }
    return m->section_count++;
}

/* Local ones first. */
static uint32_t add_symbol(Made *m, const char *name, unsigned binding, unsigned type,
                           unsigned visibility, uint16_t section, uint64_t value)
{
    assert_true(m->symbol_count < MOST_PARTS);
    m->symbols[m->symbol_count] =
        (Elf64_Sym){.st_name = *name ? put_name(m->names, &m->names_size, name) : 0,
                    .st_info = (unsigned char)ELF64_ST_INFO(binding, type),
                    .st_other = (unsigned char)visibility,
                    .st_shndx = section,
                    .st_value = value};
    m->local_count += binding == STB_LOCAL;
    return m->symbol_count++;
}

static void finish(Made *m)
{
    uint16_t symbols = add_section(m, ".symtab", SHT_SYMTAB, 0, 8, m->symbols,
                                   m->symbol_count * sizeof(Elf64_Sym));
    m->sections[symbols].sh_info = m->local_count;
    m->sections[symbols].sh_entsize = sizeof(Elf64_Sym);
    m->sections[symbols].sh_link =
        add_section(m, ".strtab", SHT_STRTAB, 0, 1, m->names, m->names_size);
    put_name(m->section_names, &m->section_names_size, ".shstrtab");
    m->section_names_size -= strlen(".shstrtab") + 1;
    uint16_t own = add_section(m, ".shstrtab", SHT_STRTAB, 0, 1, m->section_names,
                               m->section_names_size + strlen(".shstrtab") + 1);
    for (uint16_t s = 1; s < m->section_count; s++) {
        bool links = m->sections[s].sh_type == SHT_RELA || m->sections[s].sh_type == SHT_GROUP;
        m->sections[s].sh_link = links ? symbols : m->sections[s].sh_link;
    }
    put_bytes(m, m->sections, m->section_count * sizeof(Elf64_Shdr), 8);
    Elf64_Ehdr header = {.e_type = ET_REL,
                         .e_machine = EM_X86_64,
                         .e_version = EV_CURRENT,
                         .e_ehsize = sizeof header,
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = m->section_count,
                         .e_shstrndx = own,
                         .e_shoff = m->size - m->section_count * sizeof(Elf64_Shdr)};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    memcpy(m->bytes, &header, sizeof header);
}

/* `api` calls the other object's `far`, reads its own constant, and asks for getenv. */
static void make_first(Made *m)
{
    begin(m);
    uint16_t text =
        add_section(m, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16, "firstfirst", 10);
    uint16_t data =
        add_section(m, ".rodata.cst4", SHT_PROGBITS, SHF_ALLOC | SHF_MERGE, 4, "AAAABBBB", 8);
    m->sections[data].sh_entsize = 4;
    add_section(m, ".comment", SHT_PROGBITS, SHF_MERGE | SHF_STRINGS, 1, "maker", 6);
    add_section(m, ".note.GNU-stack", SHT_PROGBITS, 0, 1, "", 0);
    add_section(m, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 8, NULL, 12);
    add_symbol(m, "one.c", STB_LOCAL, STT_FILE, 0, SHN_ABS, 0);
    uint32_t constant = add_symbol(m, ".LC0", STB_LOCAL, STT_OBJECT, 0, data, 4);
    add_symbol(m, "api", STB_GLOBAL, STT_FUNC, 0, text, 0);
    add_symbol(m, "near", STB_GLOBAL, STT_FUNC, STV_HIDDEN, text, 6);
    add_symbol(m, "common", STB_GLOBAL, STT_OBJECT, 0, SHN_COMMON, 8);
    uint32_t wanted = add_symbol(m, "far", STB_GLOBAL, STT_NOTYPE, STV_HIDDEN, SHN_UNDEF, 0);
    uint32_t outside = add_symbol(m, "getenv", STB_GLOBAL, STT_NOTYPE, 0, SHN_UNDEF, 0);
    const Elf64_Rela entries[] = {{1, ELF64_R_INFO(wanted, R_X86_64_PLT32), -4},
                                  {3, ELF64_R_INFO(constant, R_X86_64_PC32), -4},
                                  {5, ELF64_R_INFO(outside, R_X86_64_PLT32), -4}};
    uint16_t table =
        add_section(m, ".rela.text", SHT_RELA, SHF_INFO_LINK, 8, entries, sizeof entries);
    m->sections[table].sh_info = text;
    finish(m);
}

/* `far` calls `near` of the first, reads its own constant and what lies in its own .text. */
static void make_second(Made *m)
{
    begin(m);
    uint16_t data =
        add_section(m, ".rodata.cst4", SHT_PROGBITS, SHF_ALLOC | SHF_MERGE, 4, "CCCCBBBB", 8);
    m->sections[data].sh_entsize = 4;
    uint16_t text =
        add_section(m, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 32, "second", 6);
    add_section(m, ".comment", SHT_PROGBITS, SHF_MERGE | SHF_STRINGS, 1, "maker", 6);
    add_section(m, ".note.GNU-stack", SHT_PROGBITS, 0, 1, "", 0);
    add_section(m, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 8, NULL, 8);
    uint32_t constant = add_symbol(m, ".LC0", STB_LOCAL, STT_OBJECT, 0, data, 0);
    uint32_t shared = add_symbol(m, ".LC1", STB_LOCAL, STT_OBJECT, 0, data, 4);
    uint32_t own = add_symbol(m, "", STB_LOCAL, STT_SECTION, 0, text, 0);
    add_symbol(m, "far", STB_GLOBAL, STT_FUNC, STV_HIDDEN, text, 2);
    add_symbol(m, "common", STB_GLOBAL, STT_OBJECT, 0, SHN_COMMON, 8);
    uint32_t wanted = add_symbol(m, "near", STB_GLOBAL, STT_NOTYPE, STV_HIDDEN, SHN_UNDEF, 0);
    uint32_t outside = add_symbol(m, "getenv", STB_GLOBAL, STT_NOTYPE, 0, SHN_UNDEF, 0);
    const Elf64_Rela entries[] = {{0, ELF64_R_INFO(wanted, R_X86_64_PLT32), -4},
                                  {1, ELF64_R_INFO(constant, R_X86_64_PC32), -4},
                                  {2, ELF64_R_INFO(own, R_X86_64_PC32), 3},
                                  {4, ELF64_R_INFO(shared, R_X86_64_PC32), -4},
                                  {3, ELF64_R_INFO(outside, R_X86_64_PLT32), -4}};
    uint16_t table =
        add_section(m, ".rela.text", SHT_RELA, SHF_INFO_LINK, 8, entries, sizeof entries);
    m->sections[table].sh_info = text;
    uint32_t group[] = {GRP_COMDAT, text};
    table = add_section(m, ".group", SHT_GROUP, 0, 4, group, sizeof group);
    m->sections[table].sh_info = constant;
    finish(m);
}

/* ---- reading the result ---- */

typedef struct Joined {
    const char *bytes;
    size_t size;
    Elf64_Ehdr header;
    Elf64_Shdr sections[64];
} Joined;

static Joined open_joined(const char *bytes, size_t size)
{
    Joined j = {.bytes = bytes, .size = size};
    memcpy(&j.header, bytes, sizeof j.header);
    assert_in_range(j.header.e_shnum, 1, 64);
    assert_true(j.header.e_shoff + j.header.e_shnum * sizeof(Elf64_Shdr) == size);
    memcpy(j.sections, bytes + j.header.e_shoff, j.header.e_shnum * sizeof(Elf64_Shdr));
    return j;
}

/* Number of the only section of that name; 0: none. */
static uint32_t section_of(const Joined *j, const char *name)
{
    const char *names = j->bytes + j->sections[j->header.e_shstrndx].sh_offset;
    uint32_t found = 0;
    for (uint32_t s = 1; s < j->header.e_shnum; s++) {
        if (strcmp(names + j->sections[s].sh_name, name) == 0) {
            assert_int_equal(found, 0);
            found = s;
        }
    }
    return found;
}

static uint32_t symbol_count(const Joined *j)
{
    return (uint32_t)(j->sections[section_of(j, ".symtab")].sh_size / sizeof(Elf64_Sym));
}

static Elf64_Sym symbol_at(const Joined *j, uint32_t index)
{
    Elf64_Sym symbol;
    size_t at = j->sections[section_of(j, ".symtab")].sh_offset + index * sizeof symbol;
    memcpy(&symbol, j->bytes + at, sizeof symbol);
    return symbol;
}

/* Number of the only symbol of that name; 0: none. */
static uint32_t symbol_of(const Joined *j, const char *name)
{
    const char *names = j->bytes + j->sections[section_of(j, ".strtab")].sh_offset;
    uint32_t found = 0;
    for (uint32_t s = 1; s < symbol_count(j); s++) {
        if (strcmp(names + symbol_at(j, s).st_name, name) == 0) {
            assert_int_equal(found, 0);
            found = s;
        }
    }
    return found;
}

static void assert_symbol(const Joined *j, const char *name, unsigned binding, uint32_t section,
                          uint64_t value)
{
    Elf64_Sym symbol = symbol_at(j, symbol_of(j, name));
    assert_int_not_equal(symbol_of(j, name), 0);
    assert_int_equal(ELF64_ST_BIND(symbol.st_info), binding);
    assert_int_equal(symbol.st_shndx, section);
    assert_int_equal(symbol.st_value, value);
    assert_int_equal(ELF64_ST_VISIBILITY(symbol.st_other), STV_DEFAULT);
}

/* Entry of .rela.text: place, symbol and addend. */
static void assert_relocation(const Joined *j, uint32_t index, uint64_t offset, uint32_t symbol,
                              int64_t addend)
{
    Elf64_Rela entry;
    const Elf64_Shdr *table = &j->sections[section_of(j, ".rela.text")];
    memcpy(&entry, j->bytes + table->sh_offset + index * sizeof entry, sizeof entry);
    assert_int_equal(entry.r_offset, offset);
    assert_int_equal(ELF64_R_SYM(entry.r_info), symbol);
    assert_int_equal(entry.r_addend, addend);
}

/* Number of a section's own symbol. */
static uint32_t symbol_of_section(const Joined *j, uint32_t section)
{
    for (uint32_t s = 1; s < symbol_count(j); s++) {
        Elf64_Sym symbol = symbol_at(j, s);
        if (ELF64_ST_TYPE(symbol.st_info) == STT_SECTION && symbol.st_shndx == section) {
            assert_int_equal(symbol.st_value, 0);
            return s;
        }
    }
    fail_msg("section %u has no symbol", section);
    return 0;
}

/* ---- tests ---- */

static char *join(const EmitPart *parts, int count, size_t *size, const char **problem)
{
    char *bytes = join_objects(arena, parts, count, size, problem);
    assert_true((bytes == NULL) == (*problem != NULL));
    return bytes;
}

static Joined join_made(const Made *first, const Made *second)
{
    const EmitPart parts[] = {{NULL, (const char *)first->bytes, first->size},
                              {NULL, (const char *)second->bytes, second->size}};
    size_t size;
    const char *problem;
    const char *bytes = join(parts, 2, &size, &problem);
    if (bytes == NULL) {
        fail_msg("%s", problem);
    }
    return open_joined(bytes, size);
}

static Joined join_both(void)
{
    Made first, second;
    make_first(&first);
    make_second(&second);
    return join_made(&first, &second);
}

static void puts_contents_behind_each_other(void **state)
{
    (void)state;
    Joined j = join_both();
    const Elf64_Shdr *text = &j.sections[section_of(&j, ".text")];
    assert_int_equal(text->sh_size, 32 + 6); /* the second begins at a multiple of 32 */
    assert_int_equal(text->sh_addralign, 32);
    assert_int_equal(text->sh_offset % 32, 0);
    assert_memory_equal(j.bytes + text->sh_offset, "firstfirst\0\0", 12);
    assert_memory_equal(j.bytes + text->sh_offset + 32, "second", 6);
    const Elf64_Shdr *data = &j.sections[section_of(&j, ".rodata.cst4")];
    assert_int_equal(data->sh_size, 8);          /* what is named, once */
    assert_int_equal(data->sh_flags, SHF_ALLOC); /* offsets are meant: nothing may merge it */
    assert_memory_equal(j.bytes + data->sh_offset, "BBBBCCCC", 8);
    assert_int_equal(j.sections[section_of(&j, ".bss")].sh_size, 16 + 8);
    assert_int_not_equal(section_of(&j, ".note.GNU-stack"), 0);
    assert_int_equal(section_of(&j, ".comment"), 0);
    const Elf64_Shdr *group = &j.sections[section_of(&j, ".group")];
    uint32_t members[2];
    assert_int_equal(group->sh_size, sizeof members);
    memcpy(members, j.bytes + group->sh_offset, sizeof members);
    assert_int_equal(members[0], GRP_COMDAT);
    assert_int_equal(members[1], section_of(&j, ".text"));
}

static void makes_one_symbol_of_a_name(void **state)
{
    (void)state;
    Joined j = join_both();
    uint32_t text = section_of(&j, ".text");
    assert_symbol(&j, "api", STB_GLOBAL, text, 0);
    assert_symbol(&j, "near", STB_LOCAL, text, 6);
    assert_symbol(&j, "far", STB_LOCAL, text, 32 + 2);
    assert_symbol(&j, "getenv", STB_GLOBAL, SHN_UNDEF, 0);
    assert_symbol(&j, "common", STB_GLOBAL, SHN_COMMON, 8);
    assert_int_equal(symbol_of(&j, ".LC0"), 0);
    uint32_t locals = j.sections[section_of(&j, ".symtab")].sh_info;
    for (uint32_t s = 0; s < symbol_count(&j); s++) {
        assert_int_equal(ELF64_ST_BIND(symbol_at(&j, s).st_info) == STB_LOCAL, s < locals);
    }
}

static void relocates(void **state)
{
    (void)state;
    Joined j = join_both();
    uint32_t constants = symbol_of_section(&j, section_of(&j, ".rodata.cst4"));
    const Elf64_Shdr *table = &j.sections[section_of(&j, ".rela.text")];
    assert_int_equal(table->sh_info, section_of(&j, ".text"));
    assert_int_equal(table->sh_link, section_of(&j, ".symtab"));
    assert_int_equal(table->sh_size, 8 * sizeof(Elf64_Rela));
    assert_relocation(&j, 0, 1, symbol_of(&j, "far"), -4);
    assert_relocation(&j, 1, 3, constants, 0 - 4);
    assert_relocation(&j, 2, 5, symbol_of(&j, "getenv"), -4);
    assert_relocation(&j, 3, 32, symbol_of(&j, "near"), -4);
    assert_relocation(&j, 4, 33, constants, 4 - 4);
    assert_relocation(&j, 5, 34, symbol_of_section(&j, section_of(&j, ".text")), 32 + 3);
    assert_relocation(&j, 6, 36, constants, 0 - 4);
    assert_relocation(&j, 7, 35, symbol_of(&j, "getenv"), -4);
}

static void expect_problem(const Made *first, const Made *second, const char *words)
{
    const EmitPart parts[] = {{NULL, (const char *)first->bytes, first->size},
                              {NULL, (const char *)second->bytes, second->size}};
    size_t size;
    const char *problem;
    assert_null(join(parts, 2, &size, &problem));
    assert_string_equal(problem, words);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    Made first, second;
    make_first(&first);
    make_first(&second);
    expect_problem(&first, &second, "a symbol that another defines");
    make_second(&second);
    second.bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_RISCV;
    expect_problem(&first, &second, "code of another machine");
    make_second(&second);
    second.bytes[EI_CLASS] = ELFCLASS32;
    expect_problem(&first, &second, "another format");
    second.bytes[0] = 'X';
    expect_problem(&first, &second, "no ELF header");
}

/* A copy of just that size, so that a reader that goes too far is seen. */
static EmitPart copy_part(const void *bytes, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return (EmitPart){NULL, copy, size};
}

/* The table of sections comes last, so nothing shorter is whole. */
static void refuses_truncated_objects(void **state)
{
    (void)state;
    Made first, second;
    make_first(&first);
    make_second(&second);
    for (size_t length = 0; length < second.size; length++) {
        ArenaMark mark = arena_mark(arena);
        EmitPart parts[] = {copy_part(first.bytes, first.size), copy_part(second.bytes, length)};
        size_t size;
        const char *problem;
        assert_null(join(parts, 2, &size, &problem));
        free((void *)(uintptr_t)parts[0].data);
        free((void *)(uintptr_t)parts[1].data);
        arena_release(arena, mark);
    }
}

static uint32_t next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (uint32_t)(*state >> 33);
}

/* Bytes of the tables or anywhere: small numbers, large ones, single bits. */
static void damage(char *bytes, size_t size, uint64_t *seed)
{
    static const unsigned char values[] = {0, 1, 2, 3, 4, 8, 0x10, 0x7f, 0x80, 0xf1, 0xff};
    for (uint32_t i = 1 + next_number(seed) % 3; i > 0; i--) {
        size_t at = next_number(seed) % size;
        uint32_t value = next_number(seed);
        bytes[at] = (char)(value % 2 ? values[value / 2 % sizeof values]
                                     : bytes[at] ^ (1 << value / 2 % 8));
    }
}

/* Whatever is taken for an object makes one that can be joined again. */
static void stands_damage(void **state)
{
    (void)state;
    Made first, second;
    uint64_t seed = 1;
    int refused = 0, taken = 0;
    make_first(&first);
    make_second(&second);
    for (int round = 0; round < 60000; round++) {
        ArenaMark mark = arena_mark(arena);
        EmitPart parts[] = {copy_part(first.bytes, first.size),
                            copy_part(second.bytes, second.size)};
        EmitPart *damaged = &parts[round % 2];
        damage((char *)(uintptr_t)damaged->data, damaged->size, &seed);
        size_t size;
        const char *problem;
        char *bytes = join(parts, 2, &size, &problem);
        refused += bytes == NULL;
        taken += bytes != NULL;
        if (bytes != NULL && join(&(EmitPart){NULL, bytes, size}, 1, &size, &problem) == NULL) {
            fail_msg("round %d: %s", round, problem);
        }
        free((void *)(uintptr_t)parts[0].data);
        free((void *)(uintptr_t)parts[1].data);
        arena_release(arena, mark);
    }
    assert_true(refused > 3000 && taken > 3000);
}

static const char network[] = "model {\n"
                              "  input x[5]\n"
                              "  dense(7) -> tanh\n"
                              "  dense(3)\n"
                              "}\n";

/* Outputs of two samples by each instruction set of code in memory that runs anywhere: the last. */
static void predict(const EmitOutput *output, float y[2][3])
{
    static const float x[2][5] = {{0.5f, -1, 2, 0.25f, 3}, {1, 2, -3, 4, -5}};
    Jit *jit = jit_open(arena, output, rnet_core_symbols, false, sink);
    assert_non_null(jit);
    const RnProgram *program = jit_address(jit, "rnet_program");
    assert_non_null(program);
    const RnCode *code = &program->codes[program->code_count - 1];
    void *params = aligned_alloc(RN_ALIGN, code->params_size(program, NULL));
    void *room = aligned_alloc(RN_ALIGN, 1 << 20);
    assert_true(params != NULL && room != NULL);
    assert_in_range(code->init_workspace_size(program, NULL), 1, 1 << 20);
    assert_int_equal(code->init(program, NULL, params, 7, 0, room, NULL), RN_OK);
    RnCall call = {.program = program,
                   .code = code,
                   .params = params,
                   .x = x,
                   .y = y,
                   .batch = 2,
                   .workspace = room,
                   .what = RN_FORWARD};
    assert_in_range(code->workspace_size(&call), 1, 1 << 20);
    assert_int_equal(code->run(&call), RN_OK);
    free(room);
    free(params);
    jit_close(jit);
}

/* The objects of a network's instruction sets, joined, compute what they computed apart. */
static void joins_what_llvm_writes(void **state)
{
    (void)state;
    EmitOutput apart = compile_text(network, 1, NULL);
    assert_int_equal(apart.count, 3);
    EmitOutput joined = {.count = 1};
    const char *problem;
    joined.parts[0].data = join(apart.parts, apart.count, &joined.parts[0].size, &problem);
    assert_non_null(joined.parts[0].data);
    float expected[2][3] = {{0}}, got[2][3] = {{0}};
    predict(&apart, expected);
    predict(&joined, got);
    assert_true(expected[0][0] != 0 && expected[0][0] != expected[1][0]);
    assert_memory_equal(expected, got, sizeof got);
    emit_dispose(&apart);
}

int main(void)
{
    setenv("RNET_ARENA_MALLOC", "1", 1); /* sanitizers then see every table's end */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(puts_contents_behind_each_other, create, destroy),
        cmocka_unit_test_setup_teardown(makes_one_symbol_of_a_name, create, destroy),
        cmocka_unit_test_setup_teardown(relocates, create, destroy),
        cmocka_unit_test_setup_teardown(refuses_what_does_not_fit, create, destroy),
        cmocka_unit_test_setup_teardown(refuses_truncated_objects, create, destroy),
        cmocka_unit_test_setup_teardown(stands_damage, create, destroy),
        cmocka_unit_test_setup_teardown(joins_what_llvm_writes, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
