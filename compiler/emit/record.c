/* SPDX-License-Identifier: Apache-2.0
 *
 * Constant structs, field by field.
 */
#include "emit/record.h"

#include "support/bug.h"
#include "support/str.h"

#include <string.h>

Record record_open(Emitter *e, const char *struct_name)
{
    Record r = {.e = e, .name = struct_name};
    /* A type's name is unique to its context, its layout object's to the module. */
    char *layout = str_format(e->arena, "rn_layout_%s", struct_name);
    LLVMValueRef object = LLVMGetNamedGlobal(e->module, layout);
    if (object == NULL) {
        BUG("emit", "the kernels do not know struct %s", struct_name);
    }
    r.type = LLVMGlobalGetValueType(object);
    return r;
}

void record_put(Record *r, LLVMValueRef value)
{
    bool fits = r->count < LLVMCountStructElementTypes(r->type) &&
                LLVMTypeOf(value) == LLVMStructGetTypeAtIndex(r->type, r->count);
    if (!fits) {
        BUG("emit", "field %u of struct %s does not fit", r->count, r->name);
    }
    r->fields[r->count++] = value;
}

void record_i32(Record *r, int64_t value)
{
    record_put(r, LLVMConstInt(r->e->t_i32, (unsigned long long)value, 1));
}

void record_i64(Record *r, int64_t value)
{
    record_put(r, e_i64(r->e, value));
}

void record_double(Record *r, double value)
{
    record_put(r, LLVMConstReal(r->e->t_double, value));
}

void record_string(Record *r, const char *text)
{
    record_put(r, text ? e_string(r->e, text) : LLVMConstPointerNull(r->e->t_ptr));
}

void record_formula(Record *r, Tables *t, const Expr *expr)
{
    record_put(r, emit_formula(&t->formulas, expr));
}

void record_dims(Record *r, int rank, const int64_t *dims)
{
    LLVMValueRef values[SHAPE_MAX];
    for (int i = 0; i < SHAPE_MAX; i++) {
        values[i] = e_i64(r->e, i < rank ? dims[i] : 1);
    }
    record_put(r, LLVMConstArray2(r->e->t_i64, values, SHAPE_MAX));
}

LLVMValueRef record_close(Record *r)
{
    if (r->count != LLVMCountStructElementTypes(r->type)) {
        BUG("emit", "struct %s has %u fields, not %u", r->name,
            LLVMCountStructElementTypes(r->type), r->count);
    }
    return LLVMConstNamedStruct(r->type, r->fields, r->count);
}

LLVMValueRef e_constant(Emitter *e, LLVMValueRef value, const char *name)
{
    LLVMValueRef global = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, 1);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    return global;
}

LLVMValueRef e_string(Emitter *e, const char *text)
{
    LLVMValueRef value = LLVMConstStringInContext2(e->context, text, strlen(text), 0);
    LLVMValueRef global = e_constant(e, value, "text");
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
    return global;
}

LLVMValueRef e_array(Emitter *e, LLVMTypeRef type, LLVMValueRef *items, uint32_t count,
                     const char *name)
{
    if (count == 0) {
        return LLVMConstPointerNull(e->t_ptr);
    }
    return e_constant(e, LLVMConstArray2(type, items, count), name);
}
