/* fuzz_flags.c: any command line, one argument a line. What is not recognized stays in argv in its order, values that
 * are taken keep their promises, and nothing ends the program. */
#include "harness/base/mem.h"
#include "harness/benchmark/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENT_LIMIT = 64 };

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check_values(const struct benchmark_flags *flags)
{
    require(isfinite(flags->min_time_seconds) && flags->min_time_seconds >= 0 && flags->min_time_iterations >= 0);
    require(isfinite(flags->min_warmup_time) && flags->min_warmup_time >= 0 && flags->repetitions >= 0);
    require(flags->filter && flags->min_time && flags->format && flags->out && flags->out_format);
    require(flags->color && flags->perf_counters && flags->time_unit && flags->seed);
}

static void check_leftovers(char *const *all, int given, char *const *argv, int argc)
{
    int at = 0;
    require(argc >= 1 && argc <= given && argv[0] == all[0] && argv[argc] == NULL);
    for (int i = 0; i < argc; i++) {
        while (at < given && all[at] != argv[i])
            at++;
        require(at++ < given);
    }
}

static void parse(char **all, int given)
{
    struct benchmark_registry *registry = benchmark_registry_get();
    char *argv[ARGUMENT_LIMIT + 1];
    int argc = given;
    bool exit_usage;
    memcpy(argv, all, sizeof argv);
    benchmark_flags_set_defaults(registry);
    benchmark_flags_parse(registry, &argc, argv, &exit_usage);
    check_values(&registry->flags);
    if (!exit_usage) {
        check_leftovers(all, given, argv, argc);
        int again = argc;
        benchmark_flags_parse(registry, &again, argv, &exit_usage);
        require(again == argc && !exit_usage);
        require(registry->flags.context_count == 0);
    }
    benchmark_registry_release(registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size + 1), *rest = text, *all[ARGUMENT_LIMIT + 1] = { text };
    int count = 0;
    memcpy(text, data, size);
    text[size] = 0;
    while (count < ARGUMENT_LIMIT && (all[count] = strsep(&rest, "\n")) != NULL)
        count++;
    all[count] = NULL;
    FILE *talk = stderr, *nowhere = fopen("/dev/null", "w");
    if (nowhere)
        stderr = nowhere;
    parse(all, count);
    stderr = talk;
    if (nowhere)
        fclose(nowhere);
    free(text);
    return 0;
}
