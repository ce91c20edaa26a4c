/* facts.c: see facts.h. */
#include "harness/run/facts.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>

void facts_add(struct facts *facts, const char *name, const char *value)
{
    if (!value)
        return;
    MEM_GROW(facts->items, facts->count, facts->capacity);
    facts->items[facts->count++] =
        (struct store_fact){ .name = arena_strdup(facts->arena, name), .value = arena_strdup(facts->arena, value) };
}

void facts_addf(struct facts *facts, const char *name, const char *format, ...)
{
    struct str text = { 0 };
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(&text, format, arguments);
    va_end(arguments);
    facts_add(facts, name, str_text(&text));
    str_release(&text);
}

const char *facts_find(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    return NULL;
}

void facts_release(struct facts *facts)
{
    free(facts->items);
    *facts = (struct facts){ 0 };
}
