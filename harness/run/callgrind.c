/* callgrind.c: runs one case under valgrind and makes metrics of what callgrind counted.
 *
 * What makes the counts the same every time: no address space randomization; an environment of known names only; and
 * one more variable that fills arguments and environment up to a multiple of a page, so that the stack begins at the
 * same place whatever their lengths. The caches are fixed: those of a common server core, 32 KiB of 8 ways for
 * instructions and for data, 32 MiB of 16 ways for the last level, lines of 64 bytes; callgrind's own default is the
 * machine it runs on, which would make counts of two machines differ. */
#include "harness/run/callgrind.h"
#include "harness/run/cpus.h"
#include "harness/run/child.h"
#include "harness/run/protocol.h"
#include "harness/run/runner_internal.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 4096, TAIL_BYTES = 4000 };
#define DEFAULT_TIMEOUT_S 120.0
/* Of the first, uncounted turn and the counted one; and how much slower they are at least: callgrind with its caches
 * takes 50 to 100 times as long for plain code, about 1000 for integer vectors, and 4000 where it emulates FMA. */
#define TURNS          2.0
#define LEAST_SLOWDOWN 50.0

static const char install_remedy[] = "apt-get install valgrind";

struct attempt {
    const struct callgrind_request *request;
    struct arena *arena;
    struct callgrind_result *result;
    double timeout_s;
    char directory[PATH_MAX]; /* of the dump; "" = none yet */
    const char *dump;
};

static void refuse(struct attempt *attempt, const char *reason, const char *remedy)
{
    attempt->result->reason = reason;
    attempt->result->remedy = remedy;
}

void callgrind_refuse_unmarked(struct callgrind_result *result)
{
    result->unmarked = true;
    result->reason = "the program does not mark its timed loop for callgrind";
    result->remedy = "link it with a libbenchmark of this version that was built where valgrind's header is installed";
}

/* ---- the command line ---- */

static bool is_installed(void)
{
    char path[PATH_MAX];
    return file_find_program("valgrind", path, sizeof path);
}

static const char **make_arguments(struct attempt *attempt)
{
    static const char *const options[] = {
        "valgrind",        "--tool=callgrind",    "--quiet",
        "--vgdb=no",       "--instr-atstart=no",  "--collect-atstart=no",
        "--cache-sim=yes", "--branch-sim=yes",    "--I1=32768,8,64",
        "--D1=32768,8,64", "--LL=33554432,16,64",
    };
    size_t option_count = sizeof options / sizeof options[0], own_count = 0, count = 0;
    while (attempt->request->arguments[own_count])
        own_count++;
    const char **list = arena_array(attempt->arena, option_count + own_count + 4, sizeof *list);
    for (size_t i = 0; i < option_count; i++)
        list[count++] = options[i];
    list[count++] = arena_format(attempt->arena, "--callgrind-out-file=%s", attempt->dump);
    for (size_t i = 0; i < own_count; i++)
        list[count++] = attempt->request->arguments[i];
    char *filter = protocol_filter(&attempt->request->name, 1);
    list[count++] = arena_format(attempt->arena, "--benchmark_filter=%s", filter);
    list[count++] = "--benchmark_format=json";
    free(filter);
    return list;
}

/* What programs and the dynamic linker cannot do without, and what is ours. */
static bool is_kept(const char *variable)
{
    static const char *const kept[] = { "HOME=",         "LD_LIBRARY_PATH=", "PATH=",           "TMPDIR=",
                                        "VALGRIND_LIB=", "XDG_CACHE_HOME=",  "XDG_CONFIG_HOME=" };
    if (str_starts(variable, "PRONY_"))
        return true;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (str_starts(variable, kept[i]))
            return true;
    return false;
}

static bool is_set(const char *const *list, size_t count, const char *variable)
{
    size_t length = strcspn(variable, "=") + 1;
    for (size_t i = 0; i < count; i++)
        if (strncmp(list[i], variable, length) == 0)
            return true;
    return false;
}

extern char **environ;

/* Fills the stack that begins with these strings and pointers to them up to a whole number of STACK_BYTES. The path of
 * the program is there twice. */
static const char *make_filling(struct attempt *attempt, const char *const *environment, size_t count)
{
    static const char name[] = "PRONY_CALLGRIND_FILLING=";
    size_t bytes = sizeof name + strlen(attempt->request->arguments[0]) + 1, pointers = count + 1;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(environment[i]) + 1;
    for (const char *const *p = attempt->request->arguments; *p; p++, pointers++)
        bytes += strlen(*p) + 1;
    bytes += strlen(attempt->request->name);
    size_t rest = STACK_BYTES - (bytes + pointers * sizeof(char *)) % STACK_BYTES;
    char *filling = arena_alloc(attempt->arena, sizeof name + rest);
    memcpy(filling, name, sizeof name - 1);
    memset(filling + sizeof name - 1, '.', rest);
    return filling;
}

static const char **make_environment(struct attempt *attempt)
{
    size_t own_count = 0, extra_count = 0, count = 0;
    const char *const *extra = attempt->request->environment;
    while (environ[own_count])
        own_count++;
    while (extra && extra[extra_count])
        extra_count++;
    const char **list = arena_array(attempt->arena, own_count + extra_count + 6, sizeof *list);
    list[count++] = "PRONY_CALLGRIND=1";
    list[count++] = "PRONY_KEEP_ASLR=1"; /* it is off already; an exec would leave valgrind */
    list[count++] = "LD_BIND_NOW=1";
    /* callgrind counts each byte of a `rep movsb` as an instruction and a branch: glibc shall copy with vectors. */
    list[count++] = "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:"
                    "glibc.cpu.x86_rep_stosb_threshold=0x7fffffff";
    for (size_t i = 0; i < extra_count; i++)
        if (!is_set(list, count, extra[i]))
            list[count++] = extra[i];
    for (size_t i = 0; i < own_count; i++)
        if (is_kept(environ[i]) && !is_set(list, count, environ[i]))
            list[count++] = environ[i];
    list[count] = make_filling(attempt, list, count);
    return list;
}

/* ---- what came back ---- */

/* "==123== ...", "--123-- ...", "vex amd64->IR: ..." */
static bool is_valgrinds(const char *line)
{
    return str_starts(line, "vex ") ||
           ((str_starts(line, "==") || str_starts(line, "--")) && line[2] >= '0' && line[2] <= '9');
}

/* The last line of stderr that the program itself wrote; NULL if there is none. */
static const char *last_words(struct attempt *attempt, const struct child_result *child)
{
    const char *tail = text_clean_tail(attempt->arena, str_text(&child->errors), child->errors.length, TAIL_BYTES);
    const char *found = NULL;
    for (const char *line = tail; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (*line && *line != '\n' && *line != ' ' && !is_valgrinds(line)) /* ' ': the line before goes on */
            found = line;
    return found ? arena_strndup(attempt->arena, found, strcspn(found, "\n")) : NULL;
}

static void explain_end(struct attempt *attempt, const struct child_result *child, const struct child_request *request)
{
    char text[128];
    const char *errors = str_text(&child->errors), *words = last_words(attempt, child);
    bool is_illegal = strstr(errors, "nrecognised instruction") || strstr(errors, "unhandled instruction") ||
                      (child->end == CHILD_KILLED && child->status == SIGILL);
    if (child->end == CHILD_TIMED_OUT)
        refuse(attempt,
               arena_format(attempt->arena, "not done after %g s under valgrind, where code is 50 to 4000 times slower",
                            attempt->timeout_s),
               "a smaller shape, or a longer timeout in the plan");
    else if (is_illegal)
        refuse(attempt, "valgrind cannot execute an instruction of the program",
               "a newer valgrind, or kernels that it can execute (--kernels=avx2)");
    else
        refuse(attempt,
               arena_format(attempt->arena, "under valgrind the program %s%s%s",
                            child_describe(child, request, text, sizeof text), words ? ": " : "", words ? words : ""),
               NULL);
}

static double find_metric(const struct store_sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->metric_count; i++)
        if (str_equal(sample->metrics[i].name, name))
            return sample->metrics[i].value;
    return 0;
}

/* The iterations that callgrind counted; 0 with a reason. */
static double read_output(struct attempt *attempt, const struct child_result *child)
{
    struct protocol_output output = { 0 };
    struct error error;
    /* A library that has no case of that name prints nothing at all. */
    if (child->output.length > 0 &&
        protocol_parse(str_text(&child->output), child->output.length, attempt->arena, &output, &error)) {
        refuse(attempt, arena_format(attempt->arena, "under valgrind the %s", error.text), NULL);
        return 0;
    }
    for (size_t i = 0; i < output.context_count; i++)
        if (str_equal(output.context[i].name, "prony_kernels"))
            attempt->result->variant = output.context[i].value;
    const struct store_sample *sample = NULL;
    for (size_t i = 0; i < output.sample_count && !sample; i++)
        if (str_equal(output.samples[i].name, attempt->request->name))
            sample = &output.samples[i];
    if (!sample) {
        refuse(attempt,
               "under valgrind the program has no such case: valgrind hides the instruction sets that it cannot "
               "execute (AVX-512)",
               "a case of a kernel that valgrind can execute");
        return 0;
    }
    if (sample->status != STORE_SAMPLE_OK) {
        refuse(attempt, sample->message, NULL);
        return 0;
    }
    double iterations = find_metric(sample, "callgrind_iterations");
    if (!(iterations > 0))
        callgrind_refuse_unmarked(attempt->result);
    return iterations;
}

/* ---- metrics ---- */

static uint64_t sum(const struct callgrind_totals *totals, enum callgrind_event a, enum callgrind_event b)
{
    return totals->values[a] + totals->values[b];
}

static void add_metric(struct attempt *attempt, const char *name, double value, enum store_state state,
                       const char *reason)
{
    attempt->result->metrics[attempt->result->metric_count++] =
        (struct store_metric){ .name = name, .unit = "", .value = value, .state = state, .reason = reason };
}

/* The cycle estimate is that of KCachegrind: Ir + 10 Bm + 10 L1m + 100 LLm. */
static void make_metrics(struct attempt *attempt, const struct callgrind_totals *totals, double iterations)
{
    struct arena *arena = attempt->arena;
    const char *variant = attempt->result->variant;
    const char *kernels = variant ? arena_format(arena, "; kernels there: %s", variant) : "";
    const char *counted = arena_format(arena, "counted under valgrind%s", kernels);
    const char *simulated = arena_format(
        arena, "of simulated caches (32 KiB, 32 KiB, 32 MiB) and branch predictors, counted under valgrind%s", kernels);
    const char *estimated = arena_format(arena, "an estimate: %s",
                                         "instructions + 10 for each branch miss and first-level miss + 100 for each "
                                         "last-level miss, as KCachegrind has it");
    uint64_t branch_misses = sum(totals, CALLGRIND_BCM, CALLGRIND_BIM);
    uint64_t l1d = sum(totals, CALLGRIND_D1MR, CALLGRIND_D1MW), l1i = totals->values[CALLGRIND_I1MR];
    uint64_t ll = sum(totals, CALLGRIND_DLMR, CALLGRIND_DLMW) + totals->values[CALLGRIND_ILMR];
    double cycles = (double)totals->values[CALLGRIND_IR] + 10 * (double)(branch_misses + l1d + l1i) + 100 * (double)ll;
    attempt->result->metrics = arena_array(arena, 9, sizeof *attempt->result->metrics);
    add_metric(attempt, "callgrind_instructions", (double)totals->values[CALLGRIND_IR] / iterations, STORE_OK, counted);
    add_metric(attempt, "callgrind_branches", (double)sum(totals, CALLGRIND_BC, CALLGRIND_BI) / iterations, STORE_OK,
               counted);
    add_metric(attempt, "callgrind_reads", (double)totals->values[CALLGRIND_DR] / iterations, STORE_OK, counted);
    add_metric(attempt, "callgrind_writes", (double)totals->values[CALLGRIND_DW] / iterations, STORE_OK, counted);
    add_metric(attempt, "callgrind_branch_misses", (double)branch_misses / iterations, STORE_OK, simulated);
    add_metric(attempt, "callgrind_l1i_misses", (double)l1i / iterations, STORE_OK, simulated);
    add_metric(attempt, "callgrind_l1d_misses", (double)l1d / iterations, STORE_OK, simulated);
    add_metric(attempt, "callgrind_ll_misses", (double)ll / iterations, STORE_OK, simulated);
    add_metric(attempt, "callgrind_cycles_estimate", cycles / iterations, STORE_APPROXIMATE, estimated);
}

static void read_dump(struct attempt *attempt, double iterations)
{
    struct callgrind_totals totals;
    struct error error;
    char *text = NULL;
    size_t size;
    int code = file_read(attempt->dump, &text, &size, &error);
    if (code == 0)
        code = callgrind_dump_parse(text, size, &totals, &error);
    free(text);
    if (code != 0) {
        refuse(attempt, arena_strdup(attempt->arena, error.text), NULL);
    } else if (totals.values[CALLGRIND_IR] == 0) {
        refuse(attempt, "callgrind counted nothing in the timed loop", NULL);
    } else {
        make_metrics(attempt, &totals, iterations);
        attempt->result->counted = true;
    }
}

/* ---- the process ---- */

static bool is_refused(struct attempt *attempt)
{
    const struct callgrind_request *request = attempt->request;
    double least_s = request->native_iteration_ns / 1e9 * TURNS * LEAST_SLOWDOWN;
    if (least_s > attempt->timeout_s)
        refuse(
            attempt,
            arena_format(attempt->arena, "would take longer than the limit of %g s under valgrind", attempt->timeout_s),
            "a smaller shape, or a longer timeout in the plan");
    else if (cpus_threads_of_case(request->name) > 1)
        refuse(attempt, "it runs on several threads, and callgrind's counts of those differ from run to run",
               "the same case on one thread");
    else if (!is_installed())
        refuse(attempt, "valgrind is not installed", install_remedy);
    return attempt->result->reason != NULL;
}

static int make_directory(struct attempt *attempt, struct error *error)
{
    const char *parent = getenv("TMPDIR");
    snprintf(attempt->directory, sizeof attempt->directory, "%s/prony-callgrind-XXXXXX",
             parent && parent[0] ? parent : "/tmp");
    if (!mkdtemp(attempt->directory)) {
        int reason = errno;
        error_system(error, reason, "cannot make %s", attempt->directory);
        attempt->directory[0] = 0;
        return ERROR_IO;
    }
    attempt->dump = arena_format(attempt->arena, "%s/dump", attempt->directory);
    return 0;
}

static int run(struct attempt *attempt, struct error *error)
{
    struct child_request request = { .arguments = make_arguments(attempt),
                                     .environment = make_environment(attempt),
                                     .clean_environment = true,
                                     .directory = attempt->request->directory,
                                     .fixed_addresses = true,
                                     .timeout_s = attempt->timeout_s,
                                     .output_limit_bytes = RUNNER_OUTPUT_LIMIT_BYTES,
                                     .interrupt_fd = attempt->request->interrupt_fd };
    struct child_result child;
    int code = child_run(&request, &child, error);
    if (code == 0) {
        attempt->result->wall_s = child.wall_s;
        attempt->result->interrupted = child.end == CHILD_INTERRUPTED;
        if (child.end != CHILD_EXITED || child.status != 0) {
            explain_end(attempt, &child, &request);
        } else {
            double iterations = read_output(attempt, &child);
            if (iterations > 0)
                read_dump(attempt, iterations);
        }
    }
    child_release(&child);
    return code;
}

int callgrind_measure(const struct callgrind_request *request, struct arena *arena, struct callgrind_result *result,
                      struct error *error)
{
    *result = (struct callgrind_result){ 0 };
    struct attempt attempt = { .request = request,
                               .arena = arena,
                               .result = result,
                               .timeout_s = request->timeout_s > 0 ? request->timeout_s : DEFAULT_TIMEOUT_S };
    if (is_refused(&attempt))
        return 0;
    int code = make_directory(&attempt, error);
    if (code == 0)
        code = run(&attempt, error);
    if (attempt.directory[0]) {
        unlink(attempt.dump);
        rmdir(attempt.directory);
    }
    return code;
}
