/* synth_vocab.c: see synth_vocab.h. The strings point into the source file's mapping or the arena. */
#include "engines/native/synth_vocab.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { BYTE_COUNT = 256 };
enum {
    TOKEN_NORMAL = 1,
    TOKEN_CONTROL = 3,
    TOKEN_UNUSED = 5
}; /* as llama.cpp numbers them in tokenizer.ggml.token_type */

static const char tokens_key[] = "tokenizer.ggml.tokens";
static const char types_key[] = "tokenizer.ggml.token_type";
static const char scores_key[] = "tokenizer.ggml.scores";

/* The control tokens of a family of models, as its published tokenizers have them. */
enum { SPECIALS_MAX = 8 };
struct synth_specials {
    const char *pre;
    const char *names[SPECIALS_MAX]; /* NULL behind the last */
    int bos, eos, padding;           /* indices into names, -1 = none */
    bool add_bos;
};

static const struct synth_specials specials_table[] = {
    { "qwen2", { "<|endoftext|>", "<|im_start|>", "<|im_end|>" }, 0, 2, 0, false },
    { "llama-bpe",
      { "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>" },
      0,
      4,
      1,
      true },
};

static void pad(struct synth_vocab *vocab, size_t count)
{
    for (size_t i = count; i < vocab->size; i++) {
        char *name = arena_format(&vocab->arena, "[PAD%zu]", i);
        vocab->tokens[i] = (struct gguf_string){ name, strlen(name) };
        vocab->types[i] = TOKEN_UNUSED;
        if (vocab->scores != NULL)
            vocab->scores[i] = 0.0f;
    }
    vocab->used = vocab->size;
    while (vocab->used > 1 && vocab->types[vocab->used - 1] == TOKEN_UNUSED)
        vocab->used--;
}

/* Fills the arrays from vocab->source, whose tokens array is given. */
static int copy_arrays(struct synth_vocab *vocab, const struct gguf_array *tokens, struct error *error)
{
    const struct gguf *source = &vocab->source;
    const size_t count = (size_t)tokens->count;
    struct gguf_array types = { 0 }, scores = { 0 };
    int code = 0;
    if (gguf_find(source, types_key) != NULL)
        code = gguf_array(source, types_key, GGUF_I32, &types, error);
    if (code == 0 && gguf_find(source, scores_key) != NULL)
        code = gguf_array(source, scores_key, GGUF_F32, &scores, error);
    if (code != 0)
        return code;
    if ((types.data != NULL && types.count != count) || (scores.data != NULL && scores.count != count))
        return error_set(error, ERROR_FORMAT, "%s: %s and the tokens differ in number", source->path,
                         types.count != count ? types_key : scores_key);

    vocab->tokens = arena_array(&vocab->arena, vocab->size, sizeof *vocab->tokens);
    vocab->types = arena_array(&vocab->arena, vocab->size, sizeof *vocab->types);
    if (scores.data != NULL) {
        vocab->scores = arena_array(&vocab->arena, vocab->size, sizeof *vocab->scores);
        memcpy(vocab->scores, scores.data, count * sizeof *vocab->scores);
    }
    const unsigned char *cursor = tokens->data;
    for (size_t i = 0; i < count; i++) {
        vocab->tokens[i] = gguf_array_next_string(&cursor);
        vocab->types[i] = TOKEN_NORMAL;
    }
    if (types.data != NULL)
        memcpy(vocab->types, types.data, count * sizeof *vocab->types);
    pad(vocab, count);
    return 0;
}

int synth_vocab_copy(struct synth_vocab *vocab, const char *path, size_t wanted, bool exact, struct error *error)
{
    memset(vocab, 0, sizeof *vocab);
    int code = gguf_open(&vocab->source, path, error);
    if (code != 0)
        return code;
    struct gguf_array tokens;
    code = gguf_array(&vocab->source, tokens_key, GGUF_STRING, &tokens, error);
    if (code == 0 && exact && tokens.count > wanted)
        code = error_set(error, ERROR_USAGE, "%s: has %llu tokens, the vocabulary size asked for is %zu", path,
                         (unsigned long long)tokens.count, wanted);
    if (code == 0) {
        vocab->size = tokens.count > wanted ? (size_t)tokens.count : wanted;
        code = copy_arrays(vocab, &tokens, error);
    }
    if (code != 0)
        synth_vocab_close(vocab);
    return code;
}

static size_t count_specials(const struct synth_specials *specials)
{
    size_t count = 0;
    while (count < SPECIALS_MAX && specials->names[count] != NULL)
        count++;
    return count;
}

static void set_token(struct synth_vocab *vocab, size_t id, const char *name, int32_t type)
{
    vocab->tokens[id] = (struct gguf_string){ name, strlen(name) };
    vocab->types[id] = type;
}

int synth_vocab_train(struct synth_vocab *vocab, const char *pre, const char *text, size_t length, size_t size,
                      struct error *error)
{
    memset(vocab, 0, sizeof *vocab);
    const struct synth_specials *specials = specials_table;
    while (strcmp(specials->pre, pre) != 0)
        specials++;
    const size_t special_count = count_specials(specials);
    if (size < BYTE_COUNT + special_count)
        return error_set(error, ERROR_USAGE,
                         "a vocabulary of %zu tokens has no room for %d bytes and %zu special tokens", size, BYTE_COUNT,
                         special_count);
    int code = bpe_train(text, length, size - special_count, &vocab->bpe, error);
    if (code != 0)
        return code;
    vocab->size = size;
    vocab->specials = specials;
    vocab->tokens = arena_array(&vocab->arena, size, sizeof *vocab->tokens);
    vocab->types = arena_array(&vocab->arena, size, sizeof *vocab->types);
    for (size_t i = 0; i < vocab->bpe.token_count; i++)
        set_token(vocab, i, vocab->bpe.tokens[i], TOKEN_NORMAL);
    for (size_t i = 0; i < special_count; i++)
        set_token(vocab, vocab->bpe.token_count + i, specials->names[i], TOKEN_CONTROL);
    pad(vocab, vocab->bpe.token_count + special_count);
    return 0;
}

void synth_vocab_close(struct synth_vocab *vocab)
{
    gguf_close(&vocab->source);
    bpe_vocab_release(&vocab->bpe);
    arena_release(&vocab->arena);
    memset(vocab, 0, sizeof *vocab);
}

static void write_special(const struct synth_vocab *vocab, struct gguf_write *writer, const char *name, int index)
{
    if (index >= 0)
        gguf_write_u32(writer, name, (uint32_t)(vocab->bpe.token_count + (size_t)index));
}

static void write_trained(const struct synth_vocab *vocab, struct gguf_write *writer)
{
    const struct bpe_vocab *bpe = &vocab->bpe;
    struct gguf_string *merges = mem_array(bpe->merge_count + 1, sizeof *merges);
    for (size_t i = 0; i < bpe->merge_count; i++)
        merges[i] = (struct gguf_string){ bpe->merges[i], strlen(bpe->merges[i]) };
    gguf_write_text(writer, "tokenizer.ggml.model", "gpt2");
    gguf_write_text(writer, "tokenizer.ggml.pre", vocab->specials->pre);
    gguf_write_strings(writer, "tokenizer.ggml.merges", merges, bpe->merge_count);
    write_special(vocab, writer, "tokenizer.ggml.bos_token_id", vocab->specials->bos);
    write_special(vocab, writer, "tokenizer.ggml.eos_token_id", vocab->specials->eos);
    write_special(vocab, writer, "tokenizer.ggml.padding_token_id", vocab->specials->padding);
    gguf_write_bool(writer, "tokenizer.ggml.add_bos_token", vocab->specials->add_bos);
    free(merges);
}

void synth_vocab_write(const struct synth_vocab *vocab, struct gguf_write *writer)
{
    static const char prefix[] = "tokenizer.";
    if (vocab->specials != NULL)
        write_trained(vocab, writer);
    gguf_write_strings(writer, tokens_key, vocab->tokens, vocab->size);
    gguf_write_array(writer, types_key, GGUF_I32, vocab->types, vocab->size);
    if (vocab->scores != NULL)
        gguf_write_array(writer, scores_key, GGUF_F32, vocab->scores, vocab->size);
    for (size_t i = 0; i < vocab->source.key_count; i++) {
        const struct gguf_key *key = &vocab->source.keys[i];
        if (key->name.length < sizeof prefix || memcmp(key->name.data, prefix, sizeof prefix - 1) != 0 ||
            gguf_string_equal(key->name, tokens_key) || gguf_string_equal(key->name, types_key) ||
            gguf_string_equal(key->name, scores_key))
            continue;
        gguf_write_copy(writer, key);
    }
}
