/* utf8_test.c: text that comes in pieces comes out in whole characters, and rubbish as U+FFFD, as Unicode's table 3-7
 * says. */
#include "engines/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Pushes text in pieces of step bytes and finishes. */
static void check(const char *text, size_t length, size_t step, const char *want)
{
    struct utf8_stream stream = { 0 };
    char all[256], out[64];
    size_t used = 0;
    for (size_t i = 0; i < length; i += step) {
        size_t piece = length - i < step ? length - i : step;
        size_t written = utf8_stream_push(&stream, text + i, piece, out);
        assert_true(written <= 3 * piece + 8);
        memcpy(all + used, out, written);
        used += written;
    }
    size_t written = utf8_stream_finish(&stream, out);
    assert_true(written <= 8);
    memcpy(all + used, out, written);
    all[used + written] = 0;
    assert_string_equal(all, want);
}

static void check_all_steps(const char *text, const char *want)
{
    for (size_t step = 1; step <= strlen(text); step++)
        check(text, strlen(text), step, want);
}

static void whole_characters(void **state)
{
    (void)state;
    check_all_steps("plain", "plain");
    check_all_steps("aé€😀b", "aé€😀b");
    check_all_steps("\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF");
}

static void keeps_back_an_unfinished_character(void **state)
{
    (void)state;
    struct utf8_stream stream = { 0 };
    char out[32];
    assert_int_equal(utf8_stream_push(&stream, "x\xF0\x9F", 3, out), 1);
    assert_int_equal(out[0], 'x');
    assert_int_equal(utf8_stream_push(&stream, "\x98", 1, out), 0);
    assert_int_equal(utf8_stream_push(&stream, "\x80y", 2, out), 5);
    assert_memory_equal(out, "😀y", 5);
    assert_int_equal(utf8_stream_finish(&stream, out), 0);
}

static void bad_bytes(void **state)
{
    (void)state;
    check_all_steps("a\xFFz", "a\xEF\xBF\xBDz");
    check_all_steps("\x80", "\xEF\xBF\xBD");
    check_all_steps("\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD");                 /* overlong */
    check_all_steps("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* a surrogate */
    check_all_steps("\xF4\x90", "\xEF\xBF\xBD\xEF\xBF\xBD");                 /* beyond U+10FFFF */
    check_all_steps("\xE2\x82"
                    "a",
                    "\xEF\xBF\xBD"
                    "a"); /* cut short by a letter */
    check_all_steps("\xE2\x82\xC3\xA9", "\xEF\xBF\xBDé");
}

static void unfinished_at_the_end(void **state)
{
    (void)state;
    check_all_steps("ok\xE2\x82", "ok\xEF\xBF\xBD");
    check("", 0, 1, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_characters),
        cmocka_unit_test(keeps_back_an_unfinished_character),
        cmocka_unit_test(bad_bytes),
        cmocka_unit_test(unfinished_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
