/* gguf.c: reads and checks the header of a GGUF file; owns the tables of keys and tensors.
 *
 * Invariants after gguf_open: every string, array and tensor lies inside the mapping; names are unique, not empty and
 * within the format's limits; array items are not arrays; every supported tensor's shape, offset and size fit the file.
 * Only header pages are read, never tensor data. Memory is at most a small multiple of the header's size: a count
 * that the remaining bytes cannot hold is refused before anything is allocated for it. */
#include "engines/native/gguf.h"

#include "harness/base/mem.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GGUF_ALIGNMENT_DEFAULT = 32,
    GGUF_ALIGNMENT_MINIMUM = 8, /* the format asks for a multiple of 8; it also keeps float loads aligned */
    KEY_NAME_LIMIT = 65535,
    TENSOR_NAME_LIMIT = 64,
    KEY_MIN_BYTES = 8 + 4 + 1,        /* name length, type, one byte of value */
    TENSOR_MIN_BYTES = 8 + 4 + 4 + 8, /* name length, dimension count, type, offset */
    NAME_TEXT_BYTES = 96
};

/* Open addressing, at most half full; a slot holds index + 1, 0 = empty. */
struct name_index {
    uint32_t *slots;
    size_t mask;
};

struct gguf_index {
    struct name_index keys, tensors;
};

/* A cursor over the header. what says what is being read, for messages. */
struct reader {
    const char *path;
    const unsigned char *data;
    size_t size, at;
    char what[NAME_TEXT_BYTES + 16];
    struct error *error;
};

static const struct {
    const char *name;
    size_t size_bytes; /* 0 = variable */
} type_table[GGUF_TYPE_COUNT] = {
    [GGUF_U8] = { "u8", 1 },       [GGUF_I8] = { "i8", 1 },     [GGUF_U16] = { "u16", 2 },
    [GGUF_I16] = { "i16", 2 },     [GGUF_U32] = { "u32", 4 },   [GGUF_I32] = { "i32", 4 },
    [GGUF_F32] = { "f32", 4 },     [GGUF_BOOL] = { "bool", 1 }, [GGUF_U64] = { "u64", 8 },
    [GGUF_I64] = { "i64", 8 },     [GGUF_F64] = { "f64", 8 },   [GGUF_STRING] = { "string", 0 },
    [GGUF_ARRAY] = { "array", 0 },
};

/* A name fit for a one-line message: cut when long, bytes that are not printable ASCII shown as '?'. */
static const char *name_text(struct gguf_string name, char text[NAME_TEXT_BYTES])
{
    size_t length = name.length < NAME_TEXT_BYTES ? name.length : NAME_TEXT_BYTES - 1;
    for (size_t i = 0; i < length; i++) {
        char byte = name.data[i];
        text[i] = byte >= ' ' && byte <= '~' ? byte : '?';
    }
    text[length] = '\0';
    return text;
}

/* ---- name index ---- */

static uint64_t name_hash(struct gguf_string name)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < name.length; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

static bool name_equal(struct gguf_string a, struct gguf_string b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static bool index_create(struct name_index *index, size_t count)
{
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    index->slots = calloc(slots, sizeof *index->slots);
    index->mask = slots - 1;
    return index->slots != NULL;
}

/* Keys and tensors both start with their name, so one lookup serves both: items are stride bytes apart. Returns the
 * slot that holds name or the empty one where it belongs. */
static uint32_t *index_slot(const struct name_index *index, const void *items, size_t stride, struct gguf_string name)
{
    for (size_t at = name_hash(name) & index->mask;; at = (at + 1) & index->mask) {
        uint32_t *slot = &index->slots[at];
        if (*slot == 0)
            return slot;
        struct gguf_string other;
        memcpy(&other, (const char *)items + (*slot - 1) * stride, sizeof other);
        if (name_equal(other, name))
            return slot;
    }
}

static_assert(offsetof(struct gguf_key, name) == 0 && offsetof(struct gguf_tensor, name) == 0, "index_slot needs it");

/* ---- reading ---- */

static int fail_short(const struct reader *reader, uint64_t need_bytes)
{
    return error_set(reader->error, ERROR_FORMAT,
                     "%s: %s: needs %" PRIu64 " bytes at offset %zu, the file ends after %zu", reader->path,
                     reader->what, need_bytes, reader->at, reader->size);
}

/* Skips need_bytes and says where they are. */
static int take(struct reader *reader, uint64_t need_bytes, const unsigned char **bytes)
{
    *bytes = reader->data + reader->at;
    if (need_bytes > reader->size - reader->at)
        return fail_short(reader, need_bytes);
    reader->at += (size_t)need_bytes;
    return 0;
}

static int take_copy(struct reader *reader, void *value, size_t need_bytes)
{
    if (need_bytes > reader->size - reader->at)
        return fail_short(reader, need_bytes);
    memcpy(value, reader->data + reader->at, need_bytes);
    reader->at += need_bytes;
    return 0;
}

static int take_u32(struct reader *reader, uint32_t *value)
{
    *value = 0;
    return take_copy(reader, value, sizeof *value);
}

static int take_u64(struct reader *reader, uint64_t *value)
{
    *value = 0;
    return take_copy(reader, value, sizeof *value);
}

static int take_string(struct reader *reader, struct gguf_string *string)
{
    uint64_t length;
    const unsigned char *bytes;
    int rc = take_u64(reader, &length);
    if (rc == 0)
        rc = take(reader, length, &bytes);
    if (rc == 0)
        *string = (struct gguf_string){ (const char *)bytes, (size_t)length };
    return rc;
}

/* The name of a key or tensor; from then on messages speak of "kind name". */
static int take_name(struct reader *reader, const char *kind, size_t limit, struct gguf_string *name)
{
    int rc = take_string(reader, name);
    if (rc != 0)
        return rc;
    char text[NAME_TEXT_BYTES];
    snprintf(reader->what, sizeof reader->what, "%s %s", kind, name_text(*name, text));
    if (name->length == 0)
        return error_set(reader->error, ERROR_FORMAT, "%s: a %s has an empty name (before offset %zu)", reader->path,
                         kind, reader->at);
    if (name->length > limit)
        return error_set(reader->error, ERROR_FORMAT, "%s: %s: the name has %zu bytes, the format allows %zu",
                         reader->path, reader->what, name->length, limit);
    return 0;
}

static int check_bool(const struct reader *reader, const unsigned char *bytes, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (bytes[i] > 1)
            return error_set(reader->error, ERROR_FORMAT, "%s: %s: a bool has the value %u", reader->path, reader->what,
                             bytes[i]);
    return 0;
}

static int take_array(struct reader *reader, struct gguf_array *array)
{
    uint32_t type;
    int rc = take_u32(reader, &type);
    if (rc == 0)
        rc = take_u64(reader, &array->count);
    if (rc != 0)
        return rc;
    if (type >= GGUF_TYPE_COUNT)
        return error_set(reader->error, ERROR_FORMAT, "%s: %s: array items of unknown type %" PRIu32, reader->path,
                         reader->what, type);
    if (type == GGUF_ARRAY)
        return error_set(reader->error, ERROR_UNSUPPORTED, "%s: %s: arrays of arrays are not supported", reader->path,
                         reader->what);
    array->type = (enum gguf_type)type;
    array->data = reader->data + reader->at;
    size_t item_bytes = type == GGUF_STRING ? 8 : type_table[type].size_bytes;
    if (array->count > (reader->size - reader->at) / item_bytes)
        return error_set(reader->error, ERROR_FORMAT,
                         "%s: %s: claims %" PRIu64 " items of type %s at offset %zu, the file ends after %zu bytes",
                         reader->path, reader->what, array->count, type_table[type].name, reader->at, reader->size);
    if (type != GGUF_STRING) {
        const unsigned char *bytes;
        rc = take(reader, array->count * item_bytes, &bytes);
        return rc == 0 && type == GGUF_BOOL ? check_bool(reader, bytes, array->count) : rc;
    }
    struct gguf_string string;
    for (uint64_t i = 0; i < array->count && rc == 0; i++)
        rc = take_string(reader, &string);
    return rc;
}

static int take_scalar(struct reader *reader, struct gguf_key *key)
{
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        float f32;
        uint64_t u64;
        int64_t i64;
        double f64;
    } raw = { .u64 = 0 };
    int rc = take_copy(reader, &raw, type_table[key->type].size_bytes);
    if (rc != 0)
        return rc;
    switch (key->type) {
    case GGUF_U8: key->value.u = raw.u8; break;
    case GGUF_U16: key->value.u = raw.u16; break;
    case GGUF_U32: key->value.u = raw.u32; break;
    case GGUF_U64: key->value.u = raw.u64; break;
    case GGUF_I8: key->value.i = raw.i8; break;
    case GGUF_I16: key->value.i = raw.i16; break;
    case GGUF_I32: key->value.i = raw.i32; break;
    case GGUF_I64: key->value.i = raw.i64; break;
    case GGUF_F32: key->value.f = (double)raw.f32; break;
    case GGUF_F64: key->value.f = raw.f64; break;
    default: key->value.u = raw.u8; return check_bool(reader, &raw.u8, 1);
    }
    return 0;
}

static int take_key(struct reader *reader, struct gguf_key *key)
{
    uint32_t type;
    int rc = take_name(reader, "key", KEY_NAME_LIMIT, &key->name);
    if (rc == 0)
        rc = take_u32(reader, &type);
    if (rc != 0)
        return rc;
    if (type >= GGUF_TYPE_COUNT)
        return error_set(reader->error, ERROR_FORMAT, "%s: %s: unknown type %" PRIu32, reader->path, reader->what,
                         type);
    key->type = (enum gguf_type)type;
    switch (key->type) {
    case GGUF_STRING: return take_string(reader, &key->value.string);
    case GGUF_ARRAY: return take_array(reader, &key->value.array);
    default: return take_scalar(reader, key);
    }
}

/* Refuses a count that the rest of the file cannot hold; min_bytes is the least one item takes. */
static int check_count(const struct reader *reader, const char *things, uint64_t count, size_t min_bytes)
{
    if (count > (reader->size - reader->at) / min_bytes || count > UINT32_MAX / 2)
        return error_set(reader->error, ERROR_FORMAT,
                         "%s: the header claims %" PRIu64 " %s, the file has only %zu bytes", reader->path, count,
                         things, reader->size);
    return 0;
}

static int read_keys(struct gguf *gguf, struct reader *reader, struct name_index *index, uint64_t count)
{
    int rc = check_count(reader, "keys", count, KEY_MIN_BYTES);
    if (rc != 0)
        return rc;
    gguf->keys = calloc((size_t)count + 1, sizeof *gguf->keys);
    if (!gguf->keys || !index_create(index, (size_t)count))
        return error_set(reader->error, ERROR_MEMORY, "%s: no memory for %" PRIu64 " keys", gguf->path, count);
    for (; gguf->key_count < count; gguf->key_count++) {
        struct gguf_key *key = &gguf->keys[gguf->key_count];
        snprintf(reader->what, sizeof reader->what, "key number %zu", gguf->key_count + 1);
        rc = take_key(reader, key);
        if (rc != 0)
            return rc;
        uint32_t *slot = index_slot(index, gguf->keys, sizeof *key, key->name);
        if (*slot != 0)
            return error_set(reader->error, ERROR_FORMAT, "%s: %s: appears twice", gguf->path, reader->what);
        *slot = (uint32_t)gguf->key_count + 1;
    }
    return 0;
}

/* ---- tensors ---- */

static int take_shape(struct reader *reader, struct gguf_tensor *tensor)
{
    uint32_t dimensions;
    int rc = take_u32(reader, &dimensions);
    if (rc != 0)
        return rc;
    if (dimensions < 1 || dimensions > 4)
        return error_set(reader->error, ERROR_FORMAT, "%s: %s: has %" PRIu32 " dimensions, expected 1 to 4",
                         reader->path, reader->what, dimensions);
    tensor->dimensions = dimensions;
    uint64_t values = 1;
    for (size_t i = 0; i < 4; i++) {
        tensor->shape[i] = 1;
        if (i < dimensions && (rc = take_u64(reader, &tensor->shape[i])) != 0)
            return rc;
        if (tensor->shape[i] == 0)
            return error_set(reader->error, ERROR_FORMAT, "%s: %s: dimension %zu is 0", reader->path, reader->what, i);
        /* Below 2^60 values no size in bytes can overflow: no format takes more than 8 bytes a value. */
        if (__builtin_mul_overflow(values, tensor->shape[i], &values) || values >> 60 != 0)
            return error_set(reader->error, ERROR_FORMAT, "%s: %s: the product of its dimensions overflows",
                             reader->path, reader->what);
    }
    return 0;
}

/* "896x4864", slowest dimension last, as GGUF tools print it. */
static const char *shape_text(const struct gguf_tensor *tensor, char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < tensor->dimensions && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%" PRIu64, i > 0 ? "x" : "", tensor->shape[i]);
    return text;
}

static int take_tensor(struct reader *reader, struct gguf_tensor *tensor, uint64_t *offset)
{
    int rc = take_name(reader, "tensor", TENSOR_NAME_LIMIT, &tensor->name);
    if (rc == 0)
        rc = take_shape(reader, tensor);
    if (rc == 0)
        rc = take_u32(reader, &tensor->gguf_type);
    if (rc == 0)
        rc = take_u64(reader, offset);
    if (rc != 0)
        return rc;
    tensor->format = format_from_gguf(tensor->gguf_type);
    if (tensor->format == FORMAT_COUNT)
        return 0;
    const struct format_info *info = &format_table[tensor->format];
    char shape[96];
    if (tensor->shape[0] % info->block_values != 0)
        return error_set(reader->error, ERROR_FORMAT, "%s: %s: %s %s: rows must be a multiple of %zu values",
                         reader->path, reader->what, shape_text(tensor, shape, sizeof shape), info->name,
                         info->block_values);
    uint64_t rows = tensor->shape[1] * tensor->shape[2] * tensor->shape[3];
    tensor->size_bytes = (size_t)(rows * format_row_bytes(tensor->format, (size_t)tensor->shape[0]));
    return 0;
}

static int read_tensors(struct gguf *gguf, struct reader *reader, struct name_index *index, uint64_t count)
{
    int rc = check_count(reader, "tensors", count, TENSOR_MIN_BYTES);
    if (rc != 0)
        return rc;
    gguf->tensors = calloc((size_t)count + 1, sizeof *gguf->tensors);
    if (!gguf->tensors || !index_create(index, (size_t)count))
        return error_set(reader->error, ERROR_MEMORY, "%s: no memory for %" PRIu64 " tensors", gguf->path, count);
    for (; gguf->tensor_count < count; gguf->tensor_count++) {
        struct gguf_tensor *tensor = &gguf->tensors[gguf->tensor_count];
        snprintf(reader->what, sizeof reader->what, "tensor number %zu", gguf->tensor_count + 1);
        uint64_t offset;
        rc = take_tensor(reader, tensor, &offset);
        if (rc != 0)
            return rc;
        if (offset % gguf->alignment != 0)
            return error_set(reader->error, ERROR_FORMAT,
                             "%s: %s: offset %" PRIu64 " is not a multiple of the alignment %zu", gguf->path,
                             reader->what, offset, gguf->alignment);
        uint32_t *slot = index_slot(index, gguf->tensors, sizeof *tensor, tensor->name);
        if (*slot != 0)
            return error_set(reader->error, ERROR_FORMAT, "%s: %s: appears twice", gguf->path, reader->what);
        *slot = (uint32_t)gguf->tensor_count + 1;
        /* Where the data section starts is known only after the last header; until then data holds the offset. */
        tensor->data = (const unsigned char *)(uintptr_t)offset;
    }
    return 0;
}

/* Turns offsets into pointers, once the header's end is known. */
static int place_tensors(struct gguf *gguf, const struct reader *reader)
{
    uint64_t start = ((uint64_t)reader->at + gguf->alignment - 1) / gguf->alignment * gguf->alignment;
    for (size_t i = 0; i < gguf->tensor_count; i++) {
        struct gguf_tensor *tensor = &gguf->tensors[i];
        uint64_t offset = (uint64_t)(uintptr_t)tensor->data;
        bool known = tensor->format != FORMAT_COUNT;
        uint64_t place;
        bool overflow = __builtin_add_overflow(start, offset, &place);
        if (overflow || place > reader->size || tensor->size_bytes > reader->size - place) {
            char name[NAME_TEXT_BYTES], shape[96];
            name_text(tensor->name, name);
            shape_text(tensor, shape, sizeof shape);
            if (!known || overflow)
                return error_set(reader->error, ERROR_FORMAT,
                                 "%s: tensor %s: starts %" PRIu64
                                 " bytes into the tensor data, the file ends after %zu",
                                 gguf->path, name, offset, reader->size);
            return error_set(reader->error, ERROR_FORMAT,
                             "%s: tensor %s: %s %s needs %zu bytes at offset %" PRIu64 ", the file ends after %zu",
                             gguf->path, name, shape, format_table[tensor->format].name, tensor->size_bytes, place,
                             reader->size);
        }
        tensor->data = reader->data + place;
    }
    return 0;
}

/* ---- open, close ---- */

static int read_alignment(struct gguf *gguf, struct error *error)
{
    uint32_t alignment;
    int rc = gguf_u32_or(gguf, "general.alignment", GGUF_ALIGNMENT_DEFAULT, &alignment, error);
    if (rc != 0)
        return rc;
    if (alignment < GGUF_ALIGNMENT_MINIMUM || (alignment & (alignment - 1)) != 0)
        return error_set(error, ERROR_FORMAT,
                         "%s: key general.alignment: %" PRIu32 " is not a power of two of at least %d", gguf->path,
                         alignment, GGUF_ALIGNMENT_MINIMUM);
    gguf->alignment = alignment;
    return 0;
}

static int read_version(struct gguf *gguf, struct reader *reader)
{
    const unsigned char *magic;
    snprintf(reader->what, sizeof reader->what, "file header");
    if (reader->size >= 4 && memcmp(reader->data, "GGUF", 4) != 0)
        return error_set(reader->error, ERROR_FORMAT, "%s: not a GGUF file: it does not start with \"GGUF\"",
                         gguf->path);
    int rc = take(reader, 4, &magic);
    if (rc == 0)
        rc = take_u32(reader, &gguf->version);
    if (rc != 0)
        return rc;
    if (gguf->version != 0 && (gguf->version & 0xffff) == 0)
        return error_set(reader->error, ERROR_UNSUPPORTED, "%s: big-endian GGUF files are not supported", gguf->path);
    if (gguf->version != 2 && gguf->version != 3)
        return error_set(reader->error, ERROR_UNSUPPORTED,
                         "%s: GGUF version %" PRIu32 " is not supported, only 2 and 3", gguf->path, gguf->version);
    return 0;
}

static int read_header(struct gguf *gguf, struct error *error)
{
    struct reader reader = { .path = gguf->path, .data = gguf->map.data, .size = gguf->map.size_bytes, .error = error };
    struct gguf_index *index = calloc(1, sizeof *index);
    gguf->index = index;
    if (!index)
        return error_set(error, ERROR_MEMORY, "%s: no memory", gguf->path);
    uint64_t tensor_count, key_count;
    int rc = read_version(gguf, &reader);
    if (rc == 0)
        rc = take_u64(&reader, &tensor_count);
    if (rc == 0)
        rc = take_u64(&reader, &key_count);
    if (rc == 0)
        rc = read_keys(gguf, &reader, &index->keys, key_count);
    if (rc == 0)
        rc = read_alignment(gguf, error);
    if (rc == 0)
        rc = read_tensors(gguf, &reader, &index->tensors, tensor_count);
    if (rc == 0)
        rc = place_tensors(gguf, &reader);
    return rc;
}

int gguf_open(struct gguf *gguf, const char *path, struct error *error)
{
    memset(gguf, 0, sizeof *gguf);
    int rc = file_map_open(&gguf->map, path, error);
    if (rc != 0)
        return rc;
    gguf->owns_map = true;
    gguf->path = mem_strdup(path);
    rc = read_header(gguf, error);
    if (rc != 0)
        gguf_close(gguf);
    return rc;
}

int gguf_open_memory(struct gguf *gguf, const char *path, const void *data, size_t size_bytes, struct error *error)
{
    memset(gguf, 0, sizeof *gguf);
    gguf->map = (struct file_map){ data, size_bytes };
    gguf->path = mem_strdup(path);
    int rc = read_header(gguf, error);
    if (rc != 0)
        gguf_close(gguf);
    return rc;
}

void gguf_close(struct gguf *gguf)
{
    struct gguf_index *index = gguf->index;
    if (index) {
        free(index->keys.slots);
        free(index->tensors.slots);
        free(index);
    }
    free(gguf->keys);
    free(gguf->tensors);
    free(gguf->path);
    if (gguf->owns_map)
        file_map_close(&gguf->map);
    memset(gguf, 0, sizeof *gguf);
}

/* ---- lookup ---- */

const struct gguf_key *gguf_find(const struct gguf *gguf, const char *name)
{
    const struct gguf_index *index = gguf->index;
    struct gguf_string wanted = { name, strlen(name) };
    uint32_t slot = *index_slot(&index->keys, gguf->keys, sizeof *gguf->keys, wanted);
    return slot == 0 ? NULL : &gguf->keys[slot - 1];
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf, const char *name)
{
    const struct gguf_index *index = gguf->index;
    struct gguf_string wanted = { name, strlen(name) };
    uint32_t slot = *index_slot(&index->tensors, gguf->tensors, sizeof *gguf->tensors, wanted);
    return slot == 0 ? NULL : &gguf->tensors[slot - 1];
}

static int fail_missing(const struct gguf *gguf, const char *name, struct error *error)
{
    return error_set(error, ERROR_FORMAT, "%s: key %s: is missing", gguf->path, name);
}

static int fail_type(const struct gguf *gguf, const struct gguf_key *key, const char *wanted, struct error *error)
{
    char text[NAME_TEXT_BYTES];
    bool array = key->type == GGUF_ARRAY;
    return error_set(error, ERROR_FORMAT, "%s: key %s: is %s%s, expected %s", gguf->path, name_text(key->name, text),
                     array ? "an array of " : "a ", type_table[array ? key->value.array.type : key->type].name, wanted);
}

static int key_u32(const struct gguf *gguf, const struct gguf_key *key, uint32_t *value, struct error *error)
{
    char text[NAME_TEXT_BYTES];
    switch (key->type) {
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64:
        if (key->value.u > UINT32_MAX)
            return error_set(error, ERROR_FORMAT, "%s: key %s: %" PRIu64 " is too large", gguf->path,
                             name_text(key->name, text), key->value.u);
        *value = (uint32_t)key->value.u;
        return 0;
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64:
        if (key->value.i < 0 || key->value.i > UINT32_MAX)
            return error_set(error, ERROR_FORMAT, "%s: key %s: %" PRId64 " is out of range", gguf->path,
                             name_text(key->name, text), key->value.i);
        *value = (uint32_t)key->value.i;
        return 0;
    default: return fail_type(gguf, key, "an integer", error);
    }
}

static int key_f32(const struct gguf *gguf, const struct gguf_key *key, float *value, struct error *error)
{
    if (key->type != GGUF_F32 && key->type != GGUF_F64)
        return fail_type(gguf, key, "a float", error);
    char text[NAME_TEXT_BYTES];
    *value = (float)key->value.f;
    if (!isfinite(*value))
        return error_set(error, ERROR_FORMAT, "%s: key %s: is not a finite number", gguf->path,
                         name_text(key->name, text));
    return 0;
}

int gguf_u32(const struct gguf *gguf, const char *name, uint32_t *value, struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    return key ? key_u32(gguf, key, value, error) : fail_missing(gguf, name, error);
}

int gguf_u32_or(const struct gguf *gguf, const char *name, uint32_t fallback, uint32_t *value, struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    *value = fallback;
    return key ? key_u32(gguf, key, value, error) : 0;
}

int gguf_f32(const struct gguf *gguf, const char *name, float *value, struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    return key ? key_f32(gguf, key, value, error) : fail_missing(gguf, name, error);
}

int gguf_f32_or(const struct gguf *gguf, const char *name, float fallback, float *value, struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    *value = fallback;
    return key ? key_f32(gguf, key, value, error) : 0;
}

int gguf_bool_or(const struct gguf *gguf, const char *name, bool fallback, bool *value, struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    *value = fallback;
    if (!key)
        return 0;
    if (key->type != GGUF_BOOL)
        return fail_type(gguf, key, "a bool", error);
    *value = key->value.u != 0;
    return 0;
}

int gguf_text(const struct gguf *gguf, const char *name, struct gguf_string *value, struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    if (!key)
        return fail_missing(gguf, name, error);
    if (key->type != GGUF_STRING)
        return fail_type(gguf, key, "a string", error);
    *value = key->value.string;
    return 0;
}

int gguf_text_or(const struct gguf *gguf, const char *name, const char *fallback, struct gguf_string *value,
                 struct error *error)
{
    if (gguf_find(gguf, name))
        return gguf_text(gguf, name, value, error);
    *value = (struct gguf_string){ fallback, strlen(fallback) };
    return 0;
}

int gguf_array(const struct gguf *gguf, const char *name, enum gguf_type type, struct gguf_array *value,
               struct error *error)
{
    const struct gguf_key *key = gguf_find(gguf, name);
    if (!key)
        return fail_missing(gguf, name, error);
    if (key->type != GGUF_ARRAY || key->value.array.type != type) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "an array of %s", type_table[type].name);
        return fail_type(gguf, key, wanted, error);
    }
    *value = key->value.array;
    return 0;
}

struct gguf_string gguf_array_next_string(const unsigned char **cursor)
{
    uint64_t length;
    memcpy(&length, *cursor, sizeof length);
    struct gguf_string string = { (const char *)*cursor + sizeof length, (size_t)length };
    *cursor += sizeof length + length;
    return string;
}

bool gguf_string_equal(struct gguf_string string, const char *text)
{
    return string.length == strlen(text) && memcmp(string.data, text, string.length) == 0;
}
