/* near.c: the nearest names: those that hold the text, then those few edits away (Levenshtein 1966). */
#include "harness/base/near.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 3 };

/* Insertions, deletions and substitutions from a to b. */
static size_t distance(const char *a, const char *b)
{
    size_t length = strlen(b);
    size_t *row = mem_array(length + 1, sizeof *row);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = above;
        }
    }
    size_t result = row[length];
    free(row);
    return result;
}

/* How far a name is; SIZE_MAX = too far. A name that holds the text is near, however long it is. */
static size_t how_far(const char *text, const char *name)
{
    if (strstr(name, text))
        return 0;
    size_t far = distance(text, name), most = strlen(text) / 3 + 1;
    return far <= most ? far : SIZE_MAX;
}

const char *near_names(const char *text, const char *const *names, size_t count, struct arena *arena)
{
    const char *best[LIMIT] = { 0 };
    size_t distances[LIMIT], found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t far = how_far(text, names[i]), at = found;
        if (far == SIZE_MAX)
            continue;
        while (at > 0 && distances[at - 1] > far)
            at--;
        if (at == LIMIT)
            continue;
        size_t moved = (found < LIMIT ? found : LIMIT - 1) - at;
        memmove(best + at + 1, best + at, moved * sizeof *best);
        memmove(distances + at + 1, distances + at, moved * sizeof *distances);
        best[at] = names[i];
        distances[at] = far;
        found += found < LIMIT;
    }
    struct str line = { 0 };
    for (size_t i = 0; i < found; i++)
        str_appendf(&line, "%s%s", i == 0 ? "; did you mean " : i + 1 < found ? ", " : " or ", best[i]);
    str_append(&line, found ? "?" : "");
    const char *result = arena_strdup(arena, str_text(&line));
    str_release(&line);
    return result;
}
