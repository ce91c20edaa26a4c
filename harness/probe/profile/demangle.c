/* demangle.c: libstdc++'s own demangler, where the machine has it: wherever C++ programs run it is there, and nobody
 * else has to link with it. */
#include "harness/probe/profile/demangle.h"
#include "harness/base/str.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef char *demangle_function(const char *name, char *buffer, size_t *size, int *status);

static demangle_function *find_function(void)
{
    /* Loaded once: later calls only count. It stays loaded. */
    void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "__cxa_demangle") : NULL;
    demangle_function *function = NULL;
    memcpy(&function, &symbol, sizeof function); /* ISO C has no conversion between the two kinds of pointers */
    return function;
}

/* Length without the argument list at the end: "f(int) const" -> "f", "(anonymous namespace)::f(int)" as well. */
static size_t plain_length(const char *text)
{
    size_t length = strlen(text), depth = 0;
    const char *last = strrchr(text, ')');
    /* Only qualifiers may follow: " const", " [clone .cold]". */
    if (!last || (last[1] != 0 && last[1] != ' '))
        return length;
    for (const char *p = last; p > text; p--) {
        depth += *p == ')';
        depth -= *p == '(';
        if (depth == 0)
            return (size_t)(p - text);
    }
    return length;
}

const char *demangle(struct arena *arena, const char *name)
{
    if (!str_starts(name, "_Z"))
        return name;
    demangle_function *function = find_function();
    int status = -1;
    char *text = function ? function(name, NULL, NULL, &status) : NULL;
    const char *result = name;
    if (text && status == 0)
        result = arena_strndup(arena, text, plain_length(text));
    free(text);
    return result;
}
