/* profile_test.c: `prony profile` on a program whose call stacks are known (profile_target.c, compiled here at -O2
 * without frame pointers): by the kernel's sampler, and by the timer inside the program. Shares are of counted work, so
 * they hold on a busy machine; only CPU time is sampled. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/probe/profile/sampler_perf.h"
#include "tests/support/world.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

/* More samples in less time. */
#define PERF "--sampler perf --no-kernel --hz 1999"

/* Whether samples of the kernel's are to be had. */
static bool has_perf(void)
{
    const struct sampler_options options = { .frequency_hz = 99, .stack_bytes = SAMPLER_STACK_DEFAULT };
    struct sampler_event event;
    struct error error;
    if (sampler_perf_probe(&options, &event, &error) == 0)
        return true;
    printf("# skipped: %s\n", error.text);
    return false;
}

static int set_up(void **state)
{
    char path[256], command[1024];
    if (world_make(state) != 0)
        return -1;
    struct world *world = *state;
    snprintf(path, sizeof path, "%s/target", world->directory);
    snprintf(command, sizeof command,
             "${CC:-cc} -std=gnu11 -O2 -g -fomit-frame-pointer -pthread tests/e2e/profile_target.c -o %s", path);
    return system(command);
}

/* Runs prony profile on the target and reads the folded stacks. */
static char *profile(struct world *world, const char *options, const char *arguments, const char **talk)
{
    struct child_result result;
    char *line = mem_format("profile --no-store -o out.folded %s -- ./target %s", options, arguments);
    char *path = mem_format("%s/out.folded", world->directory), *text;
    size_t size;
    if (world_prony(world, line, &result) != 0)
        fail_msg("%s: %s", line, str_text(&result.errors));
    assert_int_equal(file_read(path, &text, &size, NULL), 0);
    remove(path);
    if (talk) {
        struct str all = { 0 };
        str_append(&all, str_text(&result.output));
        str_append(&all, str_text(&result.errors));
        *talk = str_take(&all);
    }
    child_release(&result);
    free(path);
    free(line);
    return text;
}

/* Weight of the folded stacks that hold the words ("^words": begin with them); NULL: all. */
static double weight_of(const char *folded, const char *words)
{
    double weight = 0;
    for (const char *line = folded; *line;) {
        size_t length = strcspn(line, "\n");
        char *copy = mem_strndup(line, length);
        const char *blank = strrchr(copy, ' ');
        const char *found = words ? strstr(copy, words + (*words == '^')) : copy;
        if (blank && (words && *words == '^' ? found == copy : found != NULL))
            weight += strtod(blank, NULL);
        free(copy);
        line += length + (line[length] == '\n');
    }
    return weight;
}

static double share_of(const char *folded, const char *words)
{
    double all = weight_of(folded, NULL);
    return all > 0 ? weight_of(folded, words) / all : 0;
}

static void expect_share(const char *folded, const char *words, double low, double high)
{
    double share = share_of(folded, words);
    if (share < low || share > high)
        fail_msg("'%s' has %.3f of the weight, not %g to %g:\n%.3000s", words, share, low, high, folded);
}

/* The whole set of stacks, by one sampler. least: share of samples whose stacks are right; of a few dozen, one in the
 * dynamic linker already is some percent. */
static void check_stacks(struct world *world, const char *sampler, double least)
{
    char *folded = profile(world, sampler, "tree 150", NULL);
    expect_share(folded, "main;run_tree;outer;middle;leaf;work_", least, 1);
    expect_share(folded, "leaf;work_heavy", 0.60, 0.87); /* 3:1 */
    expect_share(folded, "leaf;work_light", 0.13, 0.40);
    free(folded);
    folded = profile(world, sampler, "recurse 120", NULL);
    expect_share(folded, ";run_recurse;recurse;recurse;recurse;recurse;recurse;recurse;recurse;recurse;work_light",
                 least, 1);
    free(folded);
    folded = profile(world, sampler, "inline 120", NULL);
    expect_share(folded, "run_inline;holder;inlined", least, 1);
    free(folded);
    folded = profile(world, sampler, "callback 120", NULL);
    expect_share(folded, "run_callback;", least, 1);
    expect_share(folded, ";compare", least, 1);
    expect_share(folded, "run_callback;compare", 0, 0); /* libc's function stands between */
    free(folded);
    folded = profile(world, sampler, "signal 120", NULL);
    expect_share(folded, "run_signal;raise_it;", least, 1);
    expect_share(folded, "[signal];on_signal;work_light", least, 1);
    free(folded);
    folded = profile(world, sampler, "leave 120", NULL);
    expect_share(folded, "never_back;work_and_leave;work_light", least, 1);
    expect_share(folded, "main;run_leave", least, 1);
    free(folded);
    folded = profile(world, sampler, "fork 120", NULL);
    expect_share(folded, "run_fork;child_work;work_light", least, 1);
    free(folded);
}

static void check_threads(struct world *world, const char *sampler)
{
    char options[64];
    char *folded = profile(world, sampler, "threads 120", NULL);
    expect_share(folded, "^alpha;", 0.60, 0.87);
    expect_share(folded, "run_alpha;alpha_work;work_heavy", 0.60, 0.87);
    expect_share(folded, "run_beta;beta_work;work_light", 0.13, 0.40);
    assert_true(weight_of(folded, "alpha_work") <= weight_of(folded, "^alpha;"));
    free(folded);
    snprintf(options, sizeof options, "%s --merge-threads", sampler);
    folded = profile(world, options, "threads 60", NULL);
    assert_true(weight_of(folded, "^alpha;") == 0);
    expect_share(folded, "alpha_work;work_heavy", 0.55, 0.9);
    free(folded);
}

static void check_ends(struct world *world, const char *sampler)
{
    const char *talk;
    char options[64];
    char *folded = profile(world, sampler, "deep 60", &talk);
    expect_share(folded, "[truncated];deep", 0.9, 1);
    assert_non_null(strstr(talk, "cut at the outer end"));
    free((char *)(uintptr_t)talk);
    free(folded);
    snprintf(options, sizeof options, "%s --stack-bytes 512", sampler);
    folded = profile(world, options, "recurse 60", NULL);
    assert_true(weight_of(folded, "work_light") > 0);
    free(folded);
    folded = profile(world, sampler, "crash 60", &talk);
    expect_share(folded, "main;run_crash;run_tree", 0.9, 1);
    expect_share(folded, ";outer;middle;leaf", 0.9, 1);
    assert_non_null(strstr(talk, "killed by signal 11"));
    free((char *)(uintptr_t)talk);
    free(folded);
    folded = profile(world, sampler, "status 60", &talk);
    assert_non_null(strstr(talk, "exited with status 7"));
    free((char *)(uintptr_t)talk);
    free(folded);
}

static void test_perf(void **state)
{
    if (!has_perf())
        skip();
    check_stacks(*state, PERF, 0.95);
    check_threads(*state, PERF);
    check_ends(*state, PERF);
}

static void test_timer(void **state)
{
    check_stacks(*state, "--sampler timer", 0.9);
    check_threads(*state, "--sampler timer");
    check_ends(*state, "--sampler timer");
}

/* Ticks that wait for their signal count with the one that comes: no time is lost. */
static void test_waiting_ticks(void **state)
{
    const char *talk;
    double samples = 0, weight_ms = 0;
    free(profile(*state, "--sampler timer", "block 120", &talk));
    const char *line = strstr(talk, "cpu-timer at"), *count = line ? strstr(line, ", ") : NULL;
    if (!count || sscanf(count, ", %lf %*s in %*[^,], %lf ms in all", &samples, &weight_ms) != 2)
        fail_msg("%s", talk);
    assert_true(weight_ms / samples > 15); /* a tick is at most 10 ms */
    free((char *)(uintptr_t)talk);
}

/* A program may use the number of the file that the timer's samples go to for a file of its own. */
static void test_files_of_program(void **state)
{
    struct world *world = *state;
    char *folded = profile(world, "--sampler timer", "files 120", NULL), *text;
    char *path = mem_format("%s/kept", world->directory);
    size_t size;
    expect_share(folded, "main;run_files;run_tree", 0.9, 1);
    assert_int_equal(file_read(path, &text, &size, NULL), 0);
    assert_int_equal(size, 0);
    free(text);
    free(path);
    free(folded);
}

/* Makes perf_event_open fail with EPERM from here on, as containers do. */
static void forbid_perf(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
    assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* The last test: the filter stays. */
static void test_container(void **state)
{
    struct world *world = *state;
    const char *talk;
    forbid_perf();
    char *folded = profile(world, "", "tree 100", &talk);
    expect_share(folded, "main;run_tree;outer;middle;leaf;work_", 0.9, 1);
    assert_non_null(strstr(talk, "sampled by a timer inside the program: perf_event_open is not permitted"));
    free((char *)(uintptr_t)talk);
    free(folded);
    world_expect_error(world, "profile --no-store --sampler perf -- ./target tree 10", "seccomp");
}

static void test_errors(void **state)
{
    struct world *world = *state;
    world_expect_error(world, "profile", "expected one suite");
    world_expect_error(world, "profile --", "no command behind --");
    world_expect_error(world, "profile suite -- command", "expected one suite, or -- and a command");
    world_expect_error(world, "profile --filter x -- command", "--filter");
    world_expect_error(world, "profile --sampler magic -- ./target tree 1", "there are perf and timer");
    world_expect_error(world, "profile -o x.png -- ./target tree 1", ".folded");
    world_expect_error(world, "profile --stack-bytes 100 -- ./target tree 1", "256 to 32768");
    world_expect_error(world, "profile --no-store -- ./missing", "cannot start ./missing");
    world_expect_error(world, "profile --no-store --sampler timer -- ./target", "no samples");
    world_expect_error(world, "profile --into 99 -- ./target tree 1", "no runs yet");
    world_expect_error(world, "profile missing", "profile: missing: no such program in");
    world_write(world, "broken", "#!/bin/sh\necho 'model.gguf: cut short' >&2\nexit 2\n");
    world_expect_error(world, "profile ./broken",
                       "broken: cannot list its cases: exited with status 2 (model.gguf: cut short)");
    if (has_perf())
        world_expect_error(world, "profile --no-store --hz 1000000 -- ./target tree 1", "perf_event_max_sample_rate");
}

/* In the database, and out of it again. */
static void test_stored(void **state)
{
    struct world *world = *state;
    struct child_result result;
    const char *sampler = has_perf() ? "" : "--sampler timer";
    char *line = mem_format("profile %s --top 3 -- ./target tree 100", sampler);
    assert_int_equal(world_prony(world, line, &result), 0);
    /* The program's own output first, then the table. */
    const char *done = strstr(str_text(&result.output), "done\n");
    assert_non_null(done);
    assert_non_null(strstr(done, "work_heavy"));
    assert_non_null(strstr(str_text(&result.errors), "prony flame --profile 1"));
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'complete' AND plan = 'profile'"), 1);
    assert_int_equal(world_query(world,
                                 "SELECT count(*) FROM profile WHERE sample_count > 20 AND unit = 'ns' AND case_id "
                                 "IS NULL"),
                     1);
    assert_int_equal(world_prony(world, "flame --format folded", &result), 0);
    expect_share(str_text(&result.output), "run_tree;outer;middle;leaf", 0.9, 1);
    child_release(&result);
    free(line);
    /* A program that could not be profiled leaves no run. */
    world_expect_error(world, "profile -- ./missing", "cannot start");
    assert_int_equal(world_query(world, "SELECT count(*) FROM run"), 1);
    line = mem_format("profile %s --into 1 -- ./target tree 60", sampler);
    world_expect(world, line, 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM profile WHERE run_id = 1"), 2);
    free(line);
}

/* A suite in the protocol: each of its cases by itself; also as a pass of a run. */
static void test_suite(void **state)
{
    struct world *world = *state;
    const char *sampler = has_perf() ? "" : "--sampler timer";
    world_write(world, "cases",
                "#!/bin/sh\n"
                "filter=; for a; do case $a in\n"
                "  --benchmark_list_tests*) echo tree; echo recurse; exit 0;;\n"
                "  --benchmark_filter=*) filter=${a#*=};;\n"
                "esac; done\n"
                "name=$(printf 'tree\\nrecurse\\n' | grep -E \"$filter\")\n"
                "\"$(dirname \"$0\")/target\" $name 60 >&2\n"
                "echo '{\"context\": {}, \"benchmarks\": [{\"name\": \"'$name'\", \"run_type\": \"iteration\",'\n"
                "echo '\"iterations\": 1, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"us\"}]}'\n");
    char *line = mem_format("profile ./cases %s -o c.folded", sampler);
    world_expect(world, line, 0);
    assert_int_equal(world_query(world,
                                 "SELECT count(*) FROM profile WHERE title IN ('tree', 'recurse') AND case_id IS "
                                 "NOT NULL AND sample_count > 5"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM run"), 1);
    free(line);
    line = mem_format("profile ./cases %s --filter '^rec' -o c.folded", sampler);
    world_expect(world, line, 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM profile WHERE run_id = 2 AND title = 'recurse'"), 1);
    free(line);
    world_expect_error(world, "profile ./cases --filter nothing", "no case matches");
    world_write(world, "p.plan", "rounds = 1\n[suite cases]\nprogram = cases\n");
    world_expect(world, "run p.plan --profile", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM profile WHERE run_id = 3"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_perf, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_timer, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_waiting_ticks, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_files_of_program, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_errors, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_stored, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_suite, set_up, world_remove),
        cmocka_unit_test_setup_teardown(test_container, set_up, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
