/* SPDX-License-Identifier: Apache-2.0
 *
 * A relocatable object as join.c reads it: its tables, checked once, so that whoever follows an
 * offset, a name or a number in them stays inside.
 */
#ifndef RNET_EMIT_JOIN_OBJECT_H
#define RNET_EMIT_JOIN_OBJECT_H

#include "emit/emit.h"

#include <elf.h>

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
    const char **contents;              /* of a section */
} Object;

/* Copies of the tables, with empty maps; contents are where the part has them. False with what is
 * wrong, in words that go on after "it has": bytes that are no such object, or one that LLVM would
 * not write. */
bool object_read(Arena *arena, const EmitPart *part, Object *object, const char **problem);

const char *object_section_name(const Object *object, uint32_t section);
const char *object_symbol_name(const Object *object, uint32_t symbol);
/* May a linker merge its entries, and are they loaded? */
bool object_is_mergeable(const Elf64_Shdr *section);
/* Such a section of objects[number], of which map and base are known: its constants lose their
 * names, and those that it or an object before it has in that section of the result go. */
void object_merge_constants(Arena *arena, Object *objects, int number, uint32_t section);
/* Entry `index` of a section of relocations. */
Elf64_Rela object_relocation(const Object *object, const Elf64_Shdr *section, uint64_t index);

#endif
