/* gate_quantity.c: numbers with units, as people write them in policies, and the units in names of metrics. */
#include "harness/judge/gate_policy.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct unit_row {
    const char *name;   /* as a unit */
    const char *ending; /* as the end of a metric's name */
    struct gate_unit unit;
} units[] = {
    { "ns", "_ns", { GATE_TIME, 1 } },         { "us", "_us", { GATE_TIME, 1e3 } },
    { "ms", "_ms", { GATE_TIME, 1e6 } },       { "s", "_s", { GATE_TIME, 1e9 } },
    { "B", "_bytes", { GATE_BYTES, 1 } },      { "kB", "_kb", { GATE_BYTES, 1e3 } },
    { "MB", "_mb", { GATE_BYTES, 1e6 } },      { "GB", "_gb", { GATE_BYTES, 1e9 } },
    { "KiB", "_kib", { GATE_BYTES, 0x1p10 } }, { "MiB", "_mib", { GATE_BYTES, 0x1p20 } },
    { "GiB", "_gib", { GATE_BYTES, 0x1p30 } },
};
enum { UNIT_COUNT = sizeof units / sizeof units[0] };

struct gate_unit gate_unit_of(const char *unit)
{
    for (size_t i = 0; unit && i < UNIT_COUNT; i++)
        if (str_equal(unit, units[i].name))
            return units[i].unit;
    return (struct gate_unit){ GATE_PLAIN, 1 };
}

struct gate_unit gate_unit_of_name(const char *metric, char *stem, size_t stem_size)
{
    struct gate_unit unit = { GATE_PLAIN, 1 };
    size_t length = strlen(metric);
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (str_ends(metric, units[i].ending) && length > strlen(units[i].ending)) {
            unit = units[i].unit;
            length -= strlen(units[i].ending);
            break;
        }
    if (length >= stem_size)
        length = stem_size - 1;
    memcpy(stem, metric, length);
    stem[length] = 0;
    return unit;
}

bool gate_quantity_parse(const char *text, struct gate_quantity *quantity)
{
    char number[64];
    size_t length = strspn(text, "+-.0123456789eE");
    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = 0;
    const char *unit = text + length + strspn(text + length, " \t");
    if (!str_parse_f64(number + (number[0] == '+'), &quantity->value) || !isfinite(quantity->value))
        return false;
    quantity->dimension = GATE_PLAIN;
    if (!*unit)
        return true;
    struct gate_unit scale = gate_unit_of(unit);
    quantity->dimension = scale.dimension;
    quantity->value *= scale.scale;
    return scale.dimension != GATE_PLAIN && isfinite(quantity->value);
}
