/* mem.c: see mem.h. */
#include "harness/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *require(void *memory)
{
    if (!memory) {
        fputs("prony: error: out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

void *mem_alloc(size_t size_bytes)
{
    return require(calloc(1, size_bytes ? size_bytes : 1));
}

void *mem_array(size_t count, size_t item_bytes)
{
    /* calloc checks the product. */
    return require(calloc(count ? count : 1, item_bytes ? item_bytes : 1));
}

void *mem_resize(void *old, size_t count, size_t item_bytes)
{
    size_t size;
    if (__builtin_mul_overflow(count, item_bytes, &size))
        require(NULL);
    return require(realloc(old, size ? size : 1));
}

char *mem_strdup(const char *text)
{
    return require(strdup(text));
}

char *mem_strndup(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *mem_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return require(length < 0 ? NULL : text);
}

void *mem_aligned(size_t size_bytes)
{
    if (size_bytes > SIZE_MAX - 64)
        return NULL;
    return aligned_alloc(64, size_bytes ? (size_bytes + 63) / 64 * 64 : 64);
}
