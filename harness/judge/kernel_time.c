/* kernel_time.c: see kernel_time.h. */
#include "harness/judge/kernel_time.h"
#include "harness/base/case_name.h"
#include "harness/base/str.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Median of the suite's own rate; NaN without one. */
static double rate_of(const struct store_case *item)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct store_series *series = &item->metrics[i];
        if (series->pass != STORE_PASS_TIMED || !str_equal(series->name, "flops_per_second"))
            continue;
        return stats_summarize(series->values, series->count, 0.95).median;
    }
    return (double)NAN;
}

/* Length of "matvec/q8_0/", and of "matvec/q8_0/avx2/" where the instruction set is told; 0 = it is no kernel's name.
 */
static size_t length_of_parts(const char *kernel, bool *has_isa)
{
    const char *slash = strchr(kernel, '/');
    slash = slash ? strchr(slash + 1, '/') : NULL;
    if (!slash)
        return 0;
    size_t third = strcspn(slash + 1, "/:");
    *has_isa = slash[1 + third] == '/';
    return (size_t)(slash + 1 - kernel) + (*has_isa ? third + 1 : 0);
}

static bool same_kernel(const char *wanted, const char *name)
{
    bool has_isa;
    size_t length = length_of_parts(wanted, &has_isa);
    return length && strncmp(wanted, name, length) == 0;
}

/* How far shapes are apart: the sum of the ratios' logarithms. Infinite if one is of a batch several times the other's,
 * which is another operation to the machine. */
static double distance(const char *wanted, const char *name)
{
    static const char *const arguments[] = { "rows", "cols", "positions", "head", "group", "count" };
    double sum = 0;
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        double a = case_name_number(wanted, arguments[i], 1), b = case_name_number(name, arguments[i], 1);
        if (!(a > 0) || !(b > 0) || (str_equal(arguments[i], "count") && (a > 4 * b || b > 4 * a)))
            return (double)INFINITY;
        sum += fabs(log(a / b));
    }
    return sum;
}

struct kernel_time kernel_time_find(const char *kernel, const struct store_case *cases, size_t count)
{
    struct kernel_time best = { .index = count, .flops_per_second = (double)NAN };
    double best_distance = (double)INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(cases[i].suite, "kernels") || !same_kernel(kernel, cases[i].name))
            continue;
        double apart = distance(kernel, cases[i].name);
        if (!isfinite(apart) || apart > best_distance + 1e-9)
            continue;
        double rate = rate_of(&cases[i]);
        if (!(rate > 0))
            continue;
        if (apart < best_distance - 1e-9 || !(best.flops_per_second > rate))
            best = (struct kernel_time){ i, rate, apart > 1e-9 };
        best_distance = apart;
    }
    best.is_near = best.is_near || best.index == count;
    return best;
}

bool kernel_time_next(const char **rest, const char **kernel, struct arena *arena)
{
    if (!*rest || !**rest)
        return false;
    size_t length = strcspn(*rest, " ");
    *kernel = arena_strndup(arena, *rest, length);
    *rest += length + ((*rest)[length] == ' ');
    return true;
}

/* Arithmetic of a product, from its name. */
static double product_flops(const char *name)
{
    return 2 * case_name_number(name, "rows", (double)NAN) * case_name_number(name, "cols", (double)NAN) *
           case_name_number(name, "count", 1);
}

double kernel_time_flops(const struct store_span *span, const char *kernel)
{
    bool is_single = span->kernels && !strchr(span->kernels, ' ');
    return is_single && span->calls > 0 ? span->flops / span->calls : product_flops(kernel);
}

double kernel_time_of_span(const struct store_span *span, const struct store_case *cases, size_t count, bool *is_near,
                           struct arena *arena)
{
    const char *rest = span->kernels, *kernel;
    double sum = 0;
    if (!rest || !*rest)
        return (double)NAN;
    while (kernel_time_next(&rest, &kernel, arena)) {
        struct kernel_time found = kernel_time_find(kernel, cases, count);
        *is_near = *is_near || found.is_near;
        sum += kernel_time_flops(span, kernel) / found.flops_per_second * 1e9;
    }
    return sum;
}

const char *kernel_time_layer_name(const char *whole, const char *part, struct arena *arena)
{
    double tokens = case_name_number(whole, "tokens", case_name_number(whole, "prompt", 1));
    return arena_format(arena, "%s/%s/%s/layer/tokens:%.0f/threads:%.0f", part, case_name_part(arena, whole, 1),
                        case_name_part(arena, whole, 2), tokens, fmax(1, case_name_number(whole, "threads", 1)));
}
