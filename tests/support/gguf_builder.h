/* gguf_builder.h: writes small GGUF files in memory for tests, on purpose without any checking: a test can also build
 * what a reader must refuse. Zero the struct, set version or alignment if the defaults (3, 32) do not fit, add keys and
 * tensors in file order, finish, release. */
#ifndef PRONY_TESTS_SUPPORT_GGUF_BUILDER_H
#define PRONY_TESTS_SUPPORT_GGUF_BUILDER_H

#include "engines/native/gguf.h"
#include "harness/base/str.h"

struct gguf_builder {
    uint32_t version; /* 0 = 3 */
    size_t alignment; /* of the data; 0 = 32. Says nothing in the file: add the key general.alignment yourself */
    struct str keys, tensors, data;
    uint64_t key_count, tensor_count;
};

void gguf_builder_u32(struct gguf_builder *builder, const char *name, uint32_t value);
void gguf_builder_f32(struct gguf_builder *builder, const char *name, float value);
void gguf_builder_bool(struct gguf_builder *builder, const char *name, bool value);
void gguf_builder_text(struct gguf_builder *builder, const char *name, const char *value);
void gguf_builder_strings(struct gguf_builder *builder, const char *name, const char *const *items, size_t count);
void gguf_builder_f32s(struct gguf_builder *builder, const char *name, const float *items, size_t count);
void gguf_builder_i32s(struct gguf_builder *builder, const char *name, const int32_t *items, size_t count);
/* Any type number and any value bytes. */
void gguf_builder_raw(struct gguf_builder *builder, const char *name, uint32_t type, const void *value, size_t length);

/* Adds a tensor's header, and its data (copied) at the next aligned offset. shape: fastest dimension first. */
void gguf_builder_tensor(struct gguf_builder *builder, const char *name, enum tensor_format format, size_t dimensions,
                         const uint64_t *shape, const void *data, size_t size_bytes);
/* Adds a header alone. */
void gguf_builder_tensor_raw(struct gguf_builder *builder, const char *name, uint32_t dimensions, const uint64_t *shape,
                             uint32_t gguf_type, uint64_t offset);

/* The whole file; the caller frees it. The builder stays usable. */
void *gguf_builder_finish(const struct gguf_builder *builder, size_t *size_bytes);
/* The same into a file. */
int gguf_builder_write(const struct gguf_builder *builder, const char *path, struct error *error);
/* Back to zero bytes. */
void gguf_builder_release(struct gguf_builder *builder);

#endif
