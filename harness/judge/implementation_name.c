/* implementation_name.c: where the name of a case says in which format, on how many threads, with which instruction set
 * it is. Names are those of our suites ("matvec/q8_0/avx2/rows:896/cols:896", "decode/model/q8_0/ctx:128/threads:2"),
 * and of every other suite that writes arguments as key:value. */
#include "harness/base/str.h"
#include "harness/judge/implementations.h"
#include <ctype.h>
#include <string.h>

/* A part of a name between slashes. */
struct part {
    const char *text;
    size_t length;
};

static bool part_is(struct part part, const char *text)
{
    return strlen(text) == part.length && strncmp(part.text, text, part.length) == 0;
}

/* f16, bf16, q8_0, q4_K_M, iq2_xs, int8. */
static bool is_format(struct part part)
{
    static const char *const starts[] = { "f", "bf", "fp", "q", "iq", "tq", "i", "int", "u", "mxfp" };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t length = strlen(starts[i]);
        if (part.length > length && strncmp(part.text, starts[i], length) == 0 &&
            isdigit((unsigned char)part.text[length]))
            return !memchr(part.text, ':', part.length);
    }
    return false;
}

/* A variant may follow: avx512_wide. */
static bool is_isa(struct part part)
{
    static const char *const names[] = { "scalar",  "sse2",    "sse4",       "avx",        "avx2",
                                         "avxvnni", "avx512",  "avx512vnni", "avx512bf16", "amx",
                                         "neon",    "dotprod", "i8mm",       "sve",        "sve2" };
    const char *end = memchr(part.text, '_', part.length);
    struct part isa = { part.text, end ? (size_t)(end - part.text) : part.length };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (part_is(isa, names[i]))
            return true;
    }
    return false;
}

/* What follows the operation and is none of the others. */
static bool is_model(struct part part, int index)
{
    return index == 1 && !is_format(part) && !is_isa(part) && !memchr(part.text, ':', part.length);
}

static bool has_key(struct part part, const char *key)
{
    size_t length = strlen(key);
    return part.length > length && strncmp(part.text, key, length) == 0 && part.text[length] == ':';
}

static bool is_dimension(struct part part, int index, const char *dimension)
{
    if (str_equal(dimension, "format"))
        return index > 0 && is_format(part);
    if (str_equal(dimension, "isa"))
        return index > 0 && is_isa(part);
    if (str_equal(dimension, "model"))
        return is_model(part, index);
    if (str_equal(dimension, "batch"))
        return has_key(part, "batch") || has_key(part, "count");
    return has_key(part, dimension);
}

/* The part that holds the dimension; length 0 = none. */
static struct part find_part(const char *name, const char *dimension)
{
    int index = 0;
    for (const char *at = name; at; index++) {
        struct part part = { at, strcspn(at, "/") };
        if (part.length && is_dimension(part, index, dimension))
            return part;
        at = at[part.length] ? at + part.length + 1 : NULL;
    }
    return (struct part){ name, 0 };
}

/* Behind "threads:", or all of it. */
static struct part value_of(struct part part)
{
    const char *colon = memchr(part.text, ':', part.length);
    if (!colon)
        return part;
    return (struct part){ colon + 1, part.length - (size_t)(colon + 1 - part.text) };
}

const char *implementation_value(const char *name, const char *dimension, struct arena *arena)
{
    struct part part = find_part(name, dimension), value = value_of(part);
    return part.length && value.length ? arena_strndup(arena, value.text, value.length) : NULL;
}

const char *implementation_pattern(const char *name, const char *dimension, struct arena *arena)
{
    struct part part = find_part(name, dimension), value = value_of(part);
    if (!part.length || !value.length)
        return NULL;
    return arena_format(arena, "%.*s*%s", (int)(value.text - name), name, value.text + value.length);
}
