/* site_name.c: names of files that stay the same as long as suite and case do. */
#include "harness/base/str.h"
#include "reports/site_internal.h"
#include <string.h>

enum { NAME_LIMIT = 80 };

/* FNV-1a, of which 40 bits are enough to keep the cases of a site apart. */
static unsigned long long hash(const char *text)
{
    unsigned long long value = 0xcbf29ce484222325u;
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * 0x100000001b3u;
    return (value ^ value >> 40) & 0xffffffffffu;
}

static bool is_kept(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

static const char *readable(struct arena *arena, const char *text)
{
    char name[NAME_LIMIT + 1];
    size_t length = 0;
    for (; *text && length < NAME_LIMIT; text++) {
        char lower = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        if (is_kept(lower) && (length || lower != '.'))
            name[length++] = lower;
        else if (length && name[length - 1] != '-')
            name[length++] = '-';
    }
    while (length && name[length - 1] == '-')
        length--;
    return arena_strndup(arena, name, length);
}

const char *site_slug(struct arena *arena, const char *text)
{
    const char *name = readable(arena, text);
    return arena_format(arena, "%s%s%010llx", name, *name ? "-" : "", hash(text));
}

const char *site_short_slug(struct arena *arena, const char *text)
{
    const char *name = readable(arena, text);
    return *name && str_equal(name, text) ? name : site_slug(arena, text);
}
