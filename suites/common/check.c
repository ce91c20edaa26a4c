/* check.c: engines for cases, and the numbers that say whether an output is right. See suite.h. */
#include "harness/base/rng.h"
#include "suites/common/suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first ids of a vocabulary are the pieces that texts consist of; the last ones may be padding that was never
 * trained, on which a model amplifies every rounding. */
enum { COMMON_TOKENS = 2048 };

int suite_engine_open(struct suite_engine *opened, const struct suite *suite, const struct suite_model *model,
                      const char *kernels, int threads, const struct session_options *options, struct error *error)
{
    const struct engine_options engine_options = { .model = model->path, .kernels = kernels, .threads = threads };
    *opened = (struct suite_engine){ .ops = suite->engine };
    int code = opened->ops->open(&opened->engine, &engine_options, error);
    if (code == 0)
        code = opened->ops->session_open(&opened->session, opened->engine, options, error);
    if (code != 0)
        suite_engine_close(opened);
    return code;
}

void suite_engine_close(struct suite_engine *opened)
{
    if (opened->session != NULL)
        opened->ops->session_close(opened->session);
    if (opened->engine != NULL)
        opened->ops->close(opened->engine);
    memset(opened, 0, sizeof *opened);
}

static double row_error(const float *x, const float *reference, size_t cols)
{
    double mean = 0, power = 0, error = 0;
    for (size_t i = 0; i < cols; i++)
        mean += (double)reference[i];
    mean /= (double)cols;
    for (size_t i = 0; i < cols; i++) {
        double difference = (double)x[i] - (double)reference[i], centred = (double)reference[i] - mean;
        error += difference * difference;
        power += centred * centred;
    }
    double relative = power > 0 ? sqrt(error / power) : sqrt(error);
    return isfinite(relative) ? relative : (double)INFINITY;
}

double suite_relative_error(const float *x, const float *reference, size_t rows, size_t cols)
{
    double worst = 0;
    for (size_t row = 0; row < rows; row++)
        worst = fmax(worst, row_error(x + row * cols, reference + row * cols, cols));
    return worst;
}

double suite_tolerance(const struct suite_model *model)
{
    if (strcmp(model->format, "f32") == 0)
        return 1e-4;
    return strcmp(model->format, "f16") == 0 || strcmp(model->format, "bf16") == 0 ? 1e-2 : 3e-2;
}

void suite_tokens(const struct suite_model *model, uint32_t *tokens, size_t count)
{
    const size_t common = model->vocab_size < COMMON_TOKENS ? model->vocab_size : COMMON_TOKENS;
    struct rng rng;
    rng_seed(&rng, 20);
    for (size_t i = 0; i < count; i++)
        tokens[i] = (uint32_t)rng_below(&rng, common);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double suite_percentile(double *values, size_t count, double share)
{
    qsort(values, count, sizeof *values, compare_doubles);
    size_t rank = (size_t)ceil(share * (double)count);
    return values[rank > 0 ? rank - 1 : 0];
}
