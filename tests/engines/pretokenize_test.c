/* The pieces that each rule cuts, written as the text with a bar between pieces. Expected cuts were worked out from the
 * regular expressions with an independent regex engine. */
#include "engines/native/pretokenize.h"

#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* cuts holds the text with '|' between pieces; the text itself has none. */
static void expect_cuts(enum pretokenize_rule rule, const char *cuts)
{
    struct str text = { 0 }, got = { 0 };
    for (const char *at = cuts; *at; at++)
        if (*at != '|')
            str_append_char(&text, *at);
    for (size_t at = 0, piece; at < text.length; at += piece) {
        piece = pretokenize_next(rule, text.data + at, text.length - at);
        assert_in_range(piece, 1, text.length - at);
        if (at > 0)
            str_append_char(&got, '|');
        str_append_bytes(&got, text.data + at, piece);
    }
    assert_string_equal(str_text(&got), cuts);
    str_release(&text);
    str_release(&got);
}

static void test_gpt2(void **state)
{
    (void)state;
    const char *const cuts[] = {
        "Hello| world",
        " | two| | blanks| ",
        "tab|\t|word|\t|\t|x",
        "don|'t| DON|'|T| we|'ll| WE|'|LL| I|'d|'ve| '|tis",
        "it|'|\xc5\xbf| x",
        "1234567| 12| 3",
        "x|1|y|22|z|333| 4444",
        "a|\n|\n|b| \n| c|\r\n\r\n| d",
        "end| \n",
        "   \n  | x",
        "   ",
        "\xc2\xa0|\xe3\x80\x80|x| |\xe2\x80\xa8|y",
        "...!?| (|ok|)|\n\n|\n|next",
        "price|:| $|5|.|00|,| 10|%",
        "\xc2\xbd\xd9\xa3\xe2\x85\xa7| \xe0\xa5\xa7",
        "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82| \xe4\xbd\xa0\xe5\xa5\xbd| \xed\x95\x9c\xea\xb5\xad",
        "a|\xcc\x81|e| \xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8|\xe0\xa5\x8d|\xe0\xa4\xa4|\xe0\xa5\x87",
        "\xf0\x9f\x98\x80\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9| ok",
        "\xc2\x85|x|\x0b| \x1c| y",
        "''|ll| '|s",
        "no| | 5| | 6",
        " 9",
        "_|under|_|score|-|case",
        "\xef\xbb\xbf|bom| \xe2\x80\x8b|zero",
    };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        expect_cuts(PRETOKENIZE_GPT2, cuts[i]);
}

static void test_smollm(void **state)
{
    (void)state;
    const char *const cuts[] = {
        "Hello| world",
        " | two| | blanks| ",
        "tab|\t|word|\t|\t|x",
        "don|'t| DON|'|T| we|'ll| WE|'|LL| I|'d|'ve| '|tis",
        "it|'|\xc5\xbf| x",
        "1|2|3|4|5|6|7| |1|2| |3",
        "x|1|y|2|2|z|3|3|3| |4|4|4|4",
        "a|\n|\n|b| \n| c|\r\n\r\n| d",
        "end| \n",
        "   \n  | x",
        "   ",
        "\xc2\xa0|\xe3\x80\x80|x| |\xe2\x80\xa8|y",
        "...!?| (|ok|)|\n\n|\n|next",
        "price|:| $|5|.|0|0|,| |1|0|%",
        "\xc2\xbd|\xd9\xa3|\xe2\x85\xa7| |\xe0\xa5\xa7",
        "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82| \xe4\xbd\xa0\xe5\xa5\xbd| \xed\x95\x9c\xea\xb5\xad",
        "a|\xcc\x81|e| \xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8|\xe0\xa5\x8d|\xe0\xa4\xa4|\xe0\xa5\x87",
        "\xf0\x9f\x98\x80\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9| ok",
        "\xc2\x85|x|\x0b| \x1c| y",
        "''|ll| '|s",
        "no|  |5|  |6",
        " |9",
        "_|under|_|score|-|case",
        "\xef\xbb\xbf|bom| \xe2\x80\x8b|zero",
    };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        expect_cuts(PRETOKENIZE_SMOLLM, cuts[i]);
}

static void test_llama3(void **state)
{
    (void)state;
    const char *const cuts[] = {
        "Hello| world",
        " | two| | blanks| ",
        "tab|\tword|\t|\tx",
        "don|'t| DON|'T| we|'ll| WE|'LL| I|'d|'ve| '|tis",
        "it|'\xc5\xbf| x",
        "123|456|7| |12| |3",
        "x|1|y|22|z|333| |444|4",
        "a|\n\n|b| \n| c|\r\n\r\n| d",
        "end| \n",
        "   \n|  | x",
        "   ",
        "\xc2\xa0|\xe3\x80\x80x| |\xe2\x80\xa8y",
        "...!?| (|ok|)\n\n\n|next",
        "price|:| $|5|.|00|,| |10|%",
        "\xc2\xbd\xd9\xa3\xe2\x85\xa7| |\xe0\xa5\xa7",
        "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82| \xe4\xbd\xa0\xe5\xa5\xbd| \xed\x95\x9c\xea\xb5\xad",
        "a|\xcc\x81"
        "e| \xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8|\xe0\xa5\x8d\xe0\xa4\xa4|\xe0\xa5\x87",
        "\xf0\x9f\x98\x80\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9| ok",
        "\xc2\x85x|\x0b| \x1c| y",
        "''|ll| '|s",
        "no| | |5| | |6",
        " |9",
        "_under|_score|-case",
        "\xef\xbb\xbf"
        "bom| \xe2\x80\x8b|zero",
    };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        expect_cuts(PRETOKENIZE_LLAMA3, cuts[i]);
}

static void test_qwen2(void **state)
{
    (void)state;
    const char *const cuts[] = {
        "Hello| world",
        " | two| | blanks| ",
        "tab|\tword|\t|\tx",
        "don|'t| DON|'T| we|'ll| WE|'LL| I|'d|'ve| '|tis",
        "it|'\xc5\xbf| x",
        "1|2|3|4|5|6|7| |1|2| |3",
        "x|1|y|2|2|z|3|3|3| |4|4|4|4",
        "a|\n\n|b| \n| c|\r\n\r\n| d",
        "end| \n",
        "   \n|  | x",
        "   ",
        "\xc2\xa0|\xe3\x80\x80x| |\xe2\x80\xa8y",
        "...!?| (|ok|)\n\n\n|next",
        "price|:| $|5|.|0|0|,| |1|0|%",
        "\xc2\xbd|\xd9\xa3|\xe2\x85\xa7| |\xe0\xa5\xa7",
        "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82| \xe4\xbd\xa0\xe5\xa5\xbd| \xed\x95\x9c\xea\xb5\xad",
        "a|\xcc\x81"
        "e| \xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8|\xe0\xa5\x8d\xe0\xa4\xa4|\xe0\xa5\x87",
        "\xf0\x9f\x98\x80\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9| ok",
        "\xc2\x85x|\x0b| \x1c| y",
        "''|ll| '|s",
        "no| | |5| | |6",
        " |9",
        "_under|_score|-case",
        "\xef\xbb\xbf"
        "bom| \xe2\x80\x8b|zero",
    };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        expect_cuts(PRETOKENIZE_QWEN2, cuts[i]);
}

/* A byte that belongs to no character is a symbol; it never swallows its neighbours. */
static void test_invalid_utf8(void **state)
{
    (void)state;
    expect_cuts(PRETOKENIZE_GPT2, "ab|\xff\xfe|cd| \xc3|x|\xe4\xbd");
    expect_cuts(PRETOKENIZE_QWEN2, "ab|\xff\xfe|"
                                   "cd| \xc3|1|\xf0\x9f\x98");
    /* A surrogate and an overlong slash are not characters either. */
    expect_cuts(PRETOKENIZE_LLAMA3, "\xed\xa0\x80\xc0\xaf|1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2),  cmocka_unit_test(test_smollm),       cmocka_unit_test(test_llama3),
        cmocka_unit_test(test_qwen2), cmocka_unit_test(test_invalid_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
