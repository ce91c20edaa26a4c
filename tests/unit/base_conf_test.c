/* The plan and settings format: what it accepts, and that errors name file and line. */
#include "harness/base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int parse(struct conf *conf, const char *text, struct error *error)
{
    return conf_parse(conf, "x.plan", text, strlen(text), error);
}

static void test_sections_and_repeated_keys(void **state)
{
    (void)state;
    struct conf conf;
    struct error error;
    assert_int_equal(
        parse(&conf, "# comment\nrounds = 5\r\n\n[suite kernels  fast]\n args = a = b \nargs=c\n[end]", &error), 0);
    assert_int_equal(conf.section_count, 3);
    assert_string_equal(conf.sections[0].kind, "");
    assert_int_equal(conf.sections[0].entry_count, 1);
    assert_string_equal(conf.sections[0].entries[0].key, "rounds");
    assert_string_equal(conf.sections[0].entries[0].value, "5");
    assert_string_equal(conf.sections[1].kind, "suite");
    assert_string_equal(conf.sections[1].name, "kernels  fast");
    assert_int_equal(conf.sections[1].line, 4);
    assert_int_equal(conf.sections[1].entry_count, 2);
    assert_string_equal(conf.sections[1].entries[0].value, "a = b");
    assert_string_equal(conf.sections[1].entries[1].key, "args");
    assert_string_equal(conf.sections[1].entries[1].value, "c");
    assert_string_equal(conf.sections[2].name, "");
    conf_release(&conf);
}

static void test_errors_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "a = 1\nrubbish", "x.plan:2: expected key = value, found 'rubbish'" },
        { "= 1", "x.plan:1: expected key = value, found ''" },
        { "[suite x", "x.plan:1: a section is [kind name], found '[suite x'" },
        { "[]", "x.plan:1: a section needs a kind: [kind name]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf conf;
        struct error error;
        assert_int_equal(parse(&conf, cases[i].text, &error), ERROR_FORMAT);
        assert_string_equal(error.text, cases[i].message);
        assert_null(conf.text);
    }
}

static void test_binary_is_refused(void **state)
{
    (void)state;
    struct conf conf;
    struct error error;
    assert_int_equal(conf_parse(&conf, "x.plan", "a=\0b", 4, &error), ERROR_FORMAT);
    assert_string_equal(error.text, "x.plan: is not a text file (it holds NUL bytes)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections_and_repeated_keys),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_binary_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
