/* The trainer against a naive one that counts everything anew for every join, and against the tokenizer that has to
 * read what it learned. */
#include "engines/native/bpe_train.h"

#include "engines/native/byte_level.h"
#include "engines/native/pretokenize.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- the naive trainer: the text as one array of spelled tokens, NULL between words ---- */

struct naive {
    char **items;
    size_t count, capacity;
};

static void naive_push(struct naive *naive, const char *token)
{
    MEM_GROW(naive->items, naive->count, naive->capacity);
    naive->items[naive->count++] = token ? mem_strdup(token) : NULL;
}

static size_t token_index(const struct bpe_vocab *vocab, const char *token)
{
    for (size_t i = 0; i < vocab->token_count; i++)
        if (!strcmp(vocab->tokens[i], token))
            return i;
    fail_msg("'%s' is not among the learned tokens", token);
    return 0;
}

static void naive_read(struct naive *naive, const char *text, size_t length)
{
    for (size_t at = 0, piece; at < length; at += piece) {
        piece = pretokenize_next(PRETOKENIZE_QWEN2, text + at, length - at);
        for (size_t i = 0; i < piece; i++) {
            char spelled[3] = { 0 };
            byte_level_spell((uint8_t)text[at + i], spelled);
            naive_push(naive, spelled);
        }
        naive_push(naive, NULL);
    }
}

/* The index of the left half of the most frequent pair; ties go to the lower ids. SIZE_MAX when there is no pair. */
static size_t naive_best(const struct naive *naive, const struct bpe_vocab *vocab)
{
    size_t best = SIZE_MAX, best_count = 0, best_left = 0, best_right = 0;
    for (size_t i = 0; i + 1 < naive->count; i++) {
        if (!naive->items[i] || !naive->items[i + 1])
            continue;
        size_t count = 0;
        for (size_t j = 0; j + 1 < naive->count; j++)
            count += str_equal(naive->items[i], naive->items[j]) && str_equal(naive->items[i + 1], naive->items[j + 1]);
        size_t left = token_index(vocab, naive->items[i]), right = token_index(vocab, naive->items[i + 1]);
        if (count > best_count ||
            (count == best_count && (left < best_left || (left == best_left && right < best_right)))) {
            best = i;
            best_count = count;
            best_left = left;
            best_right = right;
        }
    }
    return best;
}

static void naive_join(struct naive *naive, const char *left, const char *right)
{
    char *joined = mem_format("%s%s", left, right), *left_copy = mem_strdup(left), *right_copy = mem_strdup(right);
    size_t kept = 0;
    for (size_t i = 0; i < naive->count; i++) {
        bool here =
            i + 1 < naive->count && str_equal(naive->items[i], left_copy) && str_equal(naive->items[i + 1], right_copy);
        char *item = here ? mem_strdup(joined) : naive->items[i];
        if (here) {
            free(naive->items[i]);
            free(naive->items[++i]);
        }
        naive->items[kept++] = item;
    }
    naive->count = kept;
    free(joined);
    free(left_copy);
    free(right_copy);
}

static void expect_as_naive(const char *text, size_t length, size_t vocab_size)
{
    struct bpe_vocab vocab;
    struct error error = { 0 };
    struct naive naive = { 0 };
    assert_int_equal(bpe_train(text, length, vocab_size, &vocab, &error), 0);
    naive_read(&naive, text, length);
    for (size_t i = 0; i < vocab.merge_count; i++) {
        size_t best = naive_best(&naive, &vocab);
        assert_int_not_equal(best, SIZE_MAX);
        char *merge = mem_format("%s %s", naive.items[best], naive.items[best + 1]);
        assert_string_equal(vocab.merges[i], merge);
        free(merge);
        naive_join(&naive, naive.items[best], naive.items[best + 1]);
    }
    if (vocab.token_count < vocab_size)
        assert_int_equal(naive_best(&naive, &vocab), SIZE_MAX);
    for (size_t i = 0; i < naive.count; i++)
        free(naive.items[i]);
    free(naive.items);
    bpe_vocab_release(&vocab);
}

static void test_same_as_naive(void **state)
{
    (void)state;
    const char *fixed[] = { "",
                            "a",
                            "aaaaaaaaaaaaaaaa aaaa aaa",
                            "low lower lowest new newer newest wide wider",
                            "abcabcabcabc bcabca cabcab",
                            "\xc3\xa4\xc3\xb6 \xff\xfe 12 12 don't don't" };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        expect_as_naive(fixed[i], strlen(fixed[i]), 300);
    struct rng rng;
    rng_seed(&rng, 7);
    for (int round = 0; round < 6; round++) {
        char text[240];
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = "aabbc  \n"[rng_below(&rng, 8)];
        expect_as_naive(text, sizeof text, 256 + 40);
    }
}

static void test_first_tokens_are_the_bytes(void **state)
{
    (void)state;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    assert_int_equal(bpe_train("hello hello hello", 17, 258, &vocab, &error), 0);
    assert_int_equal(vocab.token_count, 258);
    assert_int_equal(vocab.merge_count, 2);
    assert_string_equal(vocab.tokens[0], "!");
    assert_string_equal(vocab.tokens[188], "\xc4\x80"); /* byte 0, the first without a character of its own */
    assert_string_equal(vocab.tokens[255], "\xc5\x83"); /* byte 0xad, the last */
    for (size_t i = 0; i < 256; i++) {
        char byte[2];
        size_t length;
        assert_true(byte_level_read(vocab.tokens[i], strlen(vocab.tokens[i]), byte, &length));
        assert_int_equal(length, 1);
    }
    bpe_vocab_release(&vocab);
}

/* "abc" comes to be by two ways when a word makes "ab" first and another "bc": both merges are listed, the token once.
 */
static void test_token_reached_twice_is_listed_once(void **state)
{
    (void)state;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    const char *text = "xab xab xab xab xab bcy bcy bcy bcy xabc xabc dbc dbc dbc abcy abcy zbc zbc abc";
    assert_int_equal(bpe_train(text, strlen(text), 2000, &vocab, &error), 0);
    for (size_t i = 0; i < vocab.token_count; i++)
        assert_int_equal(token_index(&vocab, vocab.tokens[i]), i);
    assert_true(vocab.merge_count >= vocab.token_count - 256);
    bpe_vocab_release(&vocab);
}

static void test_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    assert_int_equal(bpe_train("text", 4, 255, &vocab, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "at least 256"));
}

/* One word of 100,000 letters: joins double its tokens, and time must not grow with the square of it. */
static void test_one_long_word(void **state)
{
    (void)state;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    size_t length = 100000;
    char *text = mem_alloc(length);
    memset(text, 'a', length);
    assert_int_equal(bpe_train(text, length, 300, &vocab, &error), 0);
    assert_string_equal(vocab.tokens[256], "aa");
    assert_string_equal(vocab.tokens[257], "aaaa");
    for (size_t i = 0; i < length; i++)
        text[i] = "abcdefghij"[i % 10];
    bpe_vocab_release(&vocab);
    assert_int_equal(bpe_train(text, length, 300, &vocab, &error), 0);
    assert_string_equal(vocab.tokens[256], "ab");
    bpe_vocab_release(&vocab);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_naive),
        cmocka_unit_test(test_first_tokens_are_the_bytes),
        cmocka_unit_test(test_token_reached_twice_is_listed_once),
        cmocka_unit_test(test_refuses_what_it_cannot_do),
        cmocka_unit_test(test_one_long_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
