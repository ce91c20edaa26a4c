/* case_name.c: parts and arguments of case names. */
#include "harness/base/case_name.h"
#include "harness/base/str.h"
#include <string.h>

const char *case_name_part(struct arena *arena, const char *name, int index)
{
    for (; index > 0; index--) {
        name = strchr(name, '/');
        if (!name)
            return "";
        name++;
    }
    return arena_strndup(arena, name, strcspn(name, "/"));
}

/* The value of argument key and its length, or NULL. */
static const char *find_argument(const char *name, const char *key, size_t *length)
{
    size_t key_length = strlen(key);
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, key, key_length) == 0 && part[key_length] == ':') {
            *length = strcspn(part + key_length + 1, "/");
            return part + key_length + 1;
        }
    }
    return NULL;
}

const char *case_name_argument(struct arena *arena, const char *name, const char *key)
{
    size_t length;
    const char *value = find_argument(name, key, &length);
    return value ? arena_strndup(arena, value, length) : NULL;
}

double case_name_number(const char *name, const char *key, double fallback)
{
    size_t length;
    const char *value = find_argument(name, key, &length);
    char text[64];
    double number;
    if (!value || length >= sizeof text)
        return fallback;
    memcpy(text, value, length);
    text[length] = 0;
    return str_parse_f64(text, &number) ? number : fallback;
}

const char *case_name_rest(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? slash + 1 : name;
}
