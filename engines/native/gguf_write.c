/* gguf_write.c: see gguf_write.h.
 *
 * Owns the temporary file: it exists from open to finish or abandon. Numbers are written byte by byte where their
 * order matters, so the files are little-endian everywhere; arrays are copied from memory and assume a little-endian
 * machine, as the mapped reader does. */
#include "engines/native/gguf_write.h"
#include "harness/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGNMENT = 32 }; /* the format's default, so general.alignment need not be written */

/* ggml's type numbers of metadata values, by enum gguf_type (which follows the same order). */
static const size_t item_bytes[GGUF_TYPE_COUNT] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,   [GGUF_U16] = 2, [GGUF_I16] = 2, [GGUF_U32] = 4, [GGUF_I32] = 4,
    [GGUF_F32] = 4, [GGUF_BOOL] = 1, [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8
};

static void put_integer(struct str *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        str_append_char(out, (char)(unsigned char)(value >> (8 * i)));
}

static void put_string(struct str *out, const char *data, size_t length)
{
    put_integer(out, length, 8);
    str_append_bytes(out, data, length);
}

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t double_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t aligned(uint64_t offset)
{
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void put_key(struct gguf_write *writer, const char *name, size_t length, enum gguf_type type)
{
    put_string(&writer->keys, name, length);
    put_integer(&writer->keys, (uint64_t)type, 4);
    writer->key_count++;
}

static void put_array_head(struct gguf_write *writer, enum gguf_type type, uint64_t count)
{
    put_integer(&writer->keys, (uint64_t)type, 4);
    put_integer(&writer->keys, count, 8);
}

int gguf_write_open(struct gguf_write *writer, const char *path, struct error *error)
{
    memset(writer, 0, sizeof *writer);
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, ERROR_IO, "%s: exists and is not a regular file", path);
    writer->temporary = mem_format("%s.tmp.%ld", path, (long)getpid());
    writer->file = open(writer->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->file < 0) {
        int code = error_system(error, errno, "%s: cannot create", path);
        free(writer->temporary);
        return code;
    }
    writer->path = mem_strdup(path);
    return 0;
}

void gguf_write_u32(struct gguf_write *writer, const char *name, uint32_t value)
{
    put_key(writer, name, strlen(name), GGUF_U32);
    put_integer(&writer->keys, value, 4);
}

void gguf_write_f32(struct gguf_write *writer, const char *name, float value)
{
    put_key(writer, name, strlen(name), GGUF_F32);
    put_integer(&writer->keys, float_bits(value), 4);
}

void gguf_write_bool(struct gguf_write *writer, const char *name, bool value)
{
    put_key(writer, name, strlen(name), GGUF_BOOL);
    put_integer(&writer->keys, value, 1);
}

void gguf_write_text(struct gguf_write *writer, const char *name, const char *value)
{
    put_key(writer, name, strlen(name), GGUF_STRING);
    put_string(&writer->keys, value, strlen(value));
}

void gguf_write_strings(struct gguf_write *writer, const char *name, const struct gguf_string *items, size_t count)
{
    put_key(writer, name, strlen(name), GGUF_ARRAY);
    put_array_head(writer, GGUF_STRING, count);
    for (size_t i = 0; i < count; i++)
        put_string(&writer->keys, items[i].data, items[i].length);
}

void gguf_write_array(struct gguf_write *writer, const char *name, enum gguf_type type, const void *items, size_t count)
{
    put_key(writer, name, strlen(name), GGUF_ARRAY);
    put_array_head(writer, type, count);
    str_append_bytes(&writer->keys, items, count * item_bytes[type]);
}

static void put_number(struct gguf_write *writer, const struct gguf_key *key)
{
    uint64_t bits = key->value.u;
    if (key->type == GGUF_F32)
        bits = float_bits((float)key->value.f);
    else if (key->type == GGUF_F64)
        bits = double_bits(key->value.f);
    else if (key->type == GGUF_I8 || key->type == GGUF_I16 || key->type == GGUF_I32 || key->type == GGUF_I64)
        bits = (uint64_t)key->value.i;
    put_integer(&writer->keys, bits, item_bytes[key->type]);
}

void gguf_write_copy(struct gguf_write *writer, const struct gguf_key *key)
{
    put_key(writer, key->name.data, key->name.length, key->type);
    if (key->type == GGUF_STRING) {
        put_string(&writer->keys, key->value.string.data, key->value.string.length);
    } else if (key->type == GGUF_ARRAY) {
        const struct gguf_array *array = &key->value.array;
        put_array_head(writer, array->type, array->count);
        const unsigned char *end = array->data;
        if (array->type == GGUF_STRING) {
            for (uint64_t i = 0; i < array->count; i++)
                gguf_array_next_string(&end);
        } else {
            end += array->count * item_bytes[array->type];
        }
        str_append_bytes(&writer->keys, array->data, (size_t)(end - array->data));
    } else {
        put_number(writer, key);
    }
}

size_t gguf_write_tensor(struct gguf_write *writer, const char *name, enum tensor_format format, size_t rows,
                         size_t cols)
{
    MEM_GROW(writer->slots, writer->slot_count, writer->slot_capacity);
    struct gguf_write_slot *slot = &writer->slots[writer->slot_count];
    slot->offset = aligned(writer->data_bytes);
    slot->size_bytes = format_row_bytes(format, cols) * (rows > 0 ? rows : 1);
    writer->data_bytes = slot->offset + slot->size_bytes;
    put_string(&writer->tensors, name, strlen(name));
    put_integer(&writer->tensors, rows > 0 ? 2 : 1, 4);
    put_integer(&writer->tensors, cols, 8);
    if (rows > 0)
        put_integer(&writer->tensors, rows, 8);
    put_integer(&writer->tensors, format_table[format].gguf_type, 4);
    put_integer(&writer->tensors, slot->offset, 8);
    return writer->slot_count++;
}

uint64_t gguf_write_size(const struct gguf_write *writer)
{
    return writer->data_start + aligned(writer->data_bytes);
}

static int write_at(const struct gguf_write *writer, uint64_t offset, const char *data, size_t size_bytes,
                    struct error *error)
{
    while (size_bytes > 0) {
        ssize_t written = pwrite(writer->file, data, size_bytes, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_system(error, written < 0 ? errno : ENOSPC, "%s: cannot write at byte %llu", writer->path,
                                (unsigned long long)offset);
        data += written;
        offset += (uint64_t)written;
        size_bytes -= (size_t)written;
    }
    return 0;
}

/* Gives the file its final length and its blocks. File systems that cannot reserve get the length alone. */
static int reserve(const struct gguf_write *writer, struct error *error)
{
    uint64_t size = gguf_write_size(writer);
    if (fallocate(writer->file, 0, 0, (off_t)size) == 0)
        return 0;
    if ((errno == EOPNOTSUPP || errno == ENOSYS) && ftruncate(writer->file, (off_t)size) == 0)
        return 0;
    char text[32];
    return error_system(error, errno, "%s: cannot reserve %s", writer->path,
                        str_bytes(text, sizeof text, (double)size));
}

int gguf_write_begin(struct gguf_write *writer, struct error *error)
{
    struct str head = { 0 };
    str_append(&head, "GGUF");
    put_integer(&head, 3, 4);
    put_integer(&head, writer->slot_count, 8);
    put_integer(&head, writer->key_count, 8);
    writer->data_start = aligned(head.length + writer->keys.length + writer->tensors.length);
    int code = reserve(writer, error);
    if (code == 0)
        code = write_at(writer, 0, str_text(&head), head.length, error);
    if (code == 0)
        code = write_at(writer, head.length, str_text(&writer->keys), writer->keys.length, error);
    if (code == 0)
        code = write_at(writer, head.length + writer->keys.length, str_text(&writer->tensors), writer->tensors.length,
                        error);
    str_release(&head);
    str_release(&writer->keys);
    str_release(&writer->tensors);
    return code;
}

int gguf_write_data(const struct gguf_write *writer, size_t tensor, uint64_t offset_bytes, const void *data,
                    size_t size_bytes, struct error *error)
{
    const struct gguf_write_slot *slot = &writer->slots[tensor];
    if (offset_bytes > slot->size_bytes || size_bytes > slot->size_bytes - offset_bytes)
        return error_set(error, ERROR_STATE, "%s: tensor %zu has %llu bytes, asked to write %zu at %llu", writer->path,
                         tensor, (unsigned long long)slot->size_bytes, size_bytes, (unsigned long long)offset_bytes);
    return write_at(writer, writer->data_start + slot->offset + offset_bytes, data, size_bytes, error);
}

static void release(struct gguf_write *writer)
{
    free(writer->path);
    free(writer->temporary);
    free(writer->slots);
    str_release(&writer->keys);
    str_release(&writer->tensors);
    memset(writer, 0, sizeof *writer);
}

/* A file that was just written lies in the page cache in small pages and stays so until it is evicted; the same file
 * read back can lie in large ones, and then a model decodes a quarter faster (model.c). So that a measurement does not
 * depend on whether its model was written today or before the last reboot, a file that fits memory well is written out
 * and read back. Failing costs nothing but that. */
static void read_back(const struct gguf_write *writer, size_t size_bytes)
{
    enum { WORTH_IT_BYTES = 64 << 20, SHARE_OF_MEMORY = 4 };
    const size_t memory_bytes = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    if (size_bytes < WORTH_IT_BYTES || size_bytes > memory_bytes / SHARE_OF_MEMORY)
        return;
    if (fdatasync(writer->file) != 0 || posix_fadvise(writer->file, 0, 0, POSIX_FADV_DONTNEED) != 0)
        return;
    void *map = mmap(NULL, size_bytes, PROT_READ, MAP_PRIVATE, writer->file, 0);
    if (map == MAP_FAILED)
        return;
    madvise(map, size_bytes, MADV_HUGEPAGE);
    madvise(map, size_bytes, MADV_POPULATE_READ);
    munmap(map, size_bytes);
}

int gguf_write_finish(struct gguf_write *writer, struct error *error)
{
    int code = 0;
    read_back(writer, (size_t)gguf_write_size(writer));
    if (close(writer->file) != 0)
        code = error_system(error, errno, "%s: cannot write", writer->path);
    else if (rename(writer->temporary, writer->path) != 0)
        code = error_system(error, errno, "%s: cannot rename %s", writer->path, writer->temporary);
    if (code != 0)
        unlink(writer->temporary);
    release(writer);
    return code;
}

void gguf_write_abandon(struct gguf_write *writer)
{
    close(writer->file);
    unlink(writer->temporary);
    release(writer);
}
