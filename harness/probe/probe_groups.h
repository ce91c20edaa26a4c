/* probe_groups.h: which metrics are counted together and what is derived from them, as text (groups/<name>.group, after
 * the performance groups of LIKWID), so that nobody has to compile to add one. Format: docs/FORMATS.md. */
#ifndef PRONY_PROBE_GROUPS_H
#define PRONY_PROBE_GROUPS_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* "ipc = instructions / cycles" */
struct probe_formula {
    const char *name, *unit;
    const char *expression; /* + - * / ( ), numbers, names of metrics and of what the sample knows (time_ns, ...) */
};

struct probe_group {
    const char *name, *summary;
    const char *const *metrics; /* portable metrics (probe_metrics.h) and native events, each once */
    size_t metric_count;
    const struct probe_formula *formulas;
    size_t formula_count;
};

/* Groups inside this program, in the order people should read them. */
void probe_groups_shipped(struct arena *arena, const struct probe_group **groups, size_t *count);
/* The text of a group. source is its name in messages. */
int probe_group_parse(struct probe_group *group, const char *source, const char *text, size_t length,
                      struct arena *arena, struct error *error);
/* What a person asked for, as one group: a comma list of shipped groups, files (*.group), metrics and events.
 * ERROR_USAGE for a name that is none of them, ERROR_FORMAT for a bad file. */
int probe_groups_resolve(struct probe_group *group, const char *request, struct arena *arena, struct error *error);
/* Splits the metrics so that no pass needs more than four hardware events at once, and operands of one formula share a
 * pass where they can. passes[i] is a comma list for --prony_counters. */
void probe_groups_passes(const struct probe_group *group, struct arena *arena, const char *const **passes,
                         size_t *count);

/* The value of a name; false if there is none. */
typedef bool probe_formula_lookup(void *context, const char *name, double *value);
/* False if an operand is missing (*missing names it, in the arena) or the result is no number (*missing NULL). */
bool probe_formula_evaluate(const struct probe_formula *formula, probe_formula_lookup *lookup, void *context,
                            struct arena *arena, double *value, const char **missing);

/* The same with words: ERROR_FORMAT for a wrong text, ERROR_STATE for a missing operand, ERROR_NUMERIC for a division
 * by zero or a result that is not finite. */
int probe_formula_compute(const struct probe_formula *formula, probe_formula_lookup *lookup, void *context,
                          struct arena *arena, double *value, const char **missing, struct error *error);

/* Every operand in order, repeated as often as it occurs; names live in the arena. ERROR_FORMAT for a wrong text. */
typedef void probe_formula_visit(void *context, const char *name);
int probe_formula_visit_names(const char *expression, probe_formula_visit *visit, void *context, struct arena *arena,
                              struct error *error);

#endif
