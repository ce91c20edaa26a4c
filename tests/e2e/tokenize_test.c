/* prony-engine tokenize as a program: what it prints, how it exits, and that ids lead back to the text, byte for byte.
 */
#include "harness/base/file.h"
#include "tests/support/gguf_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    const char *bin;
    char directory[64], vocabulary[96], out[96], err[96];
};

/* A vocabulary without a model: <unk>, two control tokens, a blank, some letters and pieces. */
static int write_vocabulary(const char *path, struct error *error)
{
    static const char *const tokens[] = { "<unk>",
                                          "<s>",
                                          "</s>",
                                          "\xe2\x96\x81",
                                          "a",
                                          "b",
                                          "ab",
                                          ("\xe2\x96\x81"
                                           "ab"),
                                          "<0x0A>",
                                          "<0xFF>" };
    static const int32_t types[] = { 2, 3, 3, 1, 1, 1, 1, 1, 6, 6 };
    static const float scores[] = { 0, 0, 0, -4, -1, -1, -2, -3, 0, 0 };
    struct gguf_builder builder = { 0 };
    gguf_builder_text(&builder, "tokenizer.ggml.model", "llama");
    gguf_builder_strings(&builder, "tokenizer.ggml.tokens", tokens, 10);
    gguf_builder_i32s(&builder, "tokenizer.ggml.token_type", types, 10);
    gguf_builder_f32s(&builder, "tokenizer.ggml.scores", scores, 10);
    int rc = gguf_builder_write(&builder, path, error);
    gguf_builder_release(&builder);
    return rc;
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct error error = { 0 };
    place->bin = getenv("PRONY_BIN") != NULL ? getenv("PRONY_BIN") : "build/bin";
    strcpy(place->directory, "/tmp/prony-tokenize-XXXXXX");
    if (mkdtemp(place->directory) == NULL)
        return -1;
    snprintf(place->vocabulary, sizeof place->vocabulary, "%s/v.gguf", place->directory);
    snprintf(place->out, sizeof place->out, "%s/out", place->directory);
    snprintf(place->err, sizeof place->err, "%s/err", place->directory);
    *state = place;
    return write_vocabulary(place->vocabulary, &error);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    unlink(place->vocabulary);
    unlink(place->out);
    unlink(place->err);
    rmdir(place->directory);
    free(place);
    return 0;
}

/* Runs prony-engine tokenize with input on stdin (printf syntax); expects the exit status, all of stdout, and a line on
 * stderr that contains err, or nothing there when err is NULL. */
static void expect(const struct place *place, const char *input, const char *arguments, int status, const char *out,
                   const char *err)
{
    char command[1024], *text;
    size_t length;
    struct error error = { 0 };
    snprintf(command, sizeof command, "printf '%s' | '%s/prony-engine' tokenize %s >'%s' 2>'%s'", input, place->bin,
             arguments, place->out, place->err);
    int got = system(command);
    assert_true(WIFEXITED(got));
    assert_int_equal(WEXITSTATUS(got), status);
    assert_int_equal(file_read(place->out, &text, &length, &error), 0);
    assert_string_equal(text, out);
    free(text);
    assert_int_equal(file_read(place->err, &text, &length, &error), 0);
    if (err == NULL) {
        assert_string_equal(text, "");
    } else {
        assert_non_null(strstr(text, err));
        assert_ptr_equal(strchr(text, '\n'), text + length - 1); /* one line */
    }
    free(text);
}

static void test_prints_ids(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "-m '%s' -p 'ab ab'", place->vocabulary);
    expect(place, "", arguments, 0, "7 7\n", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s' --bos -p 'ab</s>'", place->vocabulary);
    expect(place, "", arguments, 0, "1 7 0 0 0 0\n", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s' --bos --special -p 'ab</s>'", place->vocabulary);
    expect(place, "", arguments, 0, "1 7 2\n", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s' -p ''", place->vocabulary);
    expect(place, "", arguments, 0, "\n", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s'", place->vocabulary);
    expect(place, "ab\\nb\\377", arguments, 0, "7 8 5 9\n", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s' -f /dev/stdin", place->vocabulary);
    expect(place, "ab", arguments, 0, "7\n", NULL);
}

static void test_decodes_ids(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "-m '%s' --decode '1 7 8, 5 9'", place->vocabulary);
    expect(place, "", arguments, 0, "ab\nb\xff", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s' --special --decode '1 7 2'", place->vocabulary);
    expect(place, "", arguments, 0, "<s>ab</s>", NULL);
    snprintf(arguments, sizeof arguments, "-m '%s' --decode '10'", place->vocabulary);
    expect(place, "", arguments, 2, "", "token 10 is outside the vocabulary of 10");
    snprintf(arguments, sizeof arguments, "-m '%s' --decode '1 x'", place->vocabulary);
    expect(place, "", arguments, 2, "", "'x' is not a token id");
}

static void test_says_what_is_wrong(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    expect(place, "", "-p text", 2, "", "give -m FILE");
    expect(place, "", "-m /nonexistent.gguf -p text", 1, "", "/nonexistent.gguf: ");
    snprintf(arguments, sizeof arguments, "-m '%s' -p a -f b", place->vocabulary);
    expect(place, "", arguments, 2, "", "give one of -p, -f and --decode");
    snprintf(arguments, sizeof arguments, "-m '%s' -f /nonexistent", place->vocabulary);
    expect(place, "", arguments, 1, "", "/nonexistent: ");
    snprintf(arguments, sizeof arguments, "-m '%s' --special --no-special -p a", place->vocabulary);
    expect(place, "", arguments, 2, "", "exclude each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_ids),
        cmocka_unit_test(test_decodes_ids),
        cmocka_unit_test(test_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
