/* SPDX-License-Identifier: Apache-2.0
 *
 * A small safetensors reader: eight bytes of length, a JSON header, the data.
 */
#include "tensors.h"
#include "statistics.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Tensors tensors_read(const char *path)
{
    FILE *stream = fopen(path, "rb");
    Tensors file = {0};
    uint64_t length;
    if (!stream || fseek(stream, 0, SEEK_END) != 0)
        die("cannot read %s", path);
    file.size = (size_t)ftell(stream);
    file.bytes = malloc(file.size + 1);
    rewind(stream);
    if (!file.bytes || fread(file.bytes, 1, file.size, stream) != file.size || file.size < 8)
        die("cannot read %s", path);
    fclose(stream);
    memcpy(&length, file.bytes, 8);
    if (length > file.size - 8)
        die("%s: its header ends behind its end", path);
    file.header = cJSON_ParseWithLength(file.bytes + 8, (size_t)length);
    if (!file.header)
        die("%s: its header is no JSON", path);
    file.data = file.bytes + 8 + length;
    return file;
}

void tensors_write(const Tensors *file, const char *path)
{
    FILE *stream = fopen(path, "wb");
    if (!stream || fwrite(file->bytes, 1, file->size, stream) != file->size || fclose(stream) != 0)
        die("cannot write %s", path);
}

void tensors_free(Tensors *file)
{
    cJSON_Delete(file->header);
    free(file->bytes);
}

Tensor tensor_of(const Tensors *file, const cJSON *entry)
{
    const cJSON *range = cJSON_GetObjectItem(entry, "data_offsets");
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "dtype"));
    double begin = cJSON_GetNumberValue(cJSON_GetArrayItem(range, 0));
    double end = cJSON_GetNumberValue(cJSON_GetArrayItem(range, 1));
    int item = type && strcmp(type, "F64") == 0 ? 8 : 4;
    double data_size = (double)(file->size - (size_t)(file->data - file->bytes));
    if (!(begin >= 0) || !(end >= begin) || !type || end > data_size)
        die("%s: no tensor of the file", entry->string);
    return (Tensor){file->data + (size_t)begin, (int)(end - begin) / item, item};
}

Tensor tensor_named(const Tensors *file, const char *name)
{
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(file->header, name);
    if (!entry)
        die("no tensor %s", name);
    return tensor_of(file, entry);
}
