/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads checkpoints, trusting nothing in them.
 */
#include "core/checkpoint.h"
#include "core/number.h"

#include <string.h>

static bool refuse(RnFault *fault, int32_t kind, const RnStEntry *entry)
{
    fault->kind = kind;
    if (entry)
        fault->entry = *entry;
    return false;
}

static bool refuse_format(RnFault *fault, const RnStReader *reader)
{
    fault->where = reader->where;
    fault->problem = reader->problem;
    return refuse(fault, RN_FAULT_FORMAT, NULL);
}

/* ---- metadata ---- */

static bool is_finite(double value)
{
    return value - value == 0;
}

/* Beyond it whole numbers are not told apart. */
#define MOST_WHOLE ((double)(UINT64_C(1) << 53))

/* Nearest whole number, ties away from zero; beyond 2^52 all numbers are whole. */
static double to_whole(double value)
{
    if (!(value > -0x1p52 && value < 0x1p52))
        return value;
    return (double)(int64_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static bool take_param(const RnProgram *program, const RnStEntry *entry, double *config,
                       RnFault *fault)
{
    const char *name = entry->name + strlen(RN_PARAM_PREFIX);
    int32_t i = 0;
    while (i < program->param_count && strcmp(program->params[i].name, name) != 0)
        i++;
    if (i == program->param_count)
        return refuse(fault, RN_FAULT_PARAM, entry);
    const RnParam *param = &program->params[i];
    double value;
    if (entry->cut || !rn_read_real(entry->value, &value) || !is_finite(value))
        return refuse(fault, RN_FAULT_VALUE, entry);
    fault->param = i;
    fault->value = value;
    if (param->integer && (value < -MOST_WHOLE || value > MOST_WHOLE))
        return refuse(fault, RN_FAULT_RANGE, entry);
    value = param->integer ? to_whole(value) : value;
    if (value < param->low || value > param->high)
        return refuse(fault, RN_FAULT_RANGE, entry);
    config[i] = value;
    return true;
}

#define MOST_COUNT (UINT64_C(1) << 53)

static bool take_fact(const RnStEntry *entry, RnFacts *facts, RnFault *fault)
{
    RnState *state = &facts->state;
    const struct {
        const char *key;
        uint64_t *count;
        double *real;
        uint64_t most; /* counts that are added to stay far from overflow */
    } rows[] = {{"seed", &state->seed, NULL, UINT64_MAX},
                {"repeat", &state->repeat, NULL, UINT64_MAX},
                {"step", &state->step, NULL, MOST_COUNT},
                {"epoch", &state->epoch, NULL, MOST_COUNT},
                {"position", &state->position, NULL, MOST_COUNT},
                {"correct", &state->correct, NULL, MOST_COUNT},
                {"waiting", &state->waiting, NULL, MOST_COUNT},
                {"loss_sum", NULL, &state->loss_sum, 0},
                {"best_loss", NULL, &state->best_loss, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(entry->name, rows[i].key) != 0)
            continue;
        bool good = rows[i].count ? rn_read_count(entry->value, rows[i].count) &&
                                        *rows[i].count <= rows[i].most
                                  : rn_read_real(entry->value, rows[i].real);
        facts->has_state |= rows[i].count == &state->step;
        return (good && !entry->cut) || refuse(fault, RN_FAULT_FACT, entry);
    }
    return true;
}

static void take_hash(const RnStEntry *entry, RnFacts *facts)
{
    size_t length = strlen(entry->value), most = sizeof facts->source_hash - 1;
    memcpy(facts->source_hash, entry->value, length < most ? length : most);
}

static bool take_metadata(const RnProgram *program, const RnStEntry *entry, double *config,
                          RnFacts *facts, RnFault *fault)
{
    if (strncmp(entry->name, RN_PARAM_PREFIX, strlen(RN_PARAM_PREFIX)) == 0)
        return take_param(program, entry, config, fault);
    if (strcmp(entry->name, "source_hash") == 0)
        take_hash(entry, facts);
    return take_fact(entry, facts, fault);
}

bool rn_checkpoint_facts(const RnProgram *program, RnBytes file, double *config, RnFacts *facts,
                         RnFault *fault)
{
    RnStReader reader;
    RnStEntry entry;
    RnStKind kind = RN_ST_BAD;
    *facts = (RnFacts){.state = {.best_loss = (double)__builtin_inff()}};
    fault->kind = RN_FAULT_NONE;
    if (rn_st_open(&reader, file.bytes, file.size))
        while ((kind = rn_st_next(&reader, &entry)) == RN_ST_TENSOR || kind == RN_ST_METADATA)
            if (kind == RN_ST_METADATA && !take_metadata(program, &entry, config, facts, fault))
                return false;
    return kind == RN_ST_END || refuse_format(fault, &reader);
}

/* ---- tensors ---- */

/* The place of a tensor in the data. */
typedef struct Claim {
    uint64_t begin, end;
    int32_t slot, unused;
} Claim;

typedef struct Restore {
    const RnNetwork *network;
    RnFault *fault;
    int32_t moments; /* that the file may hold */
    int32_t count;
    Claim *claims;          /* [count] ascending */
    unsigned char *claimed; /* [slots] */
} Restore;

/* Of weights for prediction the optimiser's tensors are passed over, whichever it was. */
static int32_t most_moments(const RnNetwork *network, bool with_state)
{
    return with_state ? network->moments : RN_MOMENTS;
}

size_t rn_checkpoint_memory(const RnProgram *program)
{
    size_t slots = (size_t)program->tensor_count * (1 + RN_MOMENTS);
    return (slots * (sizeof(Claim) + 1) + sizeof(Claim) - 1) / sizeof(Claim) * sizeof(Claim);
}

static bool check_entry(const Restore *restore, const RnSlot *slot, const RnStEntry *entry)
{
    if (strcmp(entry->dtype, rn_slot_dtype(restore->network)) != 0)
        return refuse(restore->fault, RN_FAULT_DTYPE, entry);
    bool same = entry->rank == slot->rank;
    for (int i = 0; same && i < slot->rank; i++)
        same = entry->shape[i] == slot->shape[i];
    if (same)
        return true;
    restore->fault->slot = *slot;
    return refuse(restore->fault, RN_FAULT_SHAPE, entry);
}

/* Files have their tensors in order as a rule. */
static void insert_claim(Restore *restore, Claim claim)
{
    int32_t i = restore->count++;
    for (; i > 0 && restore->claims[i - 1].begin > claim.begin; i--)
        restore->claims[i] = restore->claims[i - 1];
    restore->claims[i] = claim;
}

static bool take_tensor(Restore *restore, const RnStEntry *entry)
{
    RnSlot slot;
    int32_t index = rn_slot_find(restore->network, restore->moments, entry->name);
    if (index < 0 || !rn_slot(restore->network, index, &slot))
        return refuse(restore->fault, RN_FAULT_TENSOR, entry);
    if (restore->claimed[index])
        return refuse(restore->fault, RN_FAULT_TWICE, entry);
    if (!check_entry(restore, &slot, entry))
        return false;
    restore->claimed[index] = 1;
    insert_claim(restore, (Claim){entry->begin, entry->end, index, 0});
    return true;
}

/* Every byte of the data belongs to one tensor. */
static bool check_claims(const Restore *restore, size_t data_size)
{
    RnFault *fault = restore->fault;
    uint64_t at = 0;
    for (int32_t i = 0; i < restore->count; at = restore->claims[i++].end)
        if (restore->claims[i].begin != at) {
            fault->where = at;
            return refuse(fault, RN_FAULT_HOLE, NULL);
        }
    fault->where = at;
    fault->size = data_size;
    return at == data_size || refuse(fault, RN_FAULT_EXCESS, NULL);
}

static bool check_claimed(const Restore *restore, bool with_state)
{
    int32_t moments = with_state ? restore->network->moments : 0;
    for (int32_t i = 0; i < rn_slot_count(restore->network, moments); i++)
        if (!restore->claimed[i] && rn_slot(restore->network, i, &restore->fault->slot))
            return refuse(restore->fault, RN_FAULT_MISSING, NULL);
    return true;
}

static void copy_tensors(const Restore *restore, const uint8_t *data, void *params, void *state)
{
    RnSlot slot;
    for (int32_t i = 0; i < restore->count; i++)
        if (rn_slot(restore->network, restore->claims[i].slot, &slot) && (!slot.moment || state))
            rn_slot_from_file(restore->network, &slot, 0, slot.layers,
                              data + restore->claims[i].begin, slot.moment ? state : params);
}

bool rn_checkpoint_restore(const RnNetwork *network, RnBytes file, void *params, void *state,
                           void *memory, RnFault *fault)
{
    RnStReader reader;
    RnStEntry entry;
    RnStKind kind = RN_ST_BAD;
    int32_t moments = most_moments(network, state != NULL), slots = rn_slot_count(network, moments);
    Claim *claims = memory;
    Restore restore = {network, fault, moments, 0, claims, (unsigned char *)(claims + slots)};
    memset(restore.claimed, 0, (size_t)slots);
    fault->kind = RN_FAULT_NONE;
    if (rn_st_open(&reader, file.bytes, file.size))
        while ((kind = rn_st_next(&reader, &entry)) == RN_ST_TENSOR || kind == RN_ST_METADATA)
            if (kind == RN_ST_TENSOR && !take_tensor(&restore, &entry))
                return false;
    if (kind != RN_ST_END)
        return refuse_format(fault, &reader);
    if (!check_claimed(&restore, state != NULL) || !check_claims(&restore, reader.data_size))
        return false;
    if (params)
        copy_tensors(&restore, reader.data, params, state);
    return true;
}
