/* help_test.c: what the help of all commands says of options holds together: a letter means one thing everywhere, and
 * what older versions called -f still works. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

/* What the command prints on both streams; *status its exit status. */
static char *run(const char *words, int *status)
{
    const char *bin = getenv("PRONY_BIN");
    char *line = mem_format("%s/prony %s 2>&1", bin ? bin : "build/bin", words);
    struct str out = { 0 };
    char buffer[4096];
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    for (size_t count; (count = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        for (size_t i = 0; i < count; i++)
            str_append_char(&out, buffer[i]);
    int ended = pclose(pipe);
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    free(line);
    str_append(&out, "");
    return str_take(&out);
}

struct letters {
    char names[128][32], commands[128][32];
};

/* Lines "  -f, --filter RE ...". */
static void check_help(struct letters *letters, const char *command)
{
    int status;
    char *words = mem_format("help %s", command), *text = run(words, &status);
    assert_int_equal(status, 0);
    for (const char *at = text; (at = strstr(at, ", --")) != NULL; at += 4) {
        if (at - text < 2 || at[-2] != '-' || (at - text > 2 && at[-3] != ' ') || !isalpha((unsigned char)at[-1]))
            continue;
        size_t letter = (unsigned char)at[-1], length = strspn(at + 4, "abcdefghijklmnopqrstuvwxyz-");
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)length, at + 4);
        if (*letters->names[letter] && strcmp(letters->names[letter], name) != 0)
            fail_msg("-%c is --%s in %s and --%s in %s", (char)letter, letters->names[letter],
                     letters->commands[letter], name, command);
        snprintf(letters->names[letter], sizeof letters->names[letter], "%s", name);
        snprintf(letters->commands[letter], sizeof letters->commands[letter], "%s", command);
    }
    free(text);
    free(words);
}

static void test_letters(void **state)
{
    (void)state;
    static const char *const commands[] = { "run",    "ab",     "compare", "gate",      "history", "bisect", "show",
                                            "list",   "report", "profile", "flame",     "trace",   "import", "db",
                                            "doctor", "events", "tag",     "calibrate", "help",    "version" };
    struct letters letters = { 0 };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        check_help(&letters, commands[i]);
    assert_string_equal(letters.names['f'], "filter");
    assert_string_equal(letters.names['F'], "format");
    assert_string_equal(letters.names['o'], "output");
}

static void expect(const char *words, const char *text)
{
    int status;
    char *out = run(words, &status);
    if (!strstr(out, text))
        fail_msg("prony %s: no '%s' in: %s", words, text, out);
    free(out);
}

/* The mistake that each makes tells how the option was understood. */
static void test_former_letter(void **state)
{
    (void)state;
    expect("compare -f markdown --db /nowhere/p.db", "-f markdown is taken for --format markdown");
    expect("compare -f '(' --db /nowhere/p.db", "--filter: '(' is not a regular expression");
    expect("history -f '(' --db /nowhere/p.db", "--filter: '(' is not a regular expression");
    expect("history -F nothing --db /nowhere/p.db", "--format nothing");
    expect("import -f nothing README.md --db /nowhere/p.db", "nothing");
    expect("run -F json --db /nowhere/p.db", "unknown option -F");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_letters), cmocka_unit_test(test_former_letter) };
    return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
