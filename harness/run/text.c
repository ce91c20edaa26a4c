/* text.c: cleans what strange programs print. */
#include "harness/run/runner_internal.h"
#include "harness/base/str.h"

/* The length of the valid UTF-8 character at p (RFC 3629), 0 if there is none. */
static size_t character_length(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] > 0x9f;
    bool beyond = p[0] == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

const char *text_clean_tail(struct arena *arena, const char *bytes, size_t length, size_t limit)
{
    if (length > limit) {
        bytes += length - limit;
        length = limit;
    }
    struct str clean = { 0 };
    for (size_t i = 0; i < length;) {
        const unsigned char *p = (const unsigned char *)bytes + i;
        size_t size = character_length(p, length - i);
        if (size == 0 || (size == 1 && (*p == 0x7f || (*p < 0x20 && *p != '\n' && *p != '\t' && *p != '\r'))))
            str_append_char(&clean, '?');
        else if (*p != '\r')
            str_append_bytes(&clean, p, size);
        i += size ? size : 1;
    }
    while (clean.length > 0 && (clean.data[clean.length - 1] == '\n' || clean.data[clean.length - 1] == ' '))
        clean.data[--clean.length] = 0;
    const char *text = arena_strdup(arena, str_text(&clean));
    str_release(&clean);
    return text;
}
