/* tokenizer.c: opens a vocabulary, splits a text at special tokens, decodes. Owns struct tokenizer, which nothing
 * changes after opening; what an encoding needs lives in a struct encoder on the caller's stack. */
#include "engines/native/tokenizer.h"

#include "engines/native/tokenizer_internal.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

/* A key with a token's id. An id outside the vocabulary says "none" in some files: the fallback stays. */
static int read_special_id(const struct tokenizer *tokenizer, const struct gguf *gguf, const char *name, int64_t *id,
                           struct error *error)
{
    uint32_t value;
    if (*id >= (int64_t)tokenizer->vocab.count)
        *id = -1;
    const struct gguf_key *key = gguf_find(gguf, name);
    if (!key || ((key->type == GGUF_I32 || key->type == GGUF_I64) && key->value.i < 0))
        return 0;
    int rc = gguf_u32(gguf, name, &value, error);
    if (rc == 0 && value < tokenizer->vocab.count)
        *id = value;
    return rc;
}

static int read_habits(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error)
{
    static const char *const end_keys[] = { "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id" };
    int rc = read_special_id(tokenizer, gguf, "tokenizer.ggml.bos_token_id", &tokenizer->bos, error);
    if (rc == 0)
        rc = read_special_id(tokenizer, gguf, "tokenizer.ggml.eos_token_id", &tokenizer->eos, error);
    if (rc == 0)
        rc = read_special_id(tokenizer, gguf, "tokenizer.ggml.unknown_token_id", &tokenizer->unknown, error);
    if (rc == 0)
        rc = gguf_bool_or(gguf, "tokenizer.ggml.add_bos_token", tokenizer->add_bos, &tokenizer->add_bos, error);
    if (rc == 0)
        rc = gguf_bool_or(gguf, "tokenizer.ggml.add_eos_token", tokenizer->add_eos, &tokenizer->add_eos, error);
    if (rc == 0)
        rc = gguf_bool_or(gguf, "tokenizer.ggml.add_space_prefix", tokenizer->add_space_prefix,
                          &tokenizer->add_space_prefix, error);
    for (size_t i = 0; i < sizeof end_keys / sizeof *end_keys && rc == 0; i++) {
        int64_t id = -1;
        rc = read_special_id(tokenizer, gguf, end_keys[i], &id, error);
        if (id >= 0)
            tokenizer->vocab.kinds[id] |= VOCAB_ENDS;
    }
    if (tokenizer->eos >= 0)
        tokenizer->vocab.kinds[tokenizer->eos] |= VOCAB_ENDS;
    tokenizer->add_bos = tokenizer->add_bos && tokenizer->bos >= 0;
    tokenizer->add_eos = tokenizer->add_eos && tokenizer->eos >= 0;
    tokenizer->add_space_prefix = tokenizer->add_space_prefix && tokenizer->sentencepiece;
    return rc;
}

int tokenizer_open(struct tokenizer **out, const struct gguf *gguf, struct error *error)
{
    struct gguf_string model;
    *out = NULL;
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    if (!tokenizer)
        return error_set(error, ERROR_MEMORY, "%s: no memory for the tokenizer", gguf->path);
    tokenizer->path = gguf->path;
    tokenizer->bos = tokenizer->eos = tokenizer->unknown = -1;
    int rc = gguf_text(gguf, "tokenizer.ggml.model", &model, error);
    if (rc != 0)
        goto failed;
    if (gguf_string_equal(model, "gpt2"))
        rc = bpe_open(tokenizer, gguf, error);
    else if (gguf_string_equal(model, "llama"))
        rc = spm_open(tokenizer, gguf, error);
    else
        rc = error_set(
            error, ERROR_UNSUPPORTED,
            "%s: tokenizer model '%.*s' is not supported; gpt2 (byte-level BPE) and llama (SentencePiece) are",
            gguf->path, (int)(model.length < 64 ? model.length : 64), model.data);
    if (rc == 0)
        rc = read_habits(tokenizer, gguf, error);
    if (rc == 0)
        rc = special_open(&tokenizer->user_defined, &tokenizer->vocab, VOCAB_USER_DEFINED, error);
    if (rc == 0)
        rc = special_open(&tokenizer->all_special, &tokenizer->vocab,
                          VOCAB_USER_DEFINED | VOCAB_CONTROL | VOCAB_UNKNOWN, error);
    if (rc != 0)
        goto failed;
    *out = tokenizer;
    return 0;
failed:
    tokenizer_close(tokenizer);
    return rc;
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    vocab_close(&tokenizer->vocab);
    special_close(&tokenizer->user_defined);
    special_close(&tokenizer->all_special);
    free(tokenizer->pairs);
    free(tokenizer->priorities);
    free(tokenizer);
}

size_t tokenizer_size(const struct tokenizer *tokenizer)
{
    return tokenizer->vocab.count;
}

const char *tokenizer_kind(const struct tokenizer *tokenizer)
{
    return tokenizer->kind;
}

void tokenizer_info(const struct tokenizer *tokenizer, struct token_info *info)
{
    *info = (struct token_info){ tokenizer->bos, tokenizer->eos, tokenizer->add_bos, tokenizer->add_eos };
}

bool tokenizer_ends(const struct tokenizer *tokenizer, uint32_t token)
{
    return token < tokenizer->vocab.count && (tokenizer->vocab.kinds[token] & VOCAB_ENDS) != 0;
}

/* ---- the encoder ---- */

static int fail_encoder_memory(const struct encoder *encoder)
{
    return error_set(encoder->error, ERROR_MEMORY, "%s: no memory to tokenize this text", encoder->tokenizer->path);
}

/* Grows *items to at least wanted items of item_bytes. */
static bool grow(void **items, size_t *capacity, size_t wanted, size_t item_bytes)
{
    size_t larger = *capacity + *capacity / 2 + 64;
    if (larger < wanted)
        larger = wanted;
    void *moved = larger > SIZE_MAX / item_bytes ? NULL : realloc(*items, larger * item_bytes);
    if (!moved)
        return false;
    *items = moved;
    *capacity = larger;
    return true;
}

int encoder_reserve(struct encoder *encoder, size_t more)
{
    if (more <= encoder->capacity - encoder->count)
        return 0;
    void *tokens = encoder->tokens;
    bool grown = grow(&tokens, &encoder->capacity, encoder->count + more, sizeof *encoder->tokens);
    encoder->tokens = tokens;
    return grown ? 0 : fail_encoder_memory(encoder);
}

int encoder_reserve_symbols(struct encoder *encoder, size_t count)
{
    void *symbols = encoder->symbols, *heap = encoder->heap;
    bool grown = true;
    if (count > encoder->symbol_capacity)
        grown = grow(&symbols, &encoder->symbol_capacity, count, sizeof *encoder->symbols);
    if (grown && count > MERGE_SCAN_LIMIT && 2 * count > encoder->heap_capacity)
        grown = grow(&heap, &encoder->heap_capacity, 2 * count, sizeof *encoder->heap);
    encoder->symbols = symbols;
    encoder->heap = heap;
    return grown ? 0 : fail_encoder_memory(encoder);
}

int encoder_push_byte(struct encoder *encoder, unsigned char byte)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    uint32_t token = tokenizer->byte_tokens[byte];
    if (token == VOCAB_NONE && tokenizer->unknown < 0)
        return error_set(encoder->error, ERROR_UNSUPPORTED,
                         "%s: the vocabulary has no token for the byte 0x%02X and none for the unknown",
                         tokenizer->path, byte);
    int rc = encoder_reserve(encoder, 1);
    if (rc == 0)
        encoder->tokens[encoder->count++] = token != VOCAB_NONE ? token : (uint32_t)tokenizer->unknown;
    return rc;
}

bool encoder_recall(struct encoder *encoder, const char *text, size_t length, uint64_t hash, struct cached_word **slot)
{
    struct cached_word *word = &encoder->cache[hash & encoder->cache_mask];
    *slot = word;
    if (!word->text || word->length != length || memcmp(word->text, text, length) != 0)
        return false;
    const uint32_t *seen = encoder->tokens + word->at;
    for (uint32_t i = 0; i < word->count; i++)
        encoder->tokens[encoder->count++] = seen[i];
    return true;
}

static int open_encoder(struct encoder *encoder, size_t length)
{
    size_t slots = 16;
    while (slots < 8192 && slots < length / 4)
        slots *= 2;
    encoder->cache = calloc(slots, sizeof *encoder->cache);
    encoder->cache_mask = slots - 1;
    if (!encoder->cache)
        return fail_encoder_memory(encoder);
    /* Ordinary text has three to five bytes a token. */
    return encoder_reserve(encoder, length / 3 + 16);
}

/* ---- encoding ---- */

/* SentencePiece sees a blank where U+2581 stands. Returns the number of bytes written. */
static size_t copy_with_blanks(const char *text, size_t length, char *out)
{
    size_t count = 0;
    for (size_t i = 0; i < length;) {
        const char *mark = memchr(text + i, '\xe2', length - i);
        size_t plain = mark ? (size_t)(mark - text) - i : length - i;
        memcpy(out + count, text + i, plain);
        count += plain;
        i += plain;
        if (i == length)
            break;
        bool blank = length - i >= 3 && memcmp(mark, "\xe2\x96\x81", 3) == 0;
        out[count++] = blank ? ' ' : *mark;
        i += blank ? 3 : 1;
    }
    return count;
}

/* Text before, between or after special tokens. *buffer: where SentencePiece puts its copy, which gets a blank in
 * front. */
static int encode_plain(struct encoder *encoder, const char *text, size_t length, char **buffer)
{
    if (length == 0)
        return 0;
    if (!encoder->tokenizer->sentencepiece)
        return bpe_encode(encoder, text, length);
    char *copy = *buffer;
    size_t count = 0;
    if (encoder->tokenizer->add_space_prefix)
        copy[count++] = ' ';
    count += copy_with_blanks(text, length, copy + count);
    *buffer += count;
    return spm_encode(encoder, copy, count);
}

static int encode_text(struct encoder *encoder, const char *text, size_t length, unsigned flags)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    const struct special_set *set = flags & TOKENIZE_PARSE_SPECIAL ? &tokenizer->all_special : &tokenizer->user_defined;
    struct special_match *matches = NULL;
    size_t match_count = 0, at = 0;
    char *copy = NULL;
    int rc = 0;
    if (set->count > 0)
        rc = special_find(set, &tokenizer->vocab, text, length, &matches, &match_count, encoder->error);
    if (rc == 0 && tokenizer->sentencepiece && !(copy = malloc(length + match_count + 1)))
        rc = fail_encoder_memory(encoder);
    char *buffer = copy;
    for (size_t i = 0; i < match_count && rc == 0; i++) {
        rc = encode_plain(encoder, text + at, matches[i].at - at, &buffer);
        if (rc == 0)
            rc = encoder_reserve(encoder, 1);
        if (rc == 0)
            encoder->tokens[encoder->count++] = matches[i].id;
        at = matches[i].at + matches[i].length;
    }
    if (rc == 0)
        rc = encode_plain(encoder, text + at, length - at, &buffer);
    free(copy);
    free(matches);
    return rc;
}

int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, unsigned flags,
                     uint32_t **tokens, size_t *count, struct error *error)
{
    struct encoder encoder = { .tokenizer = tokenizer, .error = error };
    *tokens = NULL;
    *count = 0;
    if (length >= UINT32_MAX / 2)
        return error_set(error, ERROR_LIMIT, "%s: a text of %zu bytes is too long to tokenize at once", tokenizer->path,
                         length);
    int rc = open_encoder(&encoder, length);
    if (rc == 0 && (flags & TOKENIZE_ADD_SPECIAL) && tokenizer->add_bos)
        encoder.tokens[encoder.count++] = (uint32_t)tokenizer->bos;
    if (rc == 0 && length > 0)
        rc = encode_text(&encoder, text, length, flags);
    if (rc == 0 && (flags & TOKENIZE_ADD_SPECIAL) && tokenizer->add_eos) {
        rc = encoder_reserve(&encoder, 1);
        if (rc == 0)
            encoder.tokens[encoder.count++] = (uint32_t)tokenizer->eos;
    }
    free(encoder.symbols);
    free(encoder.heap);
    free(encoder.cache);
    if (rc != 0) {
        free(encoder.tokens);
        return rc;
    }
    *tokens = encoder.tokens;
    *count = encoder.count;
    return 0;
}

/* ---- decoding ---- */

int tokenizer_token_bytes(const struct tokenizer *tokenizer, uint32_t token, bool with_special, const char **bytes,
                          size_t *length, struct error *error)
{
    const struct vocab *vocab = &tokenizer->vocab;
    if (token >= vocab->count)
        return error_set(error, ERROR_USAGE, "%s: token %" PRIu32 " is outside the vocabulary of %zu", tokenizer->path,
                         token, vocab->count);
    unsigned kind = vocab->kinds[token];
    *bytes = vocab_bytes(vocab, token, length);
    bool special = (kind & (VOCAB_CONTROL | VOCAB_UNKNOWN)) != 0;
    bool text = (kind & (VOCAB_NORMAL | VOCAB_USER_DEFINED | VOCAB_BYTE)) != 0;
    if (special ? !with_special : !text)
        *length = 0;
    return 0;
}

int tokenizer_decode(const struct tokenizer *tokenizer, const uint32_t *tokens, size_t count, bool with_special,
                     char **text, size_t *length, struct error *error)
{
    size_t total = 0, written = 0, size;
    const char *bytes;
    *text = NULL;
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        int rc = tokenizer_token_bytes(tokenizer, tokens[i], with_special, &bytes, &size, error);
        if (rc != 0)
            return rc;
        total += size;
    }
    char *out = malloc(total + 1);
    if (!out)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a text of %zu bytes", tokenizer->path, total);
    bool prefix = tokenizer->add_space_prefix;
    for (size_t i = 0; i < count; i++) {
        (void)tokenizer_token_bytes(tokenizer, tokens[i], with_special, &bytes, &size, NULL);
        bool plain = size > 0 && !(tokenizer->vocab.kinds[tokens[i]] & (VOCAB_CONTROL | VOCAB_UNKNOWN));
        /* The blank that encoding put before the text stands in its first plain token. */
        if (prefix && plain && *bytes == ' ') {
            bytes++;
            size--;
        }
        prefix = prefix && !plain;
        memcpy(out + written, bytes, size);
        written += size;
    }
    out[written] = '\0';
    *text = out;
    *length = written;
    return 0;
}
