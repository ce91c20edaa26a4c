/* gguf_write.h: writing GGUF version 3 files of any size as a stream.
 *
 *     gguf_write_open           opens PATH.tmp.<pid>
 *     gguf_write_u32, ...       collect keys;       gguf_write_tensor collects tensor headers, in file order
 *     gguf_write_begin          writes the header and reserves the whole file, so a full disk shows at once
 *     gguf_write_data           any number of times, any order, from any thread
 *     gguf_write_finish         renames to PATH     or gguf_write_abandon removes what was written
 *
 * A reader never sees half a file under PATH. Memory: the header only. Format: ggml-org/ggml docs/gguf.md. */
#ifndef PRONY_NATIVE_GGUF_WRITE_H
#define PRONY_NATIVE_GGUF_WRITE_H

#include "engines/native/gguf.h"
#include "harness/base/str.h"

struct gguf_write_slot {
    uint64_t offset; /* from the start of the data section */
    uint64_t size_bytes;
};

struct gguf_write {
    char *path;
    char *temporary;
    int file;
    struct str keys;    /* encoded */
    struct str tensors; /* encoded headers */
    uint64_t key_count;
    struct gguf_write_slot *slots;
    size_t slot_count, slot_capacity;
    uint64_t data_start; /* in the file; known after begin */
    uint64_t data_bytes;
};

/* On error nothing is left to release. An existing PATH must be a regular file; it is replaced by finish. */
int gguf_write_open(struct gguf_write *writer, const char *path, struct error *error);

void gguf_write_u32(struct gguf_write *writer, const char *name, uint32_t value);
void gguf_write_f32(struct gguf_write *writer, const char *name, float value);
void gguf_write_bool(struct gguf_write *writer, const char *name, bool value);
void gguf_write_text(struct gguf_write *writer, const char *name, const char *value);
void gguf_write_strings(struct gguf_write *writer, const char *name, const struct gguf_string *items, size_t count);
/* Items of a fixed size: count of them as they lie in memory. type is neither GGUF_STRING nor GGUF_ARRAY. */
void gguf_write_array(struct gguf_write *writer, const char *name, enum gguf_type type, const void *items,
                      size_t count);
/* A key of another file, unchanged. */
void gguf_write_copy(struct gguf_write *writer, const struct gguf_key *key);

/* Appends a tensor of rows x cols (rows 0: a vector of cols); returns its index for gguf_write_data. cols must be a
 * multiple of the format's block. */
size_t gguf_write_tensor(struct gguf_write *writer, const char *name, enum tensor_format format, size_t rows,
                         size_t cols);
uint64_t gguf_write_size(const struct gguf_write *writer); /* of the whole file, once begun */

int gguf_write_begin(struct gguf_write *writer, struct error *error);
/* Bytes at offset_bytes of the tensor's data. Thread-safe. */
int gguf_write_data(const struct gguf_write *writer, size_t tensor, uint64_t offset_bytes, const void *data,
                    size_t size_bytes, struct error *error);
/* Both release everything; finish abandons by itself when it fails. */
int gguf_write_finish(struct gguf_write *writer, struct error *error);
void gguf_write_abandon(struct gguf_write *writer);

#endif
