/* number.c: scales, digits and units. */
#include "reports/number.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>

struct scale_row {
    double from; /* smallest value shown with this scale */
    struct number_scale scale;
};

static const struct scale_row time_rows[] = {
    { 1e9, { 1e-9, "s" } }, { 1e6, { 1e-6, "ms" } }, { 1e3, { 1e-3, "µs" } }, { 0, { 1, "ns" } }
};
static const struct scale_row flop_rows[] = {
    { 1e12, { 1e-12, "TFLOP/s" } }, { 1e9, { 1e-9, "GFLOP/s" } }, { 1e6, { 1e-6, "MFLOP/s" } }, { 0, { 1, "FLOP/s" } }
};
static const struct scale_row rate_rows[] = {
    { 1e9, { 1e-9, "GB/s" } }, { 1e6, { 1e-6, "MB/s" } }, { 1e3, { 1e-3, "kB/s" } }, { 0, { 1, "B/s" } }
};
static const struct scale_row token_rows[] = { { 1e6, { 1e-6, "Mtok/s" } },
                                               { 1e4, { 1e-3, "ktok/s" } },
                                               { 0, { 1, "tok/s" } } };
static const struct scale_row byte_rows[] = {
    { 0x1p30, { 0x1p-30, "GiB" } }, { 0x1p20, { 0x1p-20, "MiB" } }, { 0x1p10, { 0x1p-10, "KiB" } }, { 0, { 1, "B" } }
};
static const struct scale_row count_rows[] = {
    { 1e12, { 1e-12, "T" } }, { 1e9, { 1e-9, "G" } }, { 1e6, { 1e-6, "M" } }, { 1e4, { 1e-3, "k" } }, { 0, { 1, "" } }
};

enum number_kind number_kind_of(const char *name, const char *unit)
{
    static const struct {
        const char *unit;
        enum number_kind kind;
    } kinds[] = { { "ns", NUMBER_TIME_NS },      { "ms", NUMBER_TIME_MS }, { "B", NUMBER_BYTES },
                  { "B/s", NUMBER_BYTE_RATE },   { "%", NUMBER_PERCENT },  { "flop/s", NUMBER_FLOP_RATE },
                  { "FLOP/s", NUMBER_FLOP_RATE } };
    if (str_equal(name, "tokens_per_second"))
        return NUMBER_TOKEN_RATE;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_equal(unit, kinds[i].unit))
            return kinds[i].kind;
    return NUMBER_COUNT;
}

struct number_scale number_scale(enum number_kind kind, double typical)
{
    const struct scale_row *row = NULL;
    switch (kind) {
    case NUMBER_TIME_NS: row = time_rows; break;
    case NUMBER_FLOP_RATE: row = flop_rows; break;
    case NUMBER_BYTE_RATE: row = rate_rows; break;
    case NUMBER_BYTES: row = byte_rows; break;
    case NUMBER_TOKEN_RATE: row = token_rows; break;
    case NUMBER_COUNT: row = count_rows; break;
    case NUMBER_TIME_MS: return (struct number_scale){ 1, "ms" };
    case NUMBER_PERCENT: return (struct number_scale){ 1, "%" };
    case NUMBER_PLAIN: return (struct number_scale){ 1, "" };
    }
    while (row->from > 0 && !(fabs(typical) >= row->from))
        row++;
    return row->scale;
}

char *number_digits_n(char *buffer, size_t size, double value, int significant)
{
    double magnitude = fabs(value);
    if (!isfinite(value)) {
        snprintf(buffer, size, "n/a");
    } else if (value == 0) {
        snprintf(buffer, size, "0");
    } else if (magnitude < 1e-3 || magnitude >= 1e7) {
        snprintf(buffer, size, "%.*e", significant - 2 > 0 ? significant - 2 : 0, value);
    } else {
        int before = (int)floor(log10(magnitude)) + 1;
        /* 9.9996 rounds up to 10.000: one digit fewer after the point. */
        if (magnitude >= pow(10, before) - 0.5 * pow(10, before - significant))
            before++;
        int after = significant - before;
        snprintf(buffer, size, "%.*f", after > 0 ? after : 0, value);
    }
    return buffer;
}

char *number_digits(char *buffer, size_t size, double value)
{
    return number_digits_n(buffer, size, value, 4);
}

char *number_text(char *buffer, size_t size, enum number_kind kind, double value)
{
    struct number_scale scale = number_scale(kind, value);
    char digits[32];
    number_digits(digits, sizeof digits, value * scale.factor);
    snprintf(buffer, size, "%s%s%s", digits, *scale.unit && isfinite(value) ? " " : "",
             isfinite(value) ? scale.unit : "");
    return buffer;
}

char *number_interval(char *buffer, size_t size, struct number_scale scale, struct stats_interval interval,
                      const char *separator)
{
    char low[32], high[32];
    buffer[0] = 0;
    if (interval.coverage > 0)
        snprintf(buffer, size, "%s%s%s", number_digits(low, sizeof low, interval.low * scale.factor), separator,
                 number_digits(high, sizeof high, interval.high * scale.factor));
    return buffer;
}
