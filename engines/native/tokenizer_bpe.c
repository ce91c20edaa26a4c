/* tokenizer_bpe.c: byte-level BPE (Sennrich et al. 2016; bytes as symbols: Radford et al. 2019).
 *
 * A text is cut by the pre-tokenizer; inside a piece, neighbouring tokens are joined in the order of the file's merge
 * list. The list is kept as a hash table from a pair of ids to rank and result, so a step costs one lookup. */
#include "engines/native/tokenizer_internal.h"

#include "engines/native/byte_level.h"
#include "harness/base/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words longer than this are not remembered: they seldom come again. */
enum { CACHED_WORD_LIMIT = 64 };

/* tokenizer.ggml.pre as converters write it. Names of the same rule differ in the model family they came from. */
static const struct bpe_rule rules[] = {
    { "gpt-2", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "gpt2", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "phi-2", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "mpt", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "olmo", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "jais", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "exaone4", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "trillion", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "gigachat", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "mellum", "gpt-2", PRETOKENIZE_GPT2, false, false },
    { "smollm", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "starcoder", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "refact", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "command-r", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "codeshell", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "exaone", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "minerva-7b", "smollm", PRETOKENIZE_SMOLLM, false, false },
    { "llama-bpe", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "llama3", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "llama-v3", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "falcon3", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "falcon-h1", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "pixtral", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "midm-2.0", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "lfm2", "llama-bpe", PRETOKENIZE_LLAMA3, true, true },
    { "smaug-bpe", "llama-bpe", PRETOKENIZE_LLAMA3, false, false },
    { "dbrx", "llama-bpe", PRETOKENIZE_LLAMA3, false, false },
    { "qwen2", "qwen2", PRETOKENIZE_QWEN2, false, false },
    { "deepseek-r1-qwen", "qwen2", PRETOKENIZE_QWEN2, false, false },
    { "stablelm2", "qwen2", PRETOKENIZE_QWEN2, false, false },
    { "hunyuan", "qwen2", PRETOKENIZE_QWEN2, false, false },
    { "megrez", "qwen2", PRETOKENIZE_QWEN2, false, false },
    { "kormo", "qwen2", PRETOKENIZE_QWEN2, false, false },
};

/* ---- opening ---- */

static int choose_rule(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error)
{
    struct gguf_string name;
    int rc = gguf_text_or(gguf, "tokenizer.ggml.pre", "default", &name, error);
    if (rc != 0)
        return rc;
    tokenizer->rule = NULL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (gguf_string_equal(name, rules[i].name))
            tokenizer->rule = &rules[i];
    if (gguf_string_equal(name, "default")) {
        /* Files from before the key existed. Their models were mostly GPT-2's kind. */
        log_warn("%s: does not name its pre-tokenizer (tokenizer.ggml.pre), taking gpt-2", gguf->path);
        tokenizer->rule = &rules[0];
    }
    if (!tokenizer->rule)
        return error_set(error, ERROR_UNSUPPORTED,
                         "%s: pre-tokenizer '%.*s' is not supported; gpt-2, llama-bpe, qwen2 and smollm are",
                         gguf->path, (int)(name.length < 64 ? name.length : 64), name.data);
    tokenizer->add_bos = tokenizer->rule->add_bos;
    snprintf(tokenizer->kind, sizeof tokenizer->kind, "bpe %s", tokenizer->rule->canonical);
    return 0;
}

/* Where the search for a pair starts. */
static inline struct bpe_pair *first_pair(const struct tokenizer *tokenizer, uint32_t left, uint32_t right)
{
    uint64_t hash = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u;
    return &tokenizer->pairs[(hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u >> tokenizer->pair_shift];
}

static inline struct bpe_pair *find_pair(const struct tokenizer *tokenizer, uint32_t left, uint32_t right)
{
    struct bpe_pair *pair = first_pair(tokenizer, left, right), *end = tokenizer->pairs + tokenizer->pair_mask + 1;
    while (pair->left != VOCAB_NONE && (pair->left != left || pair->right != right))
        if (++pair == end)
            pair = tokenizer->pairs;
    return pair;
}

/* One line of the merge list, read: its bytes lie in a buffer of all lines, left half first. */
struct merge_line {
    uint32_t at, left_length, length;
};

/* A merge list names 300,000 tokens, scattered over a table larger than a core's cache. The loops over it ask for the
 * memory of the line that is this far ahead. */
enum { LOOK_AHEAD = 12 };

/* "left right", both spelled as in the vocabulary. Appends their bytes to out. */
static int read_line(const struct tokenizer *tokenizer, struct gguf_string text, uint32_t rank, char *out, uint32_t at,
                     struct merge_line *line, struct error *error)
{
    const char *blank = text.length > 2 ? memchr(text.data + 1, ' ', text.length - 2) : NULL;
    if (!blank)
        return error_set(error, ERROR_FORMAT, "%s: merge %" PRIu32 ": expected two tokens with a blank between",
                         tokenizer->path, rank);
    size_t left_length, right_length, left_spelled = (size_t)(blank - text.data);
    if (!byte_level_read(text.data, left_spelled, out + at, &left_length) ||
        !byte_level_read(blank + 1, text.length - left_spelled - 1, out + at + left_length, &right_length))
        return error_set(error, ERROR_FORMAT, "%s: merge %" PRIu32 ": has characters that spell no byte",
                         tokenizer->path, rank);
    *line = (struct merge_line){ at, (uint32_t)left_length, (uint32_t)(left_length + right_length) };
    return 0;
}

/* Vocabularies list the results of merges in the order of the merges, so the token behind the last result is nearly
 * always the next one. */
static uint32_t find_joined(const struct vocab *vocab, const char *bytes, size_t length, uint32_t last)
{
    uint32_t guess = last + 1;
    size_t guess_length = 0;
    const char *guess_bytes = guess < vocab->count ? vocab_bytes(vocab, guess, &guess_length) : NULL;
    if (guess_length == length && memcmp(guess_bytes, bytes, length) == 0 && vocab->kinds[guess] == VOCAB_NORMAL)
        return guess;
    return vocab_find(vocab, bytes, length);
}

static void prefetch_line(const struct vocab *vocab, const char *bytes, const struct merge_line *line)
{
    vocab_prefetch(vocab, vocab_hash(bytes + line->at, line->left_length));
    vocab_prefetch(vocab, vocab_hash(bytes + line->at + line->left_length, line->length - line->left_length));
}

/* Turns lines into pairs of ids, in the order of the list. */
static int find_pairs(const struct tokenizer *tokenizer, const char *bytes, const struct merge_line *lines,
                      uint32_t count, struct bpe_pair *found, struct error *error)
{
    const struct vocab *vocab = &tokenizer->vocab;
    uint32_t last = VOCAB_NONE;
    for (uint32_t i = 0; i < count; i++) {
        if (count - i > LOOK_AHEAD)
            prefetch_line(vocab, bytes, &lines[i + LOOK_AHEAD]);
        const char *text = bytes + lines[i].at;
        uint32_t left_length = lines[i].left_length, length = lines[i].length;
        uint32_t left = vocab_find(vocab, text, left_length);
        uint32_t right = vocab_find(vocab, text + left_length, length - left_length);
        last = find_joined(vocab, text, length, last);
        if (left == VOCAB_NONE || right == VOCAB_NONE || last == VOCAB_NONE)
            return error_set(error, ERROR_FORMAT,
                             "%s: merge %" PRIu32 ": '%.*s' + '%.*s' names or makes a token that the vocabulary lacks",
                             tokenizer->path, i, left_length < 64 ? (int)left_length : 64, text,
                             length - left_length < 64 ? (int)(length - left_length) : 64, text + left_length);
        found[i] = (struct bpe_pair){ left, right, i, last };
    }
    return 0;
}

static void insert_pairs(struct tokenizer *tokenizer, const struct bpe_pair *found, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (count - i > LOOK_AHEAD)
            __builtin_prefetch(first_pair(tokenizer, found[i + LOOK_AHEAD].left, found[i + LOOK_AHEAD].right), 1);
        struct bpe_pair *pair = find_pair(tokenizer, found[i].left, found[i].right);
        if (pair->left == VOCAB_NONE) /* a pair that comes again keeps its first rank */
            *pair = found[i];
    }
}

static bool pairs_create(struct tokenizer *tokenizer, uint64_t count)
{
    unsigned bits = 6;
    while ((uint64_t)1 << bits < count + count / 2)
        bits++;
    size_t size = ((size_t)1 << bits) * sizeof *tokenizer->pairs;
    tokenizer->pairs = malloc(size);
    if (!tokenizer->pairs)
        return false;
    memset(tokenizer->pairs, 0xff, size); /* every left VOCAB_NONE */
    tokenizer->pair_shift = 64 - bits;
    tokenizer->pair_mask = ((size_t)1 << bits) - 1;
    return true;
}

static int read_merges(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error)
{
    const char *name = "tokenizer.ggml.merges";
    struct gguf_array texts;
    int rc = gguf_array(gguf, name, GGUF_STRING, &texts, error);
    if (rc != 0)
        return rc;
    uint64_t total = 1;
    const unsigned char *cursor = texts.data;
    for (uint64_t i = 0; i < texts.count; i++)
        total += gguf_array_next_string(&cursor).length;
    if (texts.count > INT32_MAX || total > UINT32_MAX)
        return error_set(error, ERROR_FORMAT, "%s: key %s: %" PRIu64 " merges of %" PRIu64 " bytes are too many",
                         gguf->path, name, texts.count, total);
    uint32_t count = (uint32_t)texts.count, used = 0;
    char *bytes = malloc((size_t)total);
    struct merge_line *lines = malloc((count + 1) * sizeof *lines);
    struct bpe_pair *found = malloc((count + 1) * sizeof *found);
    if (!bytes || !lines || !found || !pairs_create(tokenizer, count))
        rc = error_set(error, ERROR_MEMORY, "%s: no memory for %" PRIu32 " merges", gguf->path, count);
    cursor = texts.data;
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        rc = read_line(tokenizer, gguf_array_next_string(&cursor), i, bytes, used, &lines[i], error);
        used += rc == 0 ? lines[i].length : 0;
    }
    if (rc == 0)
        rc = find_pairs(tokenizer, bytes, lines, count, found, error);
    if (rc == 0)
        insert_pairs(tokenizer, found, count);
    free(bytes);
    free(lines);
    free(found);
    return rc;
}

int bpe_open(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *error)
{
    int rc = choose_rule(tokenizer, gguf, error);
    if (rc == 0)
        rc = vocab_open(&tokenizer->vocab, gguf, VOCAB_BYTE_LEVEL, error);
    if (rc != 0)
        return rc;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        tokenizer->byte_tokens[byte] = vocab_find(&tokenizer->vocab, &text, 1);
    }
    return read_merges(tokenizer, gguf, error);
}

/* ---- encoding ---- */

static inline void look_up(const void *context, const char *text, struct merge_symbol *left,
                           const struct merge_symbol *right)
{
    (void)text;
    const struct bpe_pair *pair = find_pair(context, left->id, right->id);
    /* An empty slot's rank is MERGE_NEVER. */
    left->priority = pair->rank;
    left->joined = pair->joined;
}

static int encode_by_merging(struct encoder *encoder, const char *text, size_t length)
{
    int rc = encoder_reserve_symbols(encoder, length);
    if (rc != 0)
        return rc;
    const uint32_t *byte_tokens = encoder->tokenizer->byte_tokens;
    for (uint32_t i = 0; i < length; i++) {
        encoder->symbols[i].id = byte_tokens[(unsigned char)text[i]];
        encoder->symbols[i].at = i;
        encoder->symbols[i].length = 1;
    }
    merge_run(encoder->symbols, (uint32_t)length, encoder->heap, look_up, encoder->tokenizer, text);
    for (uint32_t i = 0; i != MERGE_END; i = encoder->symbols[i].next) {
        uint32_t id = encoder->symbols[i].id;
        if (id != VOCAB_NONE)
            encoder->tokens[encoder->count++] = id;
        else if ((rc = encoder_push_byte(encoder, (unsigned char)text[i])) != 0)
            return rc;
    }
    return 0;
}

static int encode_piece(struct encoder *encoder, const char *text, size_t length)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    int rc = encoder_reserve(encoder, length);
    if (rc != 0)
        return rc;
    if (length > CACHED_WORD_LIMIT && !tokenizer->rule->ignore_merges)
        return encode_by_merging(encoder, text, length);
    uint64_t hash = vocab_hash(text, length);
    struct cached_word *slot;
    if (encoder_recall(encoder, text, length, hash, &slot))
        return 0;
    size_t start = encoder->count;
    uint32_t whole = VOCAB_NONE;
    if (tokenizer->rule->ignore_merges)
        whole = vocab_find_hashed(&tokenizer->vocab, text, length, hash);
    if (whole != VOCAB_NONE)
        encoder->tokens[encoder->count++] = whole;
    else if ((rc = encode_by_merging(encoder, text, length)) != 0)
        return rc;
    *slot = (struct cached_word){ text, (uint32_t)length, (uint32_t)(encoder->count - start), start };
    return 0;
}

int bpe_encode(struct encoder *encoder, const char *text, size_t length)
{
    enum pretokenize_rule rule = encoder->tokenizer->rule->rule;
    int rc = 0;
    for (size_t at = 0, piece; at < length && rc == 0; at += piece) {
        piece = pretokenize_next(rule, text + at, length - at);
        rc = piece == 1 && encoder->tokenizer->byte_tokens[(unsigned char)text[at]] != VOCAB_NONE
                 ? encoder_push_byte(encoder, (unsigned char)text[at])
                 : encode_piece(encoder, text + at, piece);
    }
    return rc;
}
