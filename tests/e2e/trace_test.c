/* trace_test.c: `prony trace` as a user runs it: the account on the terminal, the file for trace viewers, and nothing
 * left behind when a suite cannot do it. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    char directory[64], bin[512];
};

/* Runs a command of build/bin in the place's directory; stdout and stderr together into *text. */
static int run(const struct place *place, char **text, const char *format, ...)
{
    struct str command = { 0 };
    va_list arguments;
    size_t length;
    str_appendf(&command, "cd '%s' && env -u PRONY_MODELS -u PRONY_TRACE '%s'/", place->directory, place->bin);
    va_start(arguments, format);
    str_vappendf(&command, format, arguments);
    va_end(arguments);
    str_append(&command, " >out 2>&1");
    int status = system(str_text(&command));
    str_release(&command);
    char *path = mem_format("%s/out", place->directory);
    assert_int_equal(file_read(path, text, &length, NULL), 0);
    free(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool exists(const struct place *place, const char *name)
{
    char *path = mem_format("%s/%s", place->directory, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    const char *bin = getenv("PRONY_BIN");
    char *real = realpath(bin ? bin : "build/bin", NULL), *text = NULL;
    strcpy(place->directory, "/tmp/prony-trace-XXXXXX");
    if (!real || !mkdtemp(place->directory))
        return -1;
    snprintf(place->bin, sizeof place->bin, "%s", real);
    free(real);
    *state = place;
    int status = run(place, &text, "prony-engine synth --shape tiny-qwen2 --format q8_0 -o m.gguf");
    free(text);
    return status;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    int status = system(command);
    free(place);
    return status;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void test_decode(void **state)
{
    const struct place *place = *state;
    char *text, *path = mem_format("%s/t.json", place->directory);
    json_error_t reason;
    int status = run(place, &text,
                     "prony trace generate -f ^decode/ -m m.gguf -o t.json -- --threads=2 --check=0 "
                     "--benchmark_min_time=20x");
    if (status)
        fail_msg("%s", text);
    expect(text, "Where the time goes: decode/m/q8_0/ctx:128/threads:2");
    expect(text, "ffn_gate_up");
    expect(text, "unexplained");
    expect(text, "Threads: without work in ");
    expect(text, "t.json (");
    json_t *root = json_load_file(path, 0, &reason);
    if (!root)
        fail_msg("line %d: %s", reason.line, reason.text);
    const json_t *events = json_object_get(root, "traceEvents");
    size_t index, operations = 0;
    json_t *event;
    json_array_foreach(events, index, event)
    {
        const char *category = json_string_value(json_object_get(event, "cat"));
        operations += category && strcmp(category, "operation") == 0;
    }
    assert_true(operations > 2 * 2 * 8); /* two threads, two layers */
    assert_false(exists(place, "t.json.part"));
    json_decref(root);
    free(text);
    free(path);
}

/* The same account out of the database, beside what was timed without tracing. */
static void test_run_and_show(void **state)
{
    static const char plan[] = "rounds = 1\n[suite generate]\nargs = --threads=2 --check=0\nfilter = ^decode/\n"
                               "min_time = 20x\n";
    const struct place *place = *state;
    char *text, *path = mem_format("%s/t.plan", place->directory);
    assert_int_equal(file_write(path, plan, strlen(plan), NULL), 0);
    free(path);
    if (run(place, &text, "prony run t.plan --db t.db --spans -q -m m.gguf"))
        fail_msg("%s", text);
    free(text);
    if (run(place, &text, "prony show --db t.db --spans"))
        fail_msg("%s", text);
    expect(text, "Where the time goes: decode/m/q8_0/ctx:128/threads:2");
    expect(text, "unexplained");
    expect(text, "Threads: without work in ");
    expect(text, "Timed without tracing, an iteration takes ");
    free(text);
}

static void test_what_cannot_be_traced(void **state)
{
    const struct place *place = *state;
    char *text;
    assert_int_equal(run(place, &text, "prony trace"), 2);
    expect(text, "which suite?");
    free(text);
    assert_int_equal(run(place, &text, "prony trace nosuchsuite"), 2);
    expect(text, "no such program");
    free(text);
    assert_int_equal(run(place, &text, "prony trace generate -o n.json"), 2);
    expect(text, "no model");
    free(text);
    assert_int_equal(run(place, &text, "prony trace sampling -f nosuchcase -o n.json"), 2);
    expect(text, "sampling: no case matches nosuchcase; its cases: ");
    free(text);
    assert_int_equal(run(place, &text, "prony trace sampling -f greedy -o n.json -- --benchmark_min_time=1x"), 2);
    expect(text, "none of its 1 cases traces operations");
    free(text);
    assert_int_equal(run(place, &text,
                         "prony trace generate -m m.gguf -f ^decode -o no/such/n.json -- --threads=1 --check=0 "
                         "--benchmark_min_time=1x"),
                     2);
    expect(text, "no/such/n.json");
    free(text);
    assert_false(exists(place, "n.json"));
    assert_false(exists(place, "n.json.part"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_run_and_show),
        cmocka_unit_test(test_what_cannot_be_traced),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
