/* gguf.h: reading GGUF files (versions 2 and 3, little-endian), mapped, nothing copied.
 *
 * gguf_open checks every count, length, type, offset and size against the file before anything is used, so that what
 * it returns can be read without further checks. Format: ggml-org/ggml docs/gguf.md. */
#ifndef PRONY_NATIVE_GGUF_H
#define PRONY_NATIVE_GGUF_H

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "kernels/formats.h"
#include <stdbool.h>

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPE_COUNT
};

/* A byte string inside the mapping, not NUL-terminated. */
struct gguf_string {
    const char *data;
    size_t length;
};

struct gguf_array {
    enum gguf_type type; /* of the items; never GGUF_ARRAY */
    uint64_t count;
    const unsigned char *data; /* first item; strings: walk with gguf_array_next_string */
};

struct gguf_key {
    struct gguf_string name;
    enum gguf_type type;
    union {
        uint64_t u; /* unsigned integers and bool */
        int64_t i;  /* signed integers */
        double f;   /* f32, f64 */
        struct gguf_string string;
        struct gguf_array array;
    } value;
};

struct gguf_tensor {
    struct gguf_string name;
    enum tensor_format format; /* FORMAT_COUNT if Prony has no such format; then only the header was checked */
    uint32_t gguf_type;
    size_t dimensions; /* 1..4 */
    uint64_t shape[4]; /* fastest first: shape[0] = cols, shape[1] = rows; unused = 1 */
    const unsigned char *data;
    size_t size_bytes;
};

struct gguf {
    char *path;
    struct file_map map;
    uint32_t version;
    size_t alignment;
    struct gguf_key *keys;
    size_t key_count;
    struct gguf_tensor *tensors;
    size_t tensor_count;
    bool owns_map;
    void *index; /* hash tables of keys and tensors by name, private */
};

int gguf_open(struct gguf *gguf, const char *path, struct error *error);
/* The same on bytes in memory (tests, fuzzing); they must outlive gguf. path is for messages. */
int gguf_open_memory(struct gguf *gguf, const char *path, const void *data, size_t size_bytes, struct error *error);
void gguf_close(struct gguf *gguf);

const struct gguf_key *gguf_find(const struct gguf *gguf, const char *name);
const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf, const char *name);

/* Typed access; the key must exist and fit the type (any integer type whose value fits), else ERROR_FORMAT naming
 * the file, the key and what is wrong. The _or forms give the fallback when the key is missing, and still fail when its
 * type is wrong. */
int gguf_u32(const struct gguf *gguf, const char *name, uint32_t *value, struct error *error);
int gguf_u32_or(const struct gguf *gguf, const char *name, uint32_t fallback, uint32_t *value, struct error *error);
int gguf_f32(const struct gguf *gguf, const char *name, float *value, struct error *error);
int gguf_f32_or(const struct gguf *gguf, const char *name, float fallback, float *value, struct error *error);
int gguf_bool_or(const struct gguf *gguf, const char *name, bool fallback, bool *value, struct error *error);
int gguf_text(const struct gguf *gguf, const char *name, struct gguf_string *value, struct error *error);
int gguf_text_or(const struct gguf *gguf, const char *name, const char *fallback, struct gguf_string *value,
                 struct error *error);
int gguf_array(const struct gguf *gguf, const char *name, enum gguf_type type, struct gguf_array *value,
               struct error *error);

/* Walks a string array: *cursor starts as array->data; call at most count times. */
struct gguf_string gguf_array_next_string(const unsigned char **cursor);
bool gguf_string_equal(struct gguf_string string, const char *text);

#endif
