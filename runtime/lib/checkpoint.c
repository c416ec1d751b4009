/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads checkpoints, trusting nothing in them.
 */
#include "lib/checkpoint.h"
#include "lib/config.h"
#include "lib/memory.h"
#include "lib/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool bad_file(const char *path, const RtStReader *reader, RtError *error)
{
    return rt_fail(error, RT_BAD_DATA, "%s: byte %zu: %s", path, reader->where, reader->problem);
}

/* ---- metadata ---- */

static bool parse_count(const char *text, uint64_t *count)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *count = strtoull(text, &end, 10);
    return !*end && *count <= INT64_MAX;
}

static bool parse_real(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && !isnan(*value);
}

static bool store_param(const RnProgram *program, RtCheckpoint *checkpoint, const char *name,
                        const char *value, RtError *error)
{
    int32_t param = rt_config_find(program, name, strlen(name));
    double number;
    if (param < 0)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: a checkpoint of another network: it has a param "
                       "'%s'",
                       checkpoint->path, name);
    if (!rt_parse_number(value, &number))
        return rt_fail(error, RT_BAD_DATA, "%s: param %s: '%s' is not a number", checkpoint->path,
                       name, value);
    if (rt_config_store(program, checkpoint->config, param, number, checkpoint->path, error))
        return true;
    error->status = RT_BAD_DATA;
    return false;
}

#define MOST_COUNT (UINT64_C(1) << 53)

static bool store_fact(RtCheckpoint *c, const RtStEntry *entry, RtError *error)
{
    RtPosition *p = &c->position;
    struct {
        const char *key;
        uint64_t *count;
        double *real;
        uint64_t most; /* counts that are added to stay far from overflow */
    } facts[] = {{"seed", &c->seed, NULL, UINT64_MAX},
                 {"repeat", &c->repeat, NULL, UINT64_MAX},
                 {"step", &p->step, NULL, MOST_COUNT},
                 {"epoch", (uint64_t *)&p->epoch, NULL, MOST_COUNT},
                 {"position", (uint64_t *)&p->position, NULL, MOST_COUNT},
                 {"correct", (uint64_t *)&p->correct, NULL, MOST_COUNT},
                 {"waiting", (uint64_t *)&p->waiting, NULL, MOST_COUNT},
                 {"loss_sum", NULL, &p->loss_sum, 0},
                 {"best_loss", NULL, &p->best_loss, 0}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (strcmp(entry->name, facts[i].key) != 0)
            continue;
        bool good = facts[i].count ? parse_count(entry->value, facts[i].count) &&
                                         *facts[i].count <= facts[i].most
                                   : parse_real(entry->value, facts[i].real);
        c->has_position = c->has_position || strcmp(entry->name, "step") == 0;
        return good || rt_fail(error, RT_BAD_DATA, "%s: %s in the metadata is '%s', not a number",
                               c->path, entry->name, entry->value);
    }
    return true;
}

static bool store_metadata(const RnProgram *program, RtCheckpoint *checkpoint,
                           const RtStEntry *entry, RtError *error)
{
    if (strncmp(entry->name, "param.", 6) == 0)
        return store_param(program, checkpoint, entry->name + 6, entry->value, error);
    if (strcmp(entry->name, "source_hash") == 0)
        snprintf(checkpoint->source_hash, sizeof checkpoint->source_hash, "%.*s",
                 (int)sizeof checkpoint->source_hash - 1, entry->value);
    return store_fact(checkpoint, entry, error);
}

static bool read_metadata(const RnProgram *program, RtCheckpoint *checkpoint, RtError *error)
{
    RtStReader reader;
    RtStEntry entry;
    RtStKind kind = RT_ST_BAD;
    if (rt_st_open(&reader, checkpoint->file.bytes, checkpoint->file.size))
        while ((kind = rt_st_next(&reader, &entry)) == RT_ST_TENSOR || kind == RT_ST_METADATA)
            if (kind == RT_ST_METADATA && !store_metadata(program, checkpoint, &entry, error))
                return false;
    return kind == RT_ST_END || bad_file(checkpoint->path, &reader, error);
}

bool rt_checkpoint_read(const RnProgram *program, const char *path, RtCheckpoint *checkpoint,
                        RtError *error)
{
    *checkpoint = (RtCheckpoint){.path = path, .position = {.best_loss = (double)INFINITY}};
    checkpoint->config = calloc((size_t)program->param_count + 1, sizeof *checkpoint->config);
    if (!checkpoint->config)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    rt_config_defaults(program, checkpoint->config);
    if (rt_file_read(path, rt_memory_left(""), &checkpoint->file, error) &&
        read_metadata(program, checkpoint, error))
        return true;
    rt_checkpoint_free(checkpoint);
    return false;
}

void rt_checkpoint_free(RtCheckpoint *checkpoint)
{
    rt_file_free(&checkpoint->file);
    free(checkpoint->config);
    checkpoint->config = NULL;
}

/* ---- tensors ---- */

typedef struct Range {
    uint64_t begin, end;
} Range;

typedef struct Restore {
    const RtCheckpoint *checkpoint;
    RtSession *session;
    bool with_state;
    RtSlot *slots; /* [count]; bytes 0 where nothing is kept */
    bool *found;
    Range *ranges; /* of what was found, in the order of the file */
    int32_t count, range_count;
} Restore;

static void shape_text(int rank, const int64_t *shape, char text[200])
{
    size_t used = (size_t)snprintf(text, 200, "[");
    for (int i = 0; i < rank && used < 180; i++)
        used +=
            (size_t)snprintf(text + used, 200 - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
    snprintf(text + used, 200 - used, "]");
}

static bool check_entry(const Restore *restore, const RtSlot *slot, const RtStEntry *entry,
                        RtError *error)
{
    const char *dtype = restore->session->program->real_size == 4 ? "F32" : "F64";
    if (strcmp(entry->dtype, dtype) != 0)
        return rt_fail(error, RT_BAD_DATA, "%s: %s is of type %s, expected %s",
                       restore->checkpoint->path, entry->name, entry->dtype, dtype);
    if (entry->rank == slot->rank &&
        memcmp(entry->shape, slot->shape, (size_t)slot->rank * sizeof *slot->shape) == 0)
        return true;
    char got[200], wanted[200];
    shape_text(entry->rank, entry->shape, got);
    shape_text(slot->rank, slot->shape, wanted);
    return rt_fail(error, RT_BAD_DATA,
                   "%s: %s has the shape %s, but this network with these "
                   "params wants %s",
                   restore->checkpoint->path, entry->name, got, wanted);
}

static void copy_layers(Restore *restore, const RtSlot *slot, const uint8_t *data)
{
    RtSession *session = restore->session;
    const RnTensor *tensor = &session->program->tensors[slot->tensor];
    int32_t real_size = session->program->real_size;
    size_t layer = (size_t)tensor->size * (size_t)real_size;
    char *to = session->params.data;
    if (slot->moment)
        to = (char *)session->state.data + sizeof(RnState) +
             (size_t)(slot->moment - 1) * session->params_size;
    for (int64_t k = 0; k < slot->layers; k++)
        rt_layer_from_file(tensor, real_size, data + (size_t)k * layer,
                           to + slot->offset + (size_t)k * layer);
}

static bool take_entry(Restore *restore, const RtStEntry *entry, const uint8_t *data,
                       RtError *error)
{
    int32_t i = 0;
    while (i < restore->count &&
           (!restore->slots[i].layers || strcmp(restore->slots[i].name, entry->name) != 0))
        i++;
    if (i == restore->count)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: a checkpoint of another network: it holds '%s', "
                       "which %s does not have",
                       restore->checkpoint->path, entry->name, restore->session->program->name);
    if (restore->found[i])
        return rt_fail(error, RT_BAD_DATA, "%s: %s stands there twice", restore->checkpoint->path,
                       entry->name);
    if (!check_entry(restore, &restore->slots[i], entry, error))
        return false;
    restore->found[i] = true;
    restore->ranges[restore->range_count++] = (Range){entry->begin, entry->end};
    if (restore->slots[i].moment == 0 || restore->with_state)
        copy_layers(restore, &restore->slots[i], data + entry->begin);
    return true;
}

static int compare_ranges(const void *a, const void *b)
{
    const Range *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* Every byte of the data belongs to one tensor. */
static bool check_ranges(Restore *restore, size_t data_size, RtError *error)
{
    qsort(restore->ranges, (size_t)restore->range_count, sizeof *restore->ranges, compare_ranges);
    uint64_t at = 0;
    for (int32_t i = 0; i < restore->range_count; at = restore->ranges[i++].end)
        if (restore->ranges[i].begin != at)
            return rt_fail(error, RT_BAD_DATA,
                           "%s: byte %llu of the data: tensors overlap or "
                           "leave a hole",
                           restore->checkpoint->path, (unsigned long long)at);
    return at == data_size ||
           rt_fail(error, RT_BAD_DATA, "%s: %zu bytes of data, but the tensors take %llu",
                   restore->checkpoint->path, data_size, (unsigned long long)at);
}

static bool check_found(const Restore *restore, RtError *error)
{
    for (int32_t i = 0; i < restore->count; i++) {
        bool wanted = restore->slots[i].moment == 0 || restore->with_state;
        if (restore->slots[i].layers && wanted && !restore->found[i])
            return rt_fail(error, RT_BAD_DATA, "%s: '%s' is missing%s", restore->checkpoint->path,
                           restore->slots[i].name,
                           restore->slots[i].moment ? ": it cannot be resumed from" : "");
    }
    return true;
}

static bool restore_tensors(Restore *restore, RtError *error)
{
    RtStReader reader;
    RtStEntry entry;
    RtStKind kind = RT_ST_BAD;
    for (int32_t i = 0; i < restore->count; i++)
        if (!rt_slot(restore->session, i, &restore->slots[i]))
            restore->slots[i].layers = 0;
    if (rt_st_open(&reader, restore->checkpoint->file.bytes, restore->checkpoint->file.size))
        while ((kind = rt_st_next(&reader, &entry)) == RT_ST_TENSOR || kind == RT_ST_METADATA)
            if (kind == RT_ST_TENSOR && !take_entry(restore, &entry, reader.data, error))
                return false;
    if (kind != RT_ST_END)
        return bad_file(restore->checkpoint->path, &reader, error);
    return check_found(restore, error) && check_ranges(restore, reader.data_size, error);
}

bool rt_checkpoint_restore(const RtCheckpoint *checkpoint, RtSession *session, bool with_state,
                           RtError *error)
{
    if (with_state && !checkpoint->has_position)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: it holds weights only; --resume wants a "
                       "checkpoint that train wrote",
                       checkpoint->path);
    Restore restore = {checkpoint, session, with_state, NULL, NULL, NULL, rt_slot_count(session),
                       0};
    size_t count = (size_t)restore.count + 1;
    restore.slots = calloc(count, sizeof *restore.slots);
    restore.found = calloc(count, sizeof *restore.found);
    restore.ranges = calloc(count, sizeof *restore.ranges);
    bool good = restore.slots && restore.found && restore.ranges;
    if (!good)
        rt_fail(error, RT_FAILED, "%s: out of memory", checkpoint->path);
    good = good && restore_tensors(&restore, error);
    free(restore.slots);
    free(restore.found);
    free(restore.ranges);
    if (good && session->state.data) {
        RnState *state = session->state.data;
        *state = (RnState){
            .step = checkpoint->position.step, .seed = session->seed, .repeat = session->repeat};
    }
    return good && rt_session_derive(session, error);
}
