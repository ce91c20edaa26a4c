/* tokenizer_spm.c: SentencePiece BPE (Kudo, Richardson 2018): neighbouring pieces are joined while the result is a
 * token, the one with the highest score first. Characters without a token are spelled by byte tokens.
 *
 * The scores order joins over the whole text. When no token of a vocabulary has a blank behind a letter, joins never
 * cross the start of a word, words are independent, and the text is encoded word by word with the same result. */
#include "engines/native/tokenizer_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHED_WORD_LIMIT = 64 };

/* ---- opening ---- */

/* Order of floats as order of unsigned integers, reversed: a high score is a low priority number. score is not NaN. */
static uint32_t priority_of(float score)
{
    uint32_t bits;
    score += 0.0f; /* -0 counts as 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? bits : ~(bits | 0x80000000u);
}

static int read_scores(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error)
{
    const char *name = "tokenizer.ggml.scores";
    struct gguf_array scores;
    int rc = gguf_array(gguf, name, GGUF_F32, &scores, error);
    if (rc != 0)
        return rc;
    size_t count = tokenizer->vocab.count;
    if (scores.count < count)
        return error_set(error, ERROR_FORMAT, "%s: key %s: has %" PRIu64 " items for %zu tokens", gguf->path, name,
                         scores.count, count);
    tokenizer->priorities = malloc(count * sizeof *tokenizer->priorities);
    if (!tokenizer->priorities)
        return error_set(error, ERROR_MEMORY, "%s: no memory for %zu scores", gguf->path, count);
    for (size_t i = 0; i < count; i++) {
        float score;
        memcpy(&score, scores.data + i * sizeof score, sizeof score);
        if (score != score)
            return error_set(error, ERROR_FORMAT, "%s: key %s: the score of token %zu is not a number", gguf->path,
                             name, i);
        tokenizer->priorities[i] = priority_of(score);
    }
    return 0;
}

/* A byte's token reads <0xXX>; vocabularies without byte fallback may have it as a character. */
static void find_byte_tokens(struct tokenizer *tokenizer)
{
    const struct vocab *vocab = &tokenizer->vocab;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        tokenizer->byte_tokens[byte] = vocab_find(vocab, &text, 1);
    }
    for (uint32_t i = (uint32_t)vocab->count; i-- > 0;) {
        size_t length;
        const char *bytes = vocab_bytes(vocab, i, &length);
        if (vocab->kinds[i] & VOCAB_BYTE)
            tokenizer->byte_tokens[(unsigned char)*bytes] = i;
    }
}

int spm_open(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error)
{
    tokenizer->sentencepiece = true;
    tokenizer->add_bos = true;
    tokenizer->add_space_prefix = true;
    tokenizer->bos = 1;
    tokenizer->eos = 2;
    tokenizer->unknown = 0;
    snprintf(tokenizer->kind, sizeof tokenizer->kind, "spm");
    int rc = vocab_open(&tokenizer->vocab, gguf, VOCAB_SENTENCEPIECE, error);
    if (rc != 0)
        return rc;
    find_byte_tokens(tokenizer);
    return read_scores(tokenizer, gguf, error);
}

/* ---- encoding ---- */

static inline void look_up(const void *context, const char *text, struct merge_symbol *left,
                           const struct merge_symbol *right)
{
    const struct tokenizer *tokenizer = context;
    size_t length = (size_t)left->length + right->length;
    left->joined =
        length > tokenizer->vocab.longest_bytes ? VOCAB_NONE : vocab_find(&tokenizer->vocab, text + left->at, length);
    left->priority = left->joined == VOCAB_NONE ? MERGE_NEVER : tokenizer->priorities[left->joined];
}

/* Length of the UTF-8 character that starts here; 1 for a byte that starts none. */
static size_t character_length(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    size_t wanted = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    if (wanted > length)
        return 1;
    for (size_t i = 1; i < wanted; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 1;
    return wanted;
}

/* A character without a token, byte by byte. A blank stands for U+2581. */
static int push_character(struct encoder *encoder, const char *text, size_t length)
{
    if (length == 1 && *text == ' ') {
        text = "\xe2\x96\x81";
        length = 3;
    }
    int rc = encoder_reserve(encoder, length);
    for (size_t i = 0; i < length && rc == 0; i++)
        rc = encoder_push_byte(encoder, (unsigned char)text[i]);
    return rc;
}

static int encode_by_merging(struct encoder *encoder, const char *text, size_t length)
{
    int rc = encoder_reserve_symbols(encoder, length);
    if (rc == 0)
        rc = encoder_reserve(encoder, length);
    if (rc != 0)
        return rc;
    uint32_t count = 0;
    for (size_t at = 0; at < length; count++) {
        struct merge_symbol *symbol = &encoder->symbols[count];
        symbol->at = (uint32_t)at;
        symbol->length = (uint32_t)character_length(text + at, length - at);
        symbol->id = vocab_find(&encoder->tokenizer->vocab, text + at, symbol->length);
        at += symbol->length;
    }
    merge_run(encoder->symbols, count, encoder->heap, look_up, encoder->tokenizer, text);
    for (uint32_t i = 0; i != MERGE_END; i = encoder->symbols[i].next) {
        const struct merge_symbol *symbol = &encoder->symbols[i];
        rc = symbol->id == VOCAB_NONE ? push_character(encoder, text + symbol->at, symbol->length)
                                      : encoder_reserve(encoder, 1);
        if (rc != 0)
            return rc;
        if (symbol->id != VOCAB_NONE)
            encoder->tokens[encoder->count++] = symbol->id;
    }
    return 0;
}

static int encode_word(struct encoder *encoder, const char *text, size_t length)
{
    if (length > CACHED_WORD_LIMIT)
        return encode_by_merging(encoder, text, length);
    struct cached_word *slot;
    int rc = encoder_reserve(encoder, 3 * length);
    if (rc != 0 || encoder_recall(encoder, text, length, vocab_hash(text, length), &slot))
        return rc;
    size_t start = encoder->count;
    rc = encode_by_merging(encoder, text, length);
    if (rc == 0)
        *slot = (struct cached_word){ text, (uint32_t)length, (uint32_t)(encoder->count - start), start };
    return rc;
}

/* Length of the first word with the blanks before it. */
static size_t word_length(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && text[at] == ' ')
        at++;
    const char *blank = at < length ? memchr(text + at, ' ', length - at) : NULL;
    return blank ? (size_t)(blank - text) : length;
}

int spm_encode(struct encoder *encoder, const char *text, size_t length)
{
    if (encoder->tokenizer->vocab.blank_inside)
        return encode_by_merging(encoder, text, length);
    int rc = 0;
    for (size_t at = 0, word; at < length && rc == 0; at += word) {
        word = word_length(text + at, length - at);
        rc = encode_word(encoder, text + at, word);
    }
    return rc;
}
