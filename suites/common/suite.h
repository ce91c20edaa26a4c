/* suite.h: what the suites share beside libbenchmark: their own flags, the models they run on, and checking a result
 * against the scalar kernels before it is timed.
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct suite suite;
 *         int exit_code;
 *         if (!suite_start(&suite, &argc, argv, SUITE_MODELS | SUITE_THREADS, &exit_code))
 *             return exit_code;
 *         ... benchmark_register(name, function, case) for each case, with names that never change ...
 *         return suite_finish(&suite);
 *     }
 */
#ifndef PRONY_SUITES_COMMON_SUITE_H
#define PRONY_SUITES_COMMON_SUITE_H

#include "engines/engine.h"
#include "harness/base/arena.h"
#include "harness/benchmark/benchmark.h"
#include "suites/common/trace.h"

/* Which flags a suite understands besides libbenchmark's. */
enum suite_wants {
    SUITE_MODELS = 1,  /* --model=FILE (repeatable, or PRONY_MODELS), --engine=NAME, --kernels=LIST, --check=0|1 */
    SUITE_THREADS = 2, /* --threads=1,2 */
    SUITE_SPANS = 4,   /* --spans=0|1 (or PRONY_SPANS), --trace=FILE (or PRONY_TRACE) */
};

/* A model as its case names call it; describe() of the engine, copied. */
struct suite_model {
    const char *path;
    const char *name;   /* the file's stem without the format: "qwen2.5-0.5b" */
    const char *format; /* "q8_0" */
    size_t vocab_size, layers, width, ff_width, heads, kv_heads, head_size, context_limit;
    bool has_variants; /* the engine chooses between kernels, so that a scalar reference exists */
    void *reference;   /* of the suite: computed once, shared by the model's cases; malloc'd, freed by suite_finish */
};

enum { SUITE_MODELS_MAX = 64, SUITE_THREADS_MAX = 16 };

struct suite {
    unsigned wants; /* enum suite_wants */
    const struct engine_ops *engine;
    const char *kernels; /* NULL = what the engine prefers */
    bool check;
    struct suite_model models[SUITE_MODELS_MAX];
    size_t model_count;
    int threads[SUITE_THREADS_MAX]; /* default: 1 and the number of CPUs */
    size_t thread_count;
    bool spans;               /* trace the engine: prony_spans in every record */
    const char *trace_path;   /* NULL = no file; else spans is set */
    struct suite_trace trace; /* what suite_finish writes there */
    bool told_no_spans;
    struct arena arena; /* names, case structs: until suite_finish */
};

/* Initializes libbenchmark, takes the suite's flags out of argv, opens every model once to name it. False = return
 * *exit_code: 2 for a flag that makes no sense, for a model that cannot be opened, or for no model at all. Without a
 * model --benchmark_list_tests still works and lists nothing. */
bool suite_start(struct suite *suite, int *argc, char **argv, unsigned wants, int *exit_code);
/* Runs what was registered; the exit code. */
int suite_finish(struct suite *suite);
/* Text that lives until suite_finish. */
char *suite_format(struct suite *suite, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An engine and one session on it. */
struct suite_engine {
    const struct engine_ops *ops;
    struct engine *engine;
    struct session *session;
};
/* kernels NULL = none. On error nothing is left open. */
int suite_engine_open(struct suite_engine *opened, const struct suite *suite, const struct suite_model *model,
                      const char *kernels, int threads, const struct session_options *options, struct error *error);
void suite_engine_close(struct suite_engine *opened); /* zero bytes are allowed */

/* rms(x - reference) / standard deviation of reference, over rows of cols each row by itself; the worst row. Infinity
 * when a value is not finite. */
double suite_relative_error(const float *x, const float *reference, size_t rows, size_t cols);
/* How far an engine's output may be from the scalar kernels on this format: they differ in the order of additions, and
 * for quantized weights in how activations are rounded (int8 or bfloat16). */
double suite_tolerance(const struct suite_model *model);
/* count ids of common tokens, always the same. */
void suite_tokens(const struct suite_model *model, uint32_t *tokens, size_t count);
/* Sorts values; the smallest one that at least the share of them does not exceed (nearest rank). count > 0. */
double suite_percentile(double *values, size_t count, double share);

#endif
