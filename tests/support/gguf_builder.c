/* gguf_builder.c: see gguf_builder.h. Relies on a little-endian machine, as the reader does. */
#include "tests/support/gguf_builder.h"

#include <string.h>

static void put_u32(struct str *out, uint32_t value)
{
    str_append_bytes(out, &value, sizeof value);
}

static void put_u64(struct str *out, uint64_t value)
{
    str_append_bytes(out, &value, sizeof value);
}

static void put_text(struct str *out, const char *text)
{
    put_u64(out, strlen(text));
    str_append_bytes(out, text, strlen(text));
}

static void put_padding(struct str *out, size_t alignment)
{
    while (out->length % alignment != 0)
        str_append_char(out, '\0');
}

static size_t data_alignment(const struct gguf_builder *builder)
{
    return builder->alignment != 0 ? builder->alignment : 32;
}

void gguf_builder_raw(struct gguf_builder *builder, const char *name, uint32_t type, const void *value, size_t length)
{
    put_text(&builder->keys, name);
    put_u32(&builder->keys, type);
    str_append_bytes(&builder->keys, value, length);
    builder->key_count++;
}

void gguf_builder_u32(struct gguf_builder *builder, const char *name, uint32_t value)
{
    gguf_builder_raw(builder, name, GGUF_U32, &value, sizeof value);
}

void gguf_builder_f32(struct gguf_builder *builder, const char *name, float value)
{
    gguf_builder_raw(builder, name, GGUF_F32, &value, sizeof value);
}

void gguf_builder_bool(struct gguf_builder *builder, const char *name, bool value)
{
    uint8_t byte = value;
    gguf_builder_raw(builder, name, GGUF_BOOL, &byte, sizeof byte);
}

void gguf_builder_text(struct gguf_builder *builder, const char *name, const char *value)
{
    struct str bytes = { 0 };
    put_text(&bytes, value);
    gguf_builder_raw(builder, name, GGUF_STRING, bytes.data, bytes.length);
    str_release(&bytes);
}

static void put_array(struct gguf_builder *builder, const char *name, uint32_t type, size_t count, const void *items,
                      size_t size_bytes)
{
    struct str bytes = { 0 };
    put_u32(&bytes, type);
    put_u64(&bytes, count);
    if (size_bytes > 0)
        str_append_bytes(&bytes, items, size_bytes);
    gguf_builder_raw(builder, name, GGUF_ARRAY, bytes.data, bytes.length);
    str_release(&bytes);
}

void gguf_builder_strings(struct gguf_builder *builder, const char *name, const char *const *items, size_t count)
{
    struct str bytes = { 0 };
    for (size_t i = 0; i < count; i++)
        put_text(&bytes, items[i]);
    put_array(builder, name, GGUF_STRING, count, bytes.data, bytes.length);
    str_release(&bytes);
}

void gguf_builder_f32s(struct gguf_builder *builder, const char *name, const float *items, size_t count)
{
    put_array(builder, name, GGUF_F32, count, items, count * sizeof *items);
}

void gguf_builder_i32s(struct gguf_builder *builder, const char *name, const int32_t *items, size_t count)
{
    put_array(builder, name, GGUF_I32, count, items, count * sizeof *items);
}

void gguf_builder_tensor_raw(struct gguf_builder *builder, const char *name, uint32_t dimensions, const uint64_t *shape,
                             uint32_t gguf_type, uint64_t offset)
{
    put_text(&builder->tensors, name);
    put_u32(&builder->tensors, dimensions);
    for (uint32_t i = 0; i < dimensions; i++)
        put_u64(&builder->tensors, shape[i]);
    put_u32(&builder->tensors, gguf_type);
    put_u64(&builder->tensors, offset);
    builder->tensor_count++;
}

void gguf_builder_tensor(struct gguf_builder *builder, const char *name, enum tensor_format format, size_t dimensions,
                         const uint64_t *shape, const void *data, size_t size_bytes)
{
    put_padding(&builder->data, data_alignment(builder));
    gguf_builder_tensor_raw(builder, name, (uint32_t)dimensions, shape, format_table[format].gguf_type,
                            builder->data.length);
    str_append_bytes(&builder->data, data, size_bytes);
}

static void put_file(const struct gguf_builder *builder, struct str *out)
{
    str_append_bytes(out, "GGUF", 4);
    put_u32(out, builder->version != 0 ? builder->version : 3);
    put_u64(out, builder->tensor_count);
    put_u64(out, builder->key_count);
    if (builder->keys.length > 0)
        str_append_bytes(out, builder->keys.data, builder->keys.length);
    if (builder->tensors.length > 0)
        str_append_bytes(out, builder->tensors.data, builder->tensors.length);
    if (builder->data.length > 0) {
        put_padding(out, data_alignment(builder));
        str_append_bytes(out, builder->data.data, builder->data.length);
    }
}

void *gguf_builder_finish(const struct gguf_builder *builder, size_t *size_bytes)
{
    struct str out = { 0 };
    put_file(builder, &out);
    *size_bytes = out.length;
    return str_take(&out);
}

int gguf_builder_write(const struct gguf_builder *builder, const char *path, struct error *error)
{
    struct str out = { 0 };
    put_file(builder, &out);
    int rc = file_write(path, out.data, out.length, error);
    str_release(&out);
    return rc;
}

void gguf_builder_release(struct gguf_builder *builder)
{
    str_release(&builder->keys);
    str_release(&builder->tensors);
    str_release(&builder->data);
    *builder = (struct gguf_builder){ 0 };
}
