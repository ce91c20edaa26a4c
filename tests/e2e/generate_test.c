/* generate_test.c: prony-engine as a program: what it prints where, its exit codes, and one line for every mistake. */
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    const char *bin;
    char directory[64], model[96], out[96], err[96], logits[96];
};

/* Runs prony-engine ARGUMENTS; stdout and stderr go to place->out and place->err. */
static int run(const struct place *place, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s/prony-engine' %s >'%s' 2>'%s'", place->bin, arguments, place->out,
             place->err);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The same with "-m MODEL" behind the command. */
static int run_model(const struct place *place, const char *command, const char *arguments)
{
    char all[512];
    snprintf(all, sizeof all, "%s -m '%s' %s", command, place->model, arguments);
    return run(place, all);
}

static char *read_text(const char *path, size_t *length)
{
    struct error error;
    char *text;
    size_t ignored;
    if (file_read(path, &text, length ? length : &ignored, &error) != 0)
        fail_msg("%s", error.text);
    return text;
}

static void check_contains(const char *path, const char *want)
{
    char *text = read_text(path, NULL);
    if (!strstr(text, want))
        fail_msg("'%s' not found in: %s", want, text);
    free(text);
}

/* Nothing on stdout, one line with the text on stderr. */
static void check_refused(const struct place *place, int exit_code, int want_code, const char *want)
{
    size_t length;
    char *text = read_text(place->err, NULL), *out = read_text(place->out, &length);
    if (exit_code != want_code || !strstr(text, want))
        fail_msg("exit code %d, expected %d and '%s': %s", exit_code, want_code, want, text);
    assert_int_equal(length, 0);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
    free(out);
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char arguments[256];
    place->bin = getenv("PRONY_BIN") ? getenv("PRONY_BIN") : "build/bin";
    strcpy(place->directory, "/tmp/prony-generate-XXXXXX");
    if (!mkdtemp(place->directory))
        return -1;
    snprintf(place->model, sizeof place->model, "%s/tiny.gguf", place->directory);
    snprintf(place->out, sizeof place->out, "%s/out", place->directory);
    snprintf(place->err, sizeof place->err, "%s/err", place->directory);
    snprintf(place->logits, sizeof place->logits, "%s/logits", place->directory);
    snprintf(arguments, sizeof arguments, "synth --shape tiny-qwen2 --format q8_0 -o '%s'", place->model);
    *state = place;
    return run(place, arguments);
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

static void generates(void **state)
{
    const struct place *place = *state;
    static const char arguments[] = "-p 'The model' -n 12 --temp 0.8 --seed 7 -t 2 --ignore-eos";
    char *first, *second;
    assert_int_equal(run_model(place, "generate", arguments), 0);
    check_contains(place->err, "first token after");
    check_contains(place->err, "decode 11 tokens");
    first = read_text(place->out, NULL);
    assert_true(strlen(first) > 1);
    assert_int_equal(run_model(place, "generate", arguments), 0);
    second = read_text(place->out, NULL);
    assert_string_equal(first, second);
    free(second);
    assert_int_equal(run_model(place, "generate", "-p 'The model' -n 12 --temp 0.8 --seed 8 -t 2 --ignore-eos"), 0);
    second = read_text(place->out, NULL);
    assert_string_not_equal(first, second);
    free(first);
    free(second);
}

static void writes_logits(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    size_t length;
    snprintf(arguments, sizeof arguments, "--ids '1 2 3,4' -o '%s' --kv f32", place->logits);
    assert_int_equal(run_model(place, "logits", arguments), 0);
    char *logits = read_text(place->logits, &length);
    assert_int_equal(length % (4 * sizeof(float)), 0);
    assert_true(length >= 4 * 256 * sizeof(float));
    free(logits);
}

static void scores_a_text(void **state)
{
    const struct place *place = *state;
    double perplexity = 0;
    assert_int_equal(run_model(place, "perplexity", "-f LICENSE --ctx 64 -t 1"), 0);
    char *text = read_text(place->out, NULL);
    assert_int_equal(sscanf(text, "perplexity %lf over", &perplexity), 1);
    assert_true(perplexity > 1 && perplexity < 1e6);
    free(text);
}

static void describes_a_model(void **state)
{
    const struct place *place = *state;
    char arguments[160];
    snprintf(arguments, sizeof arguments, "info '%s' --kernels scalar", place->model);
    assert_int_equal(run(place, arguments), 0);
    check_contains(place->out, "architecture  qwen2");
    check_contains(place->out, "matvec_q8_0__scalar");
}

static void helps(void **state)
{
    const struct place *place = *state;
    static const char *const commands[] = { "", "generate", "info", "logits", "perplexity", "synth", "tokenize" };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "%s --help", commands[i]);
        assert_int_equal(run(place, arguments), 0);
        check_contains(place->out, "usage: prony-engine");
    }
}

static void refuses_with_one_line(void **state)
{
    const struct place *place = *state;
    check_refused(place, run(place, ""), 2, "no command");
    check_refused(place, run(place, "nope"), 2, "unknown command 'nope'");
    check_refused(place, run(place, "generate -p x"), 2, "-m MODEL is missing");
    check_refused(place, run(place, "generate -m /nonexistent.gguf -p x"), 1, "/nonexistent.gguf: cannot open");
    check_refused(place, run_model(place, "generate", ""), 2, "give one of");
    check_refused(place, run_model(place, "generate", "-p x --temp -1"), 2, "temperature -1");
    check_refused(place, run_model(place, "generate", "-p x --top-k k"), 2, "'k' is not a valid K");
    check_refused(place, run_model(place, "generate", "-p x --nope"), 2, "unknown option '--nope'");
    check_refused(place, run_model(place, "generate", "-p x --kernels nope"), 2, "'nope'");
    check_refused(place, run_model(place, "generate", "-p x --kv q8_0"), 2, "--kv q8_0");
    check_refused(place, run_model(place, "generate", "--ids '1 99999999'"), 2, "token 99999999 is outside");
    check_refused(place, run_model(place, "generate", "-p 'one two three four' --ctx 2"), 1, "context full");
    check_refused(place, run_model(place, "logits", "-p x"), 2, "-o FILE is missing");
    check_refused(place, run_model(place, "perplexity", "-f /nonexistent"), 1, "/nonexistent");
    check_refused(place, run(place, "info Makefile"), 1, "Makefile");
}

/* A full disk under stdout, or a limit on the size of files, is a failure with a reason, and no half model remains. */
static void reports_what_could_not_be_written(void **state)
{
    struct place *place = *state, full = *place;
    char command[256];
    snprintf(full.out, sizeof full.out, "/dev/full");
    snprintf(command, sizeof command, "info '%s'", place->model);
    assert_int_equal(run(&full, command), 1);
    check_contains(place->err, "cannot write the results to stdout");
    assert_int_equal(run(&full, "synth --list"), 1);
    check_contains(place->err, "cannot write the results to stdout");

    snprintf(command, sizeof command,
             "ulimit -f 100; exec '%s/prony-engine' synth --shape tiny-llama -o '%s/big.gguf' 2>'%s'", place->bin,
             place->directory, place->err);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    check_contains(place->err, "big.gguf: cannot");
    snprintf(command, sizeof command, "ls '%s' | grep -q big.gguf", place->directory);
    assert_int_not_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generates),
        cmocka_unit_test(writes_logits),
        cmocka_unit_test(scores_a_text),
        cmocka_unit_test(describes_a_model),
        cmocka_unit_test(helps),
        cmocka_unit_test(refuses_with_one_line),
        cmocka_unit_test(reports_what_could_not_be_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
