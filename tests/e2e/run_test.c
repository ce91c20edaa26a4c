/* run_test.c: drives the real prony with suites made of shell scripts, as a user would. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include "harness/store/store_internal.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* A suite with cases c:1 to c:8. What it measures is the case's number in microseconds. */
static const char good_suite[] =
    "#!/bin/sh\n"
    "filter=; for a; do case $a in\n"
    "  --benchmark_list_tests*) for i in 1 2 3 4 5 6 7 8; do echo c:$i; done; exit 0;;\n"
    "  --benchmark_filter=*) filter=${a#*=};;\n"
    "esac; done\n"
    "printf '{\"context\": {\"library_version\": \"fake\"}, \"benchmarks\": ['\n"
    "comma=; for i in 1 2 3 4 5 6 7 8; do\n"
    "  echo c:$i | grep -qE \"$filter\" || continue\n"
    "  printf '%s{\"name\": \"c:%d\", \"run_type\": \"iteration\", \"iterations\": 10, \"real_time\": %d,' \"$comma\" $i $i\n"
    "  printf ' \"cpu_time\": 1, \"time_unit\": \"us\", \"tokens_per_second\": %d000}' $i; comma=,\n"
    "done; echo ']}'\n";

static void test_run_list_show(void **state)
{
    struct world *world = *state;
    world_write(world, "good", good_suite);
    world_write(world, "p.plan", "rounds = 2\n[suite good]\nprogram = good\n");
    world_write(world, "m.gguf", "model");
    struct child_result result;
    if (world_prony(world, "run p.plan --seed 5 --model m.gguf", &result) != 0)
        fail_msg("%s", str_text(&result.errors));
    /* Results on stdout, talk on stderr. */
    assert_non_null(strstr(str_text(&result.output), "c:3"));
    assert_non_null(strstr(str_text(&result.output), "3.00 us"));
    assert_non_null(strstr(str_text(&result.output), "3.00 ktok/s"));
    assert_null(strstr(str_text(&result.output), "round 1/2"));
    assert_non_null(strstr(str_text(&result.errors), "round 1/2: 8 samples"));
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE status = 'ok' AND real_time_ns = 1000 * "
                                        "substr(name, 3)"),
                     16);
    assert_int_equal(world_query(world, "SELECT count(DISTINCT process) FROM sample"),
                     16); /* a fresh process for each */
    assert_int_equal(world_query(world, "SELECT count(*) FROM run_fact WHERE name = 'good.library_version' AND value = "
                                        "'fake'"),
                     1);
    assert_int_equal(
        world_query(world, "SELECT count(*) FROM runs WHERE status = 'complete' AND seed = '5' AND plan = 'p'"), 1);
    assert_int_equal(
        world_query(world, "SELECT count(*) FROM run_fact WHERE name = 'models' AND value = 'm.gguf (5 bytes)'"), 1);
    world_expect(world, "run p.plan -q --rounds 1 --filter '[12]$'", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample WHERE run_id = 2"), 2);

    assert_int_equal(world_prony(world, "list", &result), 0);
    assert_non_null(strstr(str_text(&result.output), "complete"));
    child_release(&result);
    assert_int_equal(world_prony(world, "list --cases p.plan", &result), 0);
    assert_non_null(strstr(str_text(&result.output), "good  c:8\n"));
    child_release(&result);
    assert_int_equal(world_prony(world, "show 1 --filter '^c:[78]$'", &result), 0);
    assert_non_null(strstr(str_text(&result.output), "run 1: p, "));
    assert_non_null(strstr(str_text(&result.output), "  c:8 "));
    assert_null(strstr(str_text(&result.output), "  c:3 "));
    child_release(&result);
    world_expect_error(world, "show 9", "there is no run '9'");
}

static void test_order(void **state)
{
    struct world *world = *state;
    world_write(world, "good", good_suite);
    world_write(world, "p.plan", "rounds = 2\n[suite good]\nprogram = good\n");
    struct child_result first, again, other;
    assert_int_equal(world_prony(world, "run p.plan --dry-run --seed 1", &first), 0);
    assert_int_equal(world_prony(world, "run p.plan --dry-run --seed 1", &again), 0);
    assert_int_equal(world_prony(world, "run p.plan --dry-run --seed 2", &other), 0);
    assert_string_equal(str_text(&first.output), str_text(&again.output));
    assert_string_not_equal(strstr(str_text(&first.output), "round 1"), strstr(str_text(&other.output), "round 1"));
    const char *round1 = strstr(str_text(&first.output), "round 1:"), *round2 = strstr(round1, "round 2:");
    assert_true(strncmp(round1 + 8, round2 + 8, strlen(round2) - 24) != 0);
    assert_false(file_exists(world->database)); /* a dry run leaves nothing behind */
    child_release(&first);
    child_release(&again);
    child_release(&other);
    /* What really ran is in the recorded order. */
    world_expect(world, "run p.plan -q --seed 1", 0);
    world_expect(world, "run p.plan -q --seed 1", 0);
    assert_int_equal(world_query(world,
                                 "SELECT count(*) FROM sample a JOIN sample b ON a.run_id = 1 AND b.run_id = 2 AND "
                                 "a.process = b.process WHERE a.case_id = b.case_id"),
                     16);
    assert_true(world_query(world, "SELECT count(*) FROM sample a JOIN sample b ON a.run_id = 1 AND b.run_id = 1 AND "
                                   "a.process + 8 = b.process WHERE a.case_id = b.case_id") < 8);
}

/* Each case misbehaves in its own way; "a" is well. */
static const char bad_suite[] =
    "#!/bin/sh\n"
    "for a; do case $a in\n"
    "  --benchmark_list_tests*) echo a; echo crash; echo cut; echo hang; echo rubbish; echo status; echo silent;\n"
    "    echo wrong; exit 0;;\n"
    "  --benchmark_filter=*) f=$a;;\n"
    "esac; done\n"
    "sample() { echo \"{\\\"benchmarks\\\": [{\\\"name\\\": \\\"$1\\\", \\\"real_time\\\": 1, \\\"iterations\\\": 1}]}\"; }\n"
    "case $f in\n"
    "  *crash*) echo 'it hurts' >&2; kill -SEGV $$;;\n"
    "  *cut*) printf '{\"benchmarks\": [{\"name\": \"cu'; kill -KILL $$;;\n"
    "  *hang*) sleep 100;;\n"
    "  *rubbish*) echo Starting; sample rubbish;;\n"
    "  *status*) sample status; exit 3;;\n"
    "  *silent*) ;;\n"
    "  *wrong*) sample another;;\n"
    "  *) sample a;;\n"
    "esac\n";

static void assert_failure(const struct world *world, const char *reason)
{
    char *sql = mem_format("SELECT count(*) FROM failures WHERE run = 1 AND round = 0 AND reason LIKE '%s'", reason);
    if (world_query(world, sql) != 1)
        fail_msg("there is no failure like '%s'", reason);
    free(sql);
}

static void test_failures(void **state)
{
    struct world *world = *state;
    world_write(world, "bad", bad_suite);
    world_write(world, "nolist", "#!/bin/sh\necho 'no such option' >&2; exit 1\n");
    world_write(world, "empty", "#!/bin/sh\nexit 0\n");
    world_write(world, "notexec", "no program at all\n");
    world_write(world, "p.plan",
                "rounds = 3\ntimeout = 300ms\n[suite bad]\n[suite nolist]\n[suite empty]\n[suite missing]\n"
                "[suite notexec]\n[suite echo]\nprogram = /bin/echo\n");
    struct child_result result;
    if (world_prony(world, "run p.plan", &result) != 0)
        fail_msg("%s", str_text(&result.errors));
    assert_non_null(strstr(str_text(&result.output), "| it hurts"));
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample"), 3); /* the good one, every round */
    assert_failure(world, "crash: killed by signal 11%");
    assert_failure(world, "cut: killed by signal 9%");
    assert_failure(world, "hang: timed out after 0.3 s");
    assert_failure(world, "rubbish: output is not JSON: line 1%");
    assert_failure(world, "status: exited with status 3");
    assert_failure(world, "silent: it printed nothing");
    assert_failure(world, "wrong: it measured ''another'', which was not asked for");
    assert_failure(world, "cannot list its cases: exited with status 1");
    assert_failure(world, "it has no cases%");
    assert_failure(world, "missing: no such program in %");
    assert_failure(world, "%not a list of cases%");
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE stderr_tail = 'no such option'"), 1);
    /* Nobody is asked a third time: 7 bad cases, two rounds each, and 5 suites that cannot be listed. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures"), 7 * 2 + 5);
    world_expect(world, "run p.plan -q --rounds 1 --strict --filter '^(a|crash)$'", 2);
    world_expect(world, "run p.plan -q --rounds 1 --filter '^crash$'", 2); /* nothing was measured */
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE run = 3 AND status = 'failed'"), 1);
}

/* One bad case does not take down the others of its process. */
static void test_group(void **state)
{
    struct world *world = *state;
    world_write(world, "good", good_suite);
    char *path = mem_format("%s/good", world->directory);
    char *wrapper =
        mem_format("#!/bin/sh\ncase \"$*\" in *list_tests*) ;; *c:3*) kill -ABRT $$;; esac\nexec '%s' \"$@\"\n", path);
    world_write(world, "wrapper", wrapper);
    free(wrapper);
    free(path);
    world_write(world, "p.plan", "rounds = 1\n[suite good]\nprogram = good\ngroup = 3\n[suite wrapper]\ngroup = 8\n");
    world_expect(world, "run p.plan -q", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE suite = 'good'"), 8);
    assert_int_equal(world_query(world, "SELECT count(DISTINCT process) FROM samples WHERE suite = 'good'"), 3);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE suite = 'wrapper'"), 7);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE reason LIKE 'c:3: killed by signal 6%'"),
                     1);
}

/* Starts a run whose fifth process hangs, waits until it does, and sends prony a signal. Returns prony's wait status.
 */
static int signal_a_run(const struct world *world, int signal_number)
{
    world_write(
        world, "slow",
        "#!/bin/sh\n"
        "case \"$*\" in *list_tests*) echo a; echo b; exit 0;; esac\n"
        "echo $$ >>pids\n"
        "[ -e block ] && sleep 100\n"
        "[ $(wc -l <pids) -ge 4 ] && touch block\n"
        "for a; do case $a in --benchmark_filter=^*) n=${a#*^}; n=${n%?};; esac; done\n"
        "echo \"{\\\"benchmarks\\\": [{\\\"name\\\": \\\"$n\\\", \\\"real_time\\\": 1, \\\"iterations\\\": 1}]}\"\n");
    world_write(world, "p.plan", "rounds = 50\n[suite slow]\n");
    char *script = mem_format("cd '%s' && exec '%s' run p.plan --db t.db >out 2>err", world->directory, world->prony);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    free(script);
    char *pids = mem_format("%s/pids", world->directory), *text = NULL;
    size_t size = 0, lines = 0;
    for (int i = 0; i < 1000 && lines < 5; i++) {
        usleep(10000);
        free(text);
        text = NULL;
        lines = 0;
        if (file_read(pids, &text, &size, NULL) == 0)
            for (size_t k = 0; k < size; k++)
                lines += text[k] == '\n';
    }
    assert_int_equal(lines, 5);
    kill(pid, signal_number);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    /* The hanging child goes with it, whatever the signal was. */
    text[size - 1] = 0;
    pid_t child = (pid_t)strtol(strrchr(text, '\n') + 1, NULL, 10);
    int left = 200;
    while (kill(child, 0) == 0 && left-- > 0)
        usleep(10000);
    assert_true(left > 0);
    free(text);
    free(pids);
    return status;
}

static void test_interrupt(void **state)
{
    struct world *world = *state;
    int status = signal_a_run(world, SIGINT);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
    assert_int_equal(world_query(world, "SELECT samples FROM runs WHERE status = 'interrupted'"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failure"), 0); /* it is not the suite's fault */
}

static void test_killed(void **state)
{
    struct world *world = *state;
    int status = signal_a_run(world, SIGKILL);
    assert_true(WIFSIGNALED(status));
    struct child_result result;
    assert_int_equal(world_prony(world, "list", &result), 0);
    assert_non_null(strstr(str_text(&result.output), " killed "));
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT samples FROM runs"), 4);
}

static void test_two_at_once(void **state)
{
    struct world *world = *state;
    world_write(world, "good", good_suite);
    world_write(world, "p.plan", "rounds = 2\n[suite good]\n");
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct child_result result;
            _exit(world_prony(world, "run p.plan -q", &result));
        }
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'complete' AND samples = 16"), 2);
}

static void test_full_disk(void **state)
{
    struct world *world = *state;
    world_write(world, "good", good_suite);
    world_write(world, "p.plan", "rounds = 1000\n[suite good]\n");
    world_expect(world, "run p.plan -q --rounds 1", 0); /* the tables are made */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* The file may not grow beyond this: what a full disk does, without having to fill one. */
        struct rlimit limit = { 200000, 200000 };
        setrlimit(RLIMIT_FSIZE, &limit);
        struct child_result result;
        int code = world_prony(world, "run p.plan -q", &result);
        bool told = strstr(str_text(&result.errors), "t.db: ") && strstr(str_text(&result.errors), "is safe");
        if (!told)
            fprintf(stderr, "%s\n", str_text(&result.errors));
        _exit(code == 2 && told ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample WHERE run_id = 1"), 8);
    assert_true(world_query(world, "SELECT count(*) FROM sample WHERE run_id = 2") > 8);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE run = 2 AND status = 'failed'"), 1);
}

/* The commit is that of the program's repository, wherever prony was called. */
static void test_commit(void **state)
{
    struct world *world = *state;
    char *script = mem_format("cd '%s' && mkdir theirs && cd theirs && git init -q . && git -c user.name=n -c "
                              "user.email=e commit -q --allow-empty -m first",
                              world->directory);
    int status = system(script);
    free(script);
    if (status != 0) {
        print_message("skipped: no git\n");
        skip();
    }
    world_write(world, "theirs/good", good_suite);
    world_write(world, "good", good_suite);
    world_write(world, "p.plan", "rounds = 1\n[suite good]\nprogram = theirs/good\n");
    world_write(world, "q.plan", "rounds = 1\n[suite good]\n");
    world_expect(world, "run p.plan -q --filter c:1", 0);
    world_expect(world, "run q.plan -q --filter c:1", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE run = 1 AND length(git_commit) = 40"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE run = 2 AND git_commit IS NULL"), 1);
}

static void test_refusals(void **state)
{
    struct world *world = *state;
    world_write(world, "good", good_suite);
    world_write(world, "p.plan", "[suite good]\n");
    world_write(world, "broken.plan", "\n[suite good]\nrouds = 3\n");
    world_expect_error(world, "run", "expected one plan");
    world_expect_error(world, "run nosuchplan", "nosuchplan: neither a file nor a shipped plan");
    world_expect_error(world, "run ./no.plan", "./no.plan: No such file or directory");
    world_expect_error(world, "run broken.plan", "broken.plan:3: unknown key 'rouds'");
    world_expect_error(world, "run p.plan --suite other", "has no suite 'other'");
    world_expect_error(world, "run p.plan --filter '('", "is not a regular expression");
    world_expect_error(world, "run p.plan --rounds 0", "--rounds: '0' is not a whole number");
    world_expect_error(world, "run p.plan --timeout soon", "--timeout: 'soon' is not a duration");
    world_expect_error(world, "run p.plan --seed", "--seed needs a value");
    world_expect_error(world, "run p.plan --model /nonexistent.gguf", "/nonexistent.gguf: No such file");
    world_expect_error(world, "run p.plan --fast", "unknown option --fast");
    world_expect_error(world, "run p.plan --db /nonexistent/x.db", "/nonexistent/x.db: No such file or directory");
    world_expect_error(world, "frobnicate", "there is no command 'frobnicate'");
    world_expect_error(world, "list --db none.db", "none.db: there is no such database");
    world_write(world, "text.db", "Dear diary, this is no database at all.\n");
    world_expect_error(world, "run p.plan --db text.db", "text.db: not a prony database");
    world_expect_error(world, "show --db text.db", "text.db: not a prony database");

    struct store *store;
    assert_int_equal(store_open(&store, world->database, false, NULL), 0);
    assert_int_equal(store_execute(store, "PRAGMA user_version = 99", NULL), 0);
    store_close(store);
    world_expect_error(world, "run p.plan", "t.db: made by a newer prony (schema 99, this one knows");
    world_expect_error(world, "list", "t.db: made by a newer prony");
}

static void test_help(void **state)
{
    struct world *world = *state;
    static const char *const words[] = { "run --help", "list --help", "show -h",   "help run", "report --help",
                                         "--help",     "help",        "--version", "version" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct child_result result;
        assert_int_equal(world_prony(world, words[i], &result), 0);
        assert_true(result.output.length > 20 && result.errors.length == 0);
        if (strstr(words[i], "-h") && !str_starts(words[i], "--"))
            assert_true(strstr(str_text(&result.output), "example") && strstr(str_text(&result.output), "exit status"));
        child_release(&result);
    }
    world_expect(world, "", 2);
    world_expect(world, "help frobnicate", 2);
}

/* All commands explain themselves in the same way: a sentence, examples, exit status. */
static void test_help_of_each(void **state)
{
    struct world *world = *state;
    struct child_result list, one;
    size_t commands = 0;
    assert_int_equal(world_prony(world, "help", &list), 0);
    for (char *rest = list.output.data, *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
        char name[16], first, words[32];
        if (sscanf(line, "  %15s %c", name, &first) != 2 || !str_starts(line, "  "))
            continue;
        commands++;
        snprintf(words, sizeof words, "help %s", name);
        assert_int_equal(world_prony(world, words, &one), 0);
        if (first < 'A' || first > 'Z' || !strstr(str_text(&one.output), "\nexample") ||
            !strstr(str_text(&one.output), "\nexit status: ") || strstr(str_text(&one.output), "?."))
            fail_msg("prony help %s: '%s' or its help is not like the others:\n%s", name, line, str_text(&one.output));
        child_release(&one);
    }
    assert_true(commands >= 20);
    child_release(&list);
}

/* Numbers of runs in a table are those that prony list shows. */
static void test_database_command(void **state)
{
    struct world *world = *state;
    struct child_result result;
    world_write(world, "p.plan", "rounds = 1\n[suite s]\nprogram = s\n");
    free(world_put(world, "s",
                   "#!/bin/sh\ncase $* in *list*) echo a; exit;; esac\n"
                   "echo '{\"benchmarks\": [{\"name\": \"a\", \"run_type\": \"iteration\", \"iterations\": 1, "
                   "\"real_time\": 5, \"cpu_time\": 5, \"time_unit\": \"ns\"}]}'\n"));
    for (int i = 0; i < 3; i++)
        world_expect(world, "run p.plan -q", 0);
    assert_int_equal(world_prony(world, "db export 2 --format csv", &result), 0);
    assert_non_null(strstr(str_text(&result.output), "\n2,"));
    assert_null(strstr(str_text(&result.output), "\n1,"));
    assert_null(strstr(str_text(&result.output), "\n3,"));
    child_release(&result);
    world_expect_error(world, "db info other.db", "info takes no more words, but there is 'other.db'");
}

/* Debian's Google Benchmark, compiled here: a suite that nobody wrote for prony. */
static void test_google_benchmark(void **state)
{
    struct world *world = *state;
    if (!file_exists("/usr/include/benchmark/benchmark.h")) {
        print_message("skipped: no libbenchmark-dev\n");
        skip();
    }
    world_write(
        world, "g.cc",
        "#include <benchmark/benchmark.h>\n"
        "static void sum(benchmark::State &state) { int t = 0; for (auto _ : state) benchmark::DoNotOptimize(t += 1);\n"
        "  state.SetItemsProcessed(state.iterations()); state.counters[\"nan\"] = __builtin_nan(\"\"); }\n"
        "BENCHMARK(sum)->Name(\"odd[1]{2}<a,b>(x)+.*^$|\\\\?\");\n"
        "BENCHMARK(sum)->ArgName(\"n\")->Arg(1)->Arg(2);\n"
        "static void wrong(benchmark::State &state) { state.SkipWithError(\"on purpose\"); for (auto _ : state) {} }\n"
        "BENCHMARK(wrong);\nBENCHMARK_MAIN();\n");
    char *script = mem_format("cd '%s' && c++ -O0 -o google g.cc -lbenchmark -lpthread", world->directory);
    int status = system(script);
    free(script);
    if (status != 0) {
        print_message("skipped: no C++ compiler\n");
        skip();
    }
    world_write(world, "p.plan", "rounds = 2\nmin_time = 0.001s\n[suite google]\nrepetitions = 2\n");
    world_expect(world, "run p.plan -q", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE status = 'ok' AND name LIKE 'sum/n:_'"), 8);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE status = 'ok' AND name LIKE 'odd%'"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE message = 'on purpose' AND name = 'wrong'"),
                     4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'nan' AND value IS NULL"),
                     12);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'items_per_second'"), 12);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failure"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_make, world_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_run_list_show),
        TEST(test_order),
        TEST(test_failures),
        TEST(test_group),
        TEST(test_interrupt),
        TEST(test_killed),
        TEST(test_two_at_once),
        TEST(test_full_disk),
        TEST(test_refusals),
        TEST(test_commit),
        TEST(test_help),
        TEST(test_help_of_each),
        TEST(test_database_command),
        TEST(test_google_benchmark),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
