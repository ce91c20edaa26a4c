/* Any bytes as a GGUF file: opened or refused; what is opened is read through to its last byte. */
#include "engines/native/gguf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte of a value, so that a length that was not checked shows. */
static unsigned long sum_bytes(const void *data, size_t size)
{
    unsigned long sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += ((const unsigned char *)data)[i];
    return sum;
}

static unsigned long read_key(const struct gguf *gguf, const struct gguf_key *key)
{
    unsigned long sum = sum_bytes(key->name.data, key->name.length);
    if (key->type == GGUF_STRING)
        return sum + sum_bytes(key->value.string.data, key->value.string.length);
    if (key->type != GGUF_ARRAY || key->value.array.type != GGUF_STRING)
        return sum;
    const unsigned char *cursor = key->value.array.data;
    for (uint64_t i = 0; i < key->value.array.count; i++) {
        struct gguf_string item = gguf_array_next_string(&cursor);
        sum += sum_bytes(item.data, item.length);
    }
    if (cursor > gguf->map.data + gguf->map.size_bytes)
        abort();
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gguf gguf;
    struct error error = { 0 };
    if (gguf_open_memory(&gguf, "fuzz", data, size, &error) != 0) {
        if (error.text[0] == '\0' || strchr(error.text, '\n'))
            abort();
        return 0;
    }
    unsigned long sum = 0;
    for (size_t i = 0; i < gguf.key_count; i++)
        sum += read_key(&gguf, &gguf.keys[i]);
    for (size_t i = 0; i < gguf.tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf.tensors[i];
        sum += sum_bytes(tensor->data, tensor->size_bytes);
    }
    __asm__ volatile("" : : "r"(sum)); /* the reads must happen */
    gguf_close(&gguf);
    return 0;
}
