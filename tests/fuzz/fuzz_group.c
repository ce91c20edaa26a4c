/* fuzz_group.c: any text as a counter group. Formulas of an accepted one compute a finite number or say why not. */
#include "harness/probe/probe_groups.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

/* Some names have values, and those are awkward. */
static bool lookup(void *context, const char *name, double *value)
{
    (void)context;
    static const double values[] = { 0, 1, -1, 1e300, 3.5 };
    *value = values[strlen(name) % 5];
    return name[0] != 'm';
}

static void check_formula(const struct probe_formula *formula, struct arena *arena)
{
    struct error error = { 0 };
    double value;
    const char *missing;
    int code = probe_formula_compute(formula, lookup, NULL, arena, &value, &missing, &error);
    require(code == 0 || code == ERROR_STATE || code == ERROR_NUMERIC);
    require(code ? error.text[0] != '\0' : isfinite(value));
    require((code == ERROR_STATE) == (missing != NULL) || code == ERROR_NUMERIC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct probe_group group;
    struct error error;
    if (probe_group_parse(&group, "fuzz.group", (const char *)data, size, &arena, &error) != 0) {
        require(strncmp(error.text, "fuzz.group", 10) == 0);
    } else {
        require(group.metric_count > 0);
        for (size_t i = 0; i < group.formula_count; i++)
            check_formula(&group.formulas[i], &arena);
    }
    arena_release(&arena);
    return 0;
}
