/* environment.c: see environment.h. */
#include "harness/judge/environment.h"
#include "harness/base/str.h"
#include <ctype.h>
#include <string.h>

enum { CHANGE_LIMIT = 5, VALUE_LIMIT = 60 };

/* What explains most comes first. A value that is a hash, or a list as good as one, is only said to have changed. */
static const struct kind {
    const char *name, *words;
    bool only_that;
} kinds[] = {
    { "kernel", "kernel", false },
    { "libc", "libc", false },
    { "microcode", "microcode", false },
    { "mitigations", "mitigations", true },
    { "governor", "governor", false },
    { "boost", "boost", false },
    { "turbo_disabled", "turbo_disabled", false },
    { "cgroup_cpu_limit", "CPU limit", false },
    { "transparent_hugepages", "transparent huge pages", false },
    { "aslr", "ASLR", false },
    { "clocksource", "clock source", false },
    { "cpu_flags_hash", "CPU flags", true },
};

static const char *value_of(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    return NULL;
}

/* "Linux 6.1", "Linux 6.6": the word that both begin with says nothing. */
static size_t shared_word(const char *before, const char *after)
{
    size_t length = strcspn(before, " ");
    if (!before[length] || !isalpha((unsigned char)before[0]) || strncmp(before, after, length + 1) != 0)
        return 0;
    return length + 1;
}

struct text {
    const char *all, *brief;
    size_t count;
};

static void add(struct text *text, const struct kind *kind, const char *before, const char *after, struct arena *arena)
{
    size_t skip = shared_word(before, after);
    before += skip;
    after += skip;
    if (!text->brief)
        text->brief = kind->only_that ? arena_strdup(arena, kind->words)
                                      : arena_format(arena, "%s %.*s", kind->words, VALUE_LIMIT, after);
    if (text->count++ >= CHANGE_LIMIT)
        return;
    const char *join = text->all ? ", " : "", *head = text->all ? text->all : "";
    text->all = kind->only_that ? arena_format(arena, "%s%s%s changed", head, join, kind->words)
                                : arena_format(arena, "%s%s%s %.*s -> %.*s", head, join, kind->words, VALUE_LIMIT,
                                               before, VALUE_LIMIT, after);
}

static const char *finish(const struct text *text, struct arena *arena)
{
    return text->count > CHANGE_LIMIT ? arena_format(arena, "%s and %zu more", text->all, text->count - CHANGE_LIMIT)
                                      : text->all;
}

static bool is_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_equal(kinds[i].name, name))
            return true;
    return false;
}

/* The facts that differ and are hardware, or are not, and that the table does not name. */
static void add_others(struct text *text, bool hardware, const struct store_fact *before, size_t before_count,
                       const struct store_fact *after, size_t after_count, struct arena *arena)
{
    for (size_t i = 0; i < before_count; i++) {
        const char *name = before[i].name, *other = value_of(after, after_count, name);
        const struct kind kind = { name, name, false };
        if (other && !str_equal(other, before[i].value) && store_fact_is_hardware(name) == hardware && !is_kind(name) &&
            !str_equal(name, "fingerprint_version"))
            add(text, &kind, before[i].value, other, arena);
    }
}

const char *environment_change(const struct store_fact *before, size_t before_count, const struct store_fact *after,
                               size_t after_count, const char **brief, struct arena *arena)
{
    struct text text = { 0 };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *old = value_of(before, before_count, kinds[i].name);
        const char *new = value_of(after, after_count, kinds[i].name);
        if (old && new && !str_equal(old, new))
            add(&text, &kinds[i], old, new, arena);
    }
    add_others(&text, false, before, before_count, after, after_count, arena);
    if (brief)
        *brief = text.brief;
    return finish(&text, arena);
}

const char *environment_hardware_change(const struct store_fact *before, size_t before_count,
                                        const struct store_fact *after, size_t after_count, struct arena *arena)
{
    struct text text = { 0 };
    add_others(&text, true, before, before_count, after, after_count, arena);
    return finish(&text, arena);
}
