/* The tokenizers on small vocabularies built here, against naive encoders, and on real vocabularies of the shared test
 * data against the ids that the models' own tokenizers give. */
#include "engines/native/tokenizer.h"

#include "engines/native/bpe_train.h"
#include "engines/native/byte_level.h"
#include "engines/native/pretokenize.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "tests/support/gguf_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A vocabulary made from a builder; everything is kept until close. */
struct fixture {
    struct gguf_builder builder;
    void *data;
    struct gguf gguf;
    struct tokenizer *tokenizer;
};

static int fixture_open(struct fixture *fixture, struct error *error)
{
    size_t size;
    fixture->data = gguf_builder_finish(&fixture->builder, &size);
    fixture->tokenizer = NULL;
    assert_int_equal(gguf_open_memory(&fixture->gguf, "v.gguf", fixture->data, size, error), 0);
    return tokenizer_open(&fixture->tokenizer, &fixture->gguf, error);
}

static void fixture_close(struct fixture *fixture)
{
    tokenizer_close(fixture->tokenizer);
    gguf_close(&fixture->gguf);
    free(fixture->data);
    gguf_builder_release(&fixture->builder);
}

static void fixture_refused(struct fixture *fixture, const char *text)
{
    struct error error = { 0 };
    assert_int_not_equal(fixture_open(fixture, &error), 0);
    if (!strstr(error.text, text) || strncmp(error.text, "v.gguf: ", 8) != 0)
        fail_msg("expected \"%s\", got \"%s\"", text, error.text);
    fixture_close(fixture);
}

/* The ids of a text as "1 2 3". */
static char *encode(const struct tokenizer *tokenizer, const char *text, size_t length, unsigned flags)
{
    uint32_t *ids;
    size_t count;
    struct error error = { 0 };
    struct str out = { 0 };
    if (tokenizer_encode(tokenizer, text, length, flags, &ids, &count, &error) != 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < count; i++)
        str_appendf(&out, i > 0 ? " %u" : "%u", (unsigned)ids[i]);
    free(ids);
    return out.data ? str_take(&out) : mem_strdup("");
}

static void expect_ids(const struct tokenizer *tokenizer, const char *text, unsigned flags, const char *expected)
{
    char *got = encode(tokenizer, text, strlen(text), flags);
    if (strcmp(got, expected) != 0)
        fail_msg("\"%s\": expected [%s], got [%s]", text, expected, got);
    free(got);
}

static void expect_round_trip(const struct tokenizer *tokenizer, const char *text, size_t length)
{
    uint32_t *ids;
    size_t count, decoded_length;
    char *decoded;
    struct error error = { 0 };
    assert_int_equal(tokenizer_encode(tokenizer, text, length, 0, &ids, &count, &error), 0);
    assert_int_equal(tokenizer_decode(tokenizer, ids, count, false, &decoded, &decoded_length, &error), 0);
    assert_int_equal(decoded_length, length);
    assert_memory_equal(decoded, text, length);
    free(ids);
    free(decoded);
}

/* ---- byte-level BPE on a learned vocabulary ---- */

static const char learn_from[] =
    "the cat sat on the mat. the dog sat on the log, and the cats and dogs ran and ran: banana bandana "
    "anagram managing 1234 1212 \xc3\xa4\xc3\xb6\xc3\xbc \xe4\xbd\xa0\xe5\xa5\xbd the then there these";

/* 256 bytes, the learned tokens, and behind them <|end|> (control), <|endless|> (control) and [[user]]. */
static void build_bpe(struct fixture *fixture, struct bpe_vocab *vocab, const char *pre)
{
    struct error error = { 0 };
    *fixture = (struct fixture){ .tokenizer = NULL };
    assert_int_equal(bpe_train(learn_from, strlen(learn_from), 400, vocab, &error), 0);
    size_t count = vocab->token_count + 3;
    const char **tokens = mem_array(count, sizeof *tokens);
    int32_t *types = mem_array(count, sizeof *types);
    for (size_t i = 0; i < vocab->token_count; i++) {
        tokens[i] = vocab->tokens[i];
        types[i] = 1;
    }
    tokens[count - 3] = "<|end|>";
    tokens[count - 2] = "<|endless|>";
    tokens[count - 1] = "[[user]]";
    types[count - 3] = types[count - 2] = 3;
    types[count - 1] = 4;
    gguf_builder_text(&fixture->builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_text(&fixture->builder, "tokenizer.ggml.pre", pre);
    gguf_builder_strings(&fixture->builder, "tokenizer.ggml.tokens", tokens, count);
    gguf_builder_i32s(&fixture->builder, "tokenizer.ggml.token_type", types, count);
    gguf_builder_strings(&fixture->builder, "tokenizer.ggml.merges", (const char *const *)vocab->merges,
                         vocab->merge_count);
    gguf_builder_u32(&fixture->builder, "tokenizer.ggml.eos_token_id", (uint32_t)count - 3);
    free(tokens);
    free(types);
}

/* Joins in one piece by the definition: the first merge of the list that applies anywhere, leftmost. */
static size_t naive_merge(const struct bpe_vocab *vocab, char **parts, size_t count)
{
    for (size_t m = 0; m < vocab->merge_count;) {
        size_t at = 0;
        for (; at + 1 < count; at++) {
            size_t left = strlen(parts[at]);
            if (!strncmp(vocab->merges[m], parts[at], left) && vocab->merges[m][left] == ' ' &&
                !strcmp(vocab->merges[m] + left + 1, parts[at + 1]))
                break;
        }
        if (at + 1 >= count) {
            m++;
            continue;
        }
        char *joined = mem_format("%s%s", parts[at], parts[at + 1]);
        free(parts[at]);
        free(parts[at + 1]);
        parts[at] = joined;
        memmove(&parts[at + 1], &parts[at + 2], (count - at - 2) * sizeof *parts);
        count--;
        m = 0;
    }
    return count;
}

static char *naive_encode(const struct bpe_vocab *vocab, enum pretokenize_rule rule, const char *text, size_t length)
{
    struct str out = { 0 };
    for (size_t at = 0, piece; at < length; at += piece) {
        piece = pretokenize_next(rule, text + at, length - at);
        char **parts = mem_array(piece, sizeof *parts);
        for (size_t i = 0; i < piece; i++) {
            parts[i] = mem_alloc(3);
            byte_level_spell((uint8_t)text[at + i], parts[i]);
        }
        size_t count = naive_merge(vocab, parts, piece);
        for (size_t i = 0; i < count; i++) {
            size_t id = 0;
            while (strcmp(vocab->tokens[id], parts[i]) != 0)
                id++;
            str_appendf(&out, out.length > 0 ? " %zu" : "%zu", id);
            free(parts[i]);
        }
        free(parts);
    }
    return out.data ? str_take(&out) : mem_strdup("");
}

static void expect_as_naive(const struct fixture *fixture, const struct bpe_vocab *vocab, const char *text,
                            size_t length)
{
    char *expected = naive_encode(vocab, PRETOKENIZE_QWEN2, text, length);
    char *got = encode(fixture->tokenizer, text, length, 0);
    assert_string_equal(got, expected);
    free(got);
    free(expected);
    expect_round_trip(fixture->tokenizer, text, length);
}

static void test_bpe_same_as_naive(void **state)
{
    (void)state;
    struct fixture fixture;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    build_bpe(&fixture, &vocab, "qwen2");
    assert_int_equal(fixture_open(&fixture, &error), 0);
    assert_string_equal(tokenizer_kind(fixture.tokenizer), "bpe qwen2");
    expect_as_naive(&fixture, &vocab, learn_from, strlen(learn_from));
    struct rng rng;
    rng_seed(&rng, 3);
    for (int round = 0; round < 200; round++) {
        char text[160];
        size_t length = (size_t)rng_below(&rng, sizeof text);
        /* Half of the texts have long words, so that both ways of merging are used; some bytes are not UTF-8. */
        for (size_t i = 0; i < length; i++)
            text[i] = round % 2 ? "abanathedogn"[rng_below(&rng, 12)] : "abn\xc3\xa4 the1\n'\xff"[rng_below(&rng, 13)];
        expect_as_naive(&fixture, &vocab, text, length);
    }
    bpe_vocab_release(&vocab);
    fixture_close(&fixture);
}

static void test_empty_text(void **state)
{
    (void)state;
    struct fixture fixture;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    build_bpe(&fixture, &vocab, "gpt-2");
    assert_int_equal(fixture_open(&fixture, &error), 0);
    expect_ids(fixture.tokenizer, "", 0, "");
    expect_ids(fixture.tokenizer, "", TOKENIZE_ADD_SPECIAL, "");
    expect_round_trip(fixture.tokenizer, "", 0);
    bpe_vocab_release(&vocab);
    fixture_close(&fixture);
}

/* A megabyte without a blank: quadratic work would take minutes. */
static void test_bpe_one_long_word(void **state)
{
    (void)state;
    struct fixture fixture;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    size_t length = 1000000;
    char *text = mem_alloc(length);
    build_bpe(&fixture, &vocab, "gpt-2");
    assert_int_equal(fixture_open(&fixture, &error), 0);
    for (size_t i = 0; i < length; i++)
        text[i] = "banan"[i % 5];
    expect_round_trip(fixture.tokenizer, text, length);
    free(text);
    bpe_vocab_release(&vocab);
    fixture_close(&fixture);
}

static void test_ignore_merges_takes_whole_tokens(void **state)
{
    (void)state;
    static const char *const tokens[] = { "a", "b", "c", "ab", "abc" }, *const merges[] = { "a b" };
    for (int llama = 0; llama < 2; llama++) {
        struct fixture fixture = { .tokenizer = NULL };
        struct error error = { 0 };
        gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "gpt2");
        gguf_builder_text(&fixture.builder, "tokenizer.ggml.pre", llama ? "llama-bpe" : "qwen2");
        gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 5);
        gguf_builder_strings(&fixture.builder, "tokenizer.ggml.merges", merges, 1);
        assert_int_equal(fixture_open(&fixture, &error), 0);
        expect_ids(fixture.tokenizer, "abc", 0, llama ? "4" : "3 2");
        fixture_close(&fixture);
    }
}

/* A token that is marked as special and made by a merge all the same: it is found by both of its spellings. */
static void test_special_token_made_by_merging(void **state)
{
    (void)state;
    static const char *const tokens[] = { "a", "\xc4\xa0",
                                          ("\xc4\xa0"
                                           "a") },
                             *const merges[] = { "\xc4\xa0 a" };
    static const int32_t types[] = { 1, 1, 4 };
    struct fixture fixture = { .tokenizer = NULL };
    struct error error = { 0 };
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.pre", "gpt-2");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 3);
    gguf_builder_i32s(&fixture.builder, "tokenizer.ggml.token_type", types, 3);
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.merges", merges, 1);
    assert_int_equal(fixture_open(&fixture, &error), 0);
    expect_ids(fixture.tokenizer, "a a", 0, "0 2");
    expect_ids(fixture.tokenizer,
               "\xc4\xa0"
               "a",
               0, "2");
    fixture_close(&fixture);
}

/* ---- special tokens ---- */

static void test_special_tokens(void **state)
{
    (void)state;
    struct fixture fixture;
    struct bpe_vocab vocab;
    struct error error = { 0 };
    build_bpe(&fixture, &vocab, "gpt-2");
    assert_int_equal(fixture_open(&fixture, &error), 0);
    const struct tokenizer *tokenizer = fixture.tokenizer;
    unsigned end = (unsigned)vocab.token_count;
    char expected[64];
    snprintf(expected, sizeof expected, "%u %u", end, end + 1);
    expect_ids(tokenizer, "<|end|><|endless|>", TOKENIZE_PARSE_SPECIAL, expected);
    char *plain = encode(tokenizer, "<|end|>", 7, 0);
    assert_null(strstr(plain, expected));
    free(plain);
    expect_round_trip(tokenizer, "<|end|> is text", 15);
    /* User-defined tokens are found either way. */
    snprintf(expected, sizeof expected, "%u %u", end + 2, end + 2);
    expect_ids(tokenizer, "[[user]][[user]]", 0, expected);
    expect_ids(tokenizer, "[[user]][[user]]", TOKENIZE_PARSE_SPECIAL, expected);

    const char *bytes;
    size_t length;
    assert_int_equal(tokenizer_token_bytes(tokenizer, end, false, &bytes, &length, &error), 0);
    assert_int_equal(length, 0);
    assert_int_equal(tokenizer_token_bytes(tokenizer, end, true, &bytes, &length, &error), 0);
    assert_int_equal(length, 7);
    assert_memory_equal(bytes, "<|end|>", 7);
    assert_int_equal(tokenizer_token_bytes(tokenizer, end + 2, false, &bytes, &length, &error), 0);
    assert_memory_equal(bytes, "[[user]]", 8);
    assert_int_equal(tokenizer_token_bytes(tokenizer, end + 3, false, &bytes, &length, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "outside the vocabulary"));

    struct token_info info;
    tokenizer_info(tokenizer, &info);
    assert_int_equal(info.eos, end);
    assert_int_equal(info.bos, -1);
    assert_false(info.add_bos);
    assert_true(tokenizer_ends(tokenizer, end));
    assert_false(tokenizer_ends(tokenizer, end + 1));
    assert_false(tokenizer_ends(tokenizer, end + 9));
    bpe_vocab_release(&vocab);
    fixture_close(&fixture);
}

/* ---- SentencePiece ---- */

enum { SPM_A = 259, SPM_B, SPM_AB, SPM_BLANK, SPM_BLANK_A, SPM_ABA, SPM_USER, SPM_COUNT };

/* <unk> <s> </s>, 256 byte tokens, then the few above. crossing adds a token with a blank inside. */
static void build_spm(struct fixture *fixture, const char *crossing)
{
    *fixture = (struct fixture){ .tokenizer = NULL };
    const char *tokens[SPM_COUNT + 1] = { "<unk>", "<s>", "</s>" };
    int32_t types[SPM_COUNT + 1] = { 2, 3, 3 };
    float scores[SPM_COUNT + 1] = { 0 };
    char names[256][8];
    const char *const words[] = { "a",
                                  "b",
                                  "ab",
                                  "\xe2\x96\x81",
                                  "\xe2\x96\x81"
                                  "a",
                                  "aba",
                                  "[U]",
                                  crossing };
    const float word_scores[] = { -1, -2, -3, -4, -5, -2.5f, 0, -0.5f };
    for (size_t i = 0; i < 256; i++) {
        snprintf(names[i], sizeof names[i], "<0x%02zX>", i);
        tokens[3 + i] = names[i];
        types[3 + i] = 6;
    }
    for (size_t i = 0; i < 8; i++) {
        tokens[SPM_A + i] = words[i];
        types[SPM_A + i] = i == 6 ? 4 : 1;
        scores[SPM_A + i] = word_scores[i];
    }
    size_t count = crossing ? SPM_COUNT + 1 : SPM_COUNT;
    gguf_builder_text(&fixture->builder, "tokenizer.ggml.model", "llama");
    gguf_builder_strings(&fixture->builder, "tokenizer.ggml.tokens", tokens, count);
    gguf_builder_i32s(&fixture->builder, "tokenizer.ggml.token_type", types, count);
    gguf_builder_f32s(&fixture->builder, "tokenizer.ggml.scores", scores, count);
}

static void test_spm(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = { 0 };
    build_spm(&fixture, NULL);
    assert_int_equal(fixture_open(&fixture, &error), 0);
    const struct tokenizer *tokenizer = fixture.tokenizer;
    assert_string_equal(tokenizer_kind(tokenizer), "spm");
    /* A blank goes in front; "_a" (-5) loses against "ab" (-3), which then becomes "aba". */
    expect_ids(tokenizer, "ab", 0, "262 261");
    expect_ids(tokenizer, "aba", TOKENIZE_ADD_SPECIAL, "1 262 264");
    expect_ids(tokenizer, "a a", 0, "263 263");
    /* Bytes of what has no token: c, an umlaut, a byte that is not UTF-8. U+2581 is a blank. */
    expect_ids(tokenizer, "c\xc3\xa4\xff", 0, "262 102 198 167 258");
    expect_ids(tokenizer,
               "\xe2\x96\x81"
               "a",
               0, "262 263");
    expect_ids(tokenizer, "", TOKENIZE_ADD_SPECIAL, "1");
    /* After a special token a blank comes again. */
    expect_ids(tokenizer, "a</s>a", TOKENIZE_PARSE_SPECIAL, "263 2 263");
    expect_ids(tokenizer, "a[U]a", 0, "263 265 263");
    expect_round_trip(tokenizer, "abab  ab\n\xe4\xbd\xa0 c", 14);
    assert_true(tokenizer_ends(tokenizer, 2));

    const char *bytes;
    size_t length;
    assert_int_equal(tokenizer_token_bytes(tokenizer, 3 + '\n', false, &bytes, &length, &error), 0);
    assert_true(length == 1 && *bytes == '\n');
    assert_int_equal(tokenizer_token_bytes(tokenizer, SPM_BLANK_A, false, &bytes, &length, &error), 0);
    assert_true(length == 2 && !memcmp(bytes, " a", 2));
    const uint32_t with_bos[] = { 1, SPM_BLANK_A, SPM_BLANK_A };
    char *text;
    assert_int_equal(tokenizer_decode(tokenizer, with_bos, 3, false, &text, &length, &error), 0);
    assert_string_equal(text, "a a");
    free(text);
    fixture_close(&fixture);
}

static void test_spm_without_prefix(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = { 0 };
    build_spm(&fixture, NULL);
    gguf_builder_bool(&fixture.builder, "tokenizer.ggml.add_space_prefix", false);
    gguf_builder_bool(&fixture.builder, "tokenizer.ggml.add_bos_token", false);
    gguf_builder_bool(&fixture.builder, "tokenizer.ggml.add_eos_token", true);
    assert_int_equal(fixture_open(&fixture, &error), 0);
    expect_ids(fixture.tokenizer, "ab a", TOKENIZE_ADD_SPECIAL, "261 263 2");
    expect_round_trip(fixture.tokenizer, " ab", 3);
    fixture_close(&fixture);
}

/* A token that reaches over a blank: words are no longer independent, and the whole text is merged at once. */
static void test_spm_token_across_words(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = { 0 };
    build_spm(&fixture, "b\xe2\x96\x81");
    assert_int_equal(fixture_open(&fixture, &error), 0);
    expect_ids(fixture.tokenizer, "b a", 0, "262 266 259");
    fixture_close(&fixture);
}

static void test_spm_one_long_word(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = { 0 };
    size_t length = 1000000;
    char *text = mem_alloc(length);
    memset(text, 'a', length);
    build_spm(&fixture, "aa");
    assert_int_equal(fixture_open(&fixture, &error), 0);
    expect_round_trip(fixture.tokenizer, text, length);
    free(text);
    fixture_close(&fixture);
}

/* ---- what must be refused ---- */

static void test_refuses_bad_vocabularies(void **state)
{
    (void)state;
    struct fixture fixture = { .tokenizer = NULL };
    static const char *const tokens[] = { "a", "b", "ab" }, *const merges[] = { "a b", "b x" },
                             *const half[] = { "ab" };
    static const int32_t types[] = { 1, 1, 6 };
    static const float scores[] = { 0, NAN, 0 };
    fixture_refused(&fixture, "key tokenizer.ggml.model: is missing");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "bert");
    fixture_refused(&fixture, "tokenizer model 'bert' is not supported");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.pre", "tekken");
    fixture_refused(&fixture, "pre-tokenizer 'tekken' is not supported");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "llama");
    fixture_refused(&fixture, "key tokenizer.ggml.tokens: is missing");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "llama");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 0);
    fixture_refused(&fixture, "0 tokens of 0 bytes are not a vocabulary");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "llama");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 3);
    gguf_builder_i32s(&fixture.builder, "tokenizer.ggml.token_type", types, 2);
    fixture_refused(&fixture, "key tokenizer.ggml.token_type: has 2 items for 3 tokens");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "llama");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 3);
    gguf_builder_i32s(&fixture.builder, "tokenizer.ggml.token_type", types, 3);
    fixture_refused(&fixture, "token 2: is a byte token, but does not read <0xXX>");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "llama");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 3);
    gguf_builder_f32s(&fixture.builder, "tokenizer.ggml.scores", scores, 3);
    fixture_refused(&fixture, "the score of token 1 is not a number");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.pre", "gpt-2");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 3);
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.merges", merges, 2);
    fixture_refused(&fixture, "merge 1: 'b' + 'x' names or makes a token that the vocabulary lacks");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_text(&fixture.builder, "tokenizer.ggml.pre", "gpt-2");
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 3);
    gguf_builder_strings(&fixture.builder, "tokenizer.ggml.merges", half, 1);
    fixture_refused(&fixture, "merge 0: expected two tokens with a blank between");
}

/* A byte without a token: the unknown token if there is one, else an error that names the byte. */
static void test_byte_without_token(void **state)
{
    (void)state;
    static const char *const tokens[] = { "a", "<unk>" }, *const merges[] = { "" };
    for (int unknown = 0; unknown < 2; unknown++) {
        struct fixture fixture = { .tokenizer = NULL };
        struct error error = { 0 };
        gguf_builder_text(&fixture.builder, "tokenizer.ggml.model", "gpt2");
        gguf_builder_text(&fixture.builder, "tokenizer.ggml.pre", "gpt-2");
        gguf_builder_strings(&fixture.builder, "tokenizer.ggml.tokens", tokens, 2);
        gguf_builder_strings(&fixture.builder, "tokenizer.ggml.merges", merges, 0);
        if (unknown)
            gguf_builder_u32(&fixture.builder, "tokenizer.ggml.unknown_token_id", 1);
        assert_int_equal(fixture_open(&fixture, &error), 0);
        if (unknown) {
            expect_ids(fixture.tokenizer, "aba", 0, "0 1 0");
        } else {
            uint32_t *ids;
            size_t count;
            assert_int_equal(tokenizer_encode(fixture.tokenizer, "aba", 3, 0, &ids, &count, &error), ERROR_UNSUPPORTED);
            assert_string_equal(error.text, "v.gguf: the vocabulary has no token for the byte 0x62 and none for the "
                                            "unknown");
        }
        fixture_close(&fixture);
    }
}

/* ---- real vocabularies ---- */

/* The path of a file of the shared test data, or NULL after saying that it is not there. The caller frees it. */
static char *testdata(const char *name)
{
    const char *root = getenv("PRONY_TESTDATA");
    char *path = mem_format("%s/%s", root ? root : "../shared/testdata", name);
    if (file_exists(path))
        return path;
    print_message("skipped: no testdata (%s)\n", path);
    free(path);
    return NULL;
}

/* Compares the ids of a text with a line of ids. */
static void expect_line(const struct tokenizer *tokenizer, const char *text, size_t length, unsigned flags,
                        const char *line, size_t line_length)
{
    while (line_length > 0 && (line[0] == ' ' || line[0] == '\n')) {
        line++;
        line_length--;
    }
    while (line_length > 0 && (line[line_length - 1] == ' ' || line[line_length - 1] == '\n'))
        line_length--;
    char *got = encode(tokenizer, text, length, flags);
    if (strlen(got) != line_length || memcmp(got, line, line_length) != 0)
        fail_msg("\"%.*s\": expected [%.*s], got [%s]", (int)length, text, (int)line_length, line, got);
    free(got);
}

static void check_vocabulary(const char *name)
{
    static const char separator[] = "\n__ggml_vocab_test__\n";
    char *path = testdata(name);
    if (!path)
        skip();
    struct gguf gguf;
    struct tokenizer *tokenizer;
    struct error error = { 0 };
    char *input_path = mem_format("%s.inp", path), *output_path = mem_format("%s.out", path), *input, *output;
    size_t input_length, output_length, checked = 0;
    assert_int_equal(file_read(input_path, &input, &input_length, &error), 0);
    assert_int_equal(file_read(output_path, &output, &output_length, &error), 0);
    assert_int_equal(gguf_open(&gguf, path, &error), 0);
    assert_int_equal(tokenizer_open(&tokenizer, &gguf, &error), 0);
    const char *text = input, *line = output;
    for (;; checked++) {
        const char *text_end = strstr(text, separator);
        const char *line_end = strchr(line, '\n');
        size_t text_length = text_end ? (size_t)(text_end - text) : strlen(text);
        expect_line(tokenizer, text, text_length, 0, line, line_end ? (size_t)(line_end - line) : strlen(line));
        if (strncmp(tokenizer_kind(tokenizer), "bpe", 3) == 0)
            expect_round_trip(tokenizer, text, text_length);
        if (!text_end)
            break;
        text = text_end + strlen(separator);
        line = line_end + 1;
    }
    assert_true(checked > 40);
    tokenizer_close(tokenizer);
    gguf_close(&gguf);
    free(input);
    free(output);
    free(input_path);
    free(output_path);
    free(path);
}

static void test_vocabulary_gpt2(void **state)
{
    (void)state;
    check_vocabulary("vocab/ggml-vocab-gpt-2.gguf");
}

static void test_vocabulary_qwen2(void **state)
{
    (void)state;
    check_vocabulary("vocab/ggml-vocab-qwen2.gguf");
}

static void test_vocabulary_llama(void **state)
{
    (void)state;
    check_vocabulary("vocab/ggml-vocab-llama-spm.gguf");
}

static void check_prompts(const char *model, const char *directory)
{
    char *model_path = testdata(model);
    if (!model_path)
        skip();
    struct gguf gguf;
    struct tokenizer *tokenizer;
    struct error error = { 0 };
    assert_int_equal(gguf_open(&gguf, model_path, &error), 0);
    assert_int_equal(tokenizer_open(&tokenizer, &gguf, &error), 0);
    for (int i = 1; i <= 2; i++) {
        char *base = mem_format("%s/p%d", directory, i), *prompt_name = mem_format("%s.prompt.txt", base),
             *tokens_name = mem_format("%s.tokens.txt", base);
        char *prompt_path = testdata(prompt_name), *tokens_path = testdata(tokens_name), *prompt, *tokens;
        size_t prompt_length, tokens_length;
        assert_int_equal(file_read(prompt_path, &prompt, &prompt_length, &error), 0);
        assert_int_equal(file_read(tokens_path, &tokens, &tokens_length, &error), 0);
        expect_line(tokenizer, prompt, prompt_length, TOKENIZE_ADD_SPECIAL, tokens, tokens_length);
        free(base);
        free(prompt_name);
        free(tokens_name);
        free(prompt_path);
        free(tokens_path);
        free(prompt);
        free(tokens);
    }
    tokenizer_close(tokenizer);
    gguf_close(&gguf);
    free(model_path);
}

static void test_prompts_stories(void **state)
{
    (void)state;
    check_prompts("models/stories260K.gguf", "reference/stories260K");
}

static void test_prompts_tiny_qwen2(void **state)
{
    (void)state;
    check_prompts("models/tiny-qwen2-q8_0.gguf", "reference/tiny-qwen2-q8_0/ref");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bpe_same_as_naive),
        cmocka_unit_test(test_empty_text),
        cmocka_unit_test(test_bpe_one_long_word),
        cmocka_unit_test(test_ignore_merges_takes_whole_tokens),
        cmocka_unit_test(test_special_token_made_by_merging),
        cmocka_unit_test(test_special_tokens),
        cmocka_unit_test(test_spm),
        cmocka_unit_test(test_spm_without_prefix),
        cmocka_unit_test(test_spm_token_across_words),
        cmocka_unit_test(test_spm_one_long_word),
        cmocka_unit_test(test_refuses_bad_vocabularies),
        cmocka_unit_test(test_byte_without_token),
        cmocka_unit_test(test_vocabulary_gpt2),
        cmocka_unit_test(test_vocabulary_qwen2),
        cmocka_unit_test(test_vocabulary_llama),
        cmocka_unit_test(test_prompts_stories),
        cmocka_unit_test(test_prompts_tiny_qwen2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
