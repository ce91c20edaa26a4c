/* facts.h: a growing list of name/value facts. A fact that cannot be found out is left out, never guessed. */
#ifndef PRONY_RUN_FACTS_H
#define PRONY_RUN_FACTS_H

#include "harness/base/arena.h"
#include "harness/store/store.h"

/* Set arena, leave the rest zero. The list is released with facts_release, the strings with the arena. */
struct facts {
    struct arena *arena;
    struct store_fact *items;
    size_t count, capacity;
};

/* value NULL: nothing happens. */
void facts_add(struct facts *facts, const char *name, const char *value);
void facts_addf(struct facts *facts, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The value, or NULL. */
const char *facts_find(const struct store_fact *facts, size_t count, const char *name);
void facts_release(struct facts *facts);

#endif
