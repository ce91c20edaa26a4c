/* --prony_allocation_profile and the reader of its files: right stacks from code without frame pointers, unbiased
 * weights, all threads, what still lives; and files that are not whole. */
#include "tests/unit/benchmark_support.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/profile/allocations.h"

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif
/* Behind a call, so that it is none in tail position. */
#define STAY __asm__ volatile("")

enum { BIG = 3000, SMALL = 1000, THREADS = 2, OPERATIONS = 4000 };

static void *kept;

static NOINLINE void allocate_leaf(size_t size)
{
    void *volatile memory = malloc(size);
    free(memory);
    STAY;
}

static NOINLINE void allocate_big(void)
{
    allocate_leaf(BIG);
    STAY;
}

static NOINLINE void allocate_small(void)
{
    allocate_leaf(SMALL);
    STAY;
}

static NOINLINE void keep_block(void)
{
    void **block = malloc(SMALL);
    *block = kept;
    kept = block;
    STAY;
}

static NOINLINE void move_block(void)
{
    void *volatile memory = calloc(10, 1);
    memory = realloc(memory, SMALL - 10);
    free(memory);
    STAY;
}

/* 6000 bytes: a half in allocate_big, a sixth in each of the others. */
static void nest(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        allocate_big();
        allocate_small();
        if (state->threads == 1)
            keep_block();
        else
            allocate_small();
        move_block();
    }
}

static void drop_kept(struct benchmark_state *state)
{
    (void)state;
    for (void **next; kept; kept = next) {
        next = *(void **)kept;
        free(kept);
    }
}

static NOINLINE void recurse(int depth)
{
    if (depth > 0)
        recurse(depth - 1);
    else
        allocate_leaf(BIG);
    STAY;
}

static void deep(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        recurse(200);
}

/* Profiles what is registered; the caller releases. */
static struct allocations *profile(const char *flags, size_t *count)
{
    struct allocations *list = NULL;
    struct error error = { 0 };
    char path[] = "/tmp/allocations_test_XXXXXX", *all;
    close(mkstemp(path));
    all = mem_format("%s --prony_allocation_profile=%s", flags, path);
    struct outcome outcome = run_library(all);
    if (allocations_read(path, &list, count, &error))
        fail_msg("%s", error.text);
    outcome_release(&outcome);
    unlink(path);
    free(all);
    return list;
}

static void need_counting(void)
{
    if (!probe_allocations_available()) {
        print_message("%s\n", probe_allocations_problem());
        skip();
    }
}

/* Weight of all stacks with that function somewhere; below: and that one as its caller, NULL = any. */
static double weight_in(const struct stacks *stacks, const char *function, const char *caller)
{
    const struct stacks_node *nodes = stacks_nodes(stacks);
    const struct stacks_frame *frames = stacks_frames(stacks);
    double sum = 0;
    for (size_t i = 1; i < stacks_node_count(stacks); i++) {
        bool found = false;
        for (uint32_t at = (uint32_t)i; at && nodes[i].self && !found; at = nodes[at].parent) {
            uint32_t parent = nodes[at].parent;
            found = strcmp(frames[nodes[at].frame].function, function) == 0 &&
                    (!caller || (parent && strcmp(frames[nodes[parent].frame].function, caller) == 0));
        }
        sum += found ? (double)nodes[i].self : 0;
    }
    return sum;
}

static double weight_of_all(const struct stacks *stacks)
{
    double sum = 0;
    for (size_t i = 0; i < stacks_node_count(stacks); i++)
        sum += (double)stacks_nodes(stacks)[i].self;
    return sum;
}

static void register_nest(const char *name, int threads)
{
    struct benchmark *family = benchmark_register(name, nest, NULL);
    benchmark_iterations(family, OPERATIONS);
    benchmark_teardown_case(family, drop_kept);
    if (threads > 1)
        benchmark_threads(family, threads);
}

static void test_every_allocation(void **state)
{
    (void)state;
    size_t count;
    need_counting();
    register_nest("nest", 1);
    struct allocations *list = profile("--prony_allocation_interval=1", &count);
    assert_int_equal(count, 1);
    assert_string_equal(list->name, "nest/iterations:4000");
    assert_true(list->operations == OPERATIONS && list->interval_bytes == 1 && list->lost_count == 0);
    assert_int_equal(list->allocation_count, 5 * OPERATIONS);
    assert_int_equal(list->bytes, 6000 * OPERATIONS);
    assert_int_equal(list->sample_count, list->allocation_count);
    const struct stacks *all = list->allocated;
    assert_true(weight_of_all(all) == 6000.0 * OPERATIONS);
    assert_true(weight_in(all, "allocate_leaf", "allocate_big") == (double)BIG * OPERATIONS);
    assert_true(weight_in(all, "allocate_leaf", "allocate_small") == (double)SMALL * OPERATIONS);
    assert_true(weight_in(all, "keep_block", "nest") == (double)SMALL * OPERATIONS);
    assert_true(weight_in(all, "move_block", "nest") == (double)SMALL * OPERATIONS);
    assert_true(weight_in(all, "main", NULL) == 6000.0 * OPERATIONS);
    assert_true(weight_of_all(list->living) == (double)SMALL * OPERATIONS);
    assert_true(weight_in(list->living, "keep_block", NULL) == (double)SMALL * OPERATIONS);
    allocations_release(list, count);
}

/* 24 MB at one sample in 12,000 bytes on average: some 2000, so the standard error of the whole is 2 %, that of a sixth
 * 6 %. */
static void test_samples_are_unbiased(void **state)
{
    (void)state;
    size_t count;
    need_counting();
    register_nest("nest", 1);
    struct allocations *list = profile("--prony_allocation_interval=12000", &count);
    assert_in_range(list->sample_count, 1600, 2100);
    const double total = 6000.0 * OPERATIONS;
    assert_near(weight_of_all(list->allocated) / total, 1, 0.08);
    assert_near(weight_in(list->allocated, "allocate_big", NULL) / total, 0.5, 0.1);
    assert_near(weight_in(list->allocated, "allocate_small", NULL) / total, 1.0 / 6, 0.15);
    assert_near(weight_in(list->allocated, "move_block", NULL) / total, 1.0 / 6, 0.15);
    assert_near(weight_of_all(list->living) / total, 1.0 / 6, 0.15);
    allocations_release(list, count);
}

static void test_threads(void **state)
{
    (void)state;
    size_t count;
    need_counting();
    register_nest("threads", THREADS);
    register_nest("second", 1);
    struct allocations *list = profile("--prony_allocation_interval=10000", &count);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "threads/iterations:4000/threads:2");
    assert_string_equal(list[1].name, "second/iterations:4000");
    assert_int_equal(list[0].operations, OPERATIONS * THREADS);
    assert_near(weight_of_all(list[0].allocated) / (6000.0 * OPERATIONS * THREADS), 1, 0.08);
    assert_near(weight_in(list[0].allocated, "main", NULL) / (6000.0 * OPERATIONS), 1, 0.1); /* thread 0's half */
    assert_true(weight_of_all(list[0].living) == 0);
    allocations_release(list, count);
}

/* Few samples by the usual interval: a second run has one that fits. */
static void test_interval_fits(void **state)
{
    (void)state;
    size_t count;
    need_counting();
    register_nest("nest", 1);
    struct allocations *list = profile("", &count);
    assert_int_equal(list->interval_bytes, 6000 * OPERATIONS / 10000);
    assert_true(list->sample_count > 1000);
    allocations_release(list, count);
}

static void test_deep_stacks_are_cut(void **state)
{
    (void)state;
    size_t count;
    need_counting();
    benchmark_iterations(benchmark_register("deep", deep, NULL), 10);
    struct allocations *list = profile("--prony_allocation_interval=1", &count);
    assert_int_equal(list->truncated_count, 10);
    assert_true(weight_in(list->allocated, "recurse", "[truncated]") == 10.0 * BIG);
    allocations_release(list, count);
}

/* ---- what goes wrong ---- */

static void test_where_it_cannot_be(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("deep", deep, NULL), 1);
    if (probe_allocations_available()) {
        struct outcome outcome = run_library("--prony_allocation_profile=/nowhere/file");
        assert_non_null(
            strstr(outcome.err, "deep/iterations:1: no profile of allocations: /nowhere/file: No such file"));
        outcome_release(&outcome);
        return;
    }
    int status;
    struct redirection err = redirect(STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        int argc = 2;
        char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t) "--prony_allocation_profile=/tmp/file",
                         NULL };
        benchmark_initialize(&argc, argv);
        benchmark_run_specified();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    char *text = restore(&err);
    benchmark_clear_registered();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_non_null(strstr(text, "--prony_allocation_profile: allocations are not counted: "));
    free(text);
}

static const char whole[] = "prony-allocations 1\ncase a case\noperations 10\nallocations 20\nbytes 300\n"
                            "interval_bytes 100\nseed 1\nlost 2\nmaps\n"
                            "1000-2000 r-xp 00000000 00:00 0 \n"
                            "thread 7 worker\nsamples\n150.5 1.5 1 7 1010 1020\n10 1 0 8 1010\nend\n";

static int read_text(const char *text, size_t size, struct allocations **list, size_t *count, struct error *error)
{
    char path[] = "/tmp/allocations_test_XXXXXX";
    int file = mkstemp(path);
    assert_int_equal(write(file, text, size), (ssize_t)size);
    close(file);
    int code = allocations_read(path, list, count, error);
    unlink(path);
    return code;
}

static void test_by_hand(void **state)
{
    (void)state;
    struct allocations *list;
    size_t count;
    struct error error;
    assert_int_equal(read_text(whole, sizeof whole - 1, &list, &count, &error), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list->name, "a case");
    assert_true(list->operations == 10 && list->allocation_count == 20 && list->bytes == 300 && list->lost_count == 2);
    assert_int_equal(list->sample_count, 2);
    assert_true(weight_of_all(list->allocated) == 161 && weight_of_all(list->living) == 151);
    assert_true(weight_in(list->allocated, "worker", NULL) == 151);
    assert_true(weight_in(list->allocated, "[ended thread]", NULL) == 10);
    allocations_release(list, count);
}

static void test_files_that_are_not_whole(void **state)
{
    (void)state;
    struct allocations *list;
    size_t count;
    struct error error;
    for (size_t size = 1; size < sizeof whole - 1; size++) {
        assert_int_equal(read_text(whole, size, &list, &count, &error), ERROR_FORMAT);
        assert_true(list == NULL && count == 0);
        assert_non_null(strstr(error.text, ": line "));
    }
    static const char *const wrong[][2] = { { "150.5", "-1" },        { "1.5 1", "0.5 1" }, { "1 7 1010", "2 7 1010" },
                                            { "1010 1020", "xyz" },   { "1020", "0" },      { "150.5", "nan" },
                                            { "thread 7", "thread" }, { "lost 2", "lost" } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *at = strstr(whole, wrong[i][0]);
        char *text = mem_format("%.*s%s%s", (int)(at - whole), whole, wrong[i][1], at + strlen(wrong[i][0]));
        assert_int_equal(read_text(text, strlen(text), &list, &count, &error), ERROR_FORMAT);
        free(text);
    }
    assert_int_equal(allocations_read("/nowhere/file", &list, &count, &error), ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_samples_are_unbiased),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_interval_fits),
        cmocka_unit_test(test_deep_stacks_are_cut),
        cmocka_unit_test(test_where_it_cannot_be),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_files_that_are_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
