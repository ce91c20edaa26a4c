/* synth_vocab.c: see synth_vocab.h. The strings point into the source file's mapping or the arena. */
#include "engines/native/synth_vocab.h"
#include <string.h>

enum { TOKEN_NORMAL = 1, TOKEN_UNUSED = 5 }; /* as llama.cpp numbers them in tokenizer.ggml.token_type */

static const char tokens_key[] = "tokenizer.ggml.tokens";
static const char types_key[] = "tokenizer.ggml.token_type";
static const char scores_key[] = "tokenizer.ggml.scores";

static void pad(struct synth_vocab *vocab, size_t used)
{
    for (size_t i = used; i < vocab->size; i++) {
        char *name = arena_format(&vocab->arena, "[PAD%zu]", i);
        vocab->tokens[i] = (struct gguf_string){ name, strlen(name) };
        vocab->types[i] = TOKEN_UNUSED;
        if (vocab->scores != NULL)
            vocab->scores[i] = 0.0f;
    }
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

void synth_vocab_close(struct synth_vocab *vocab)
{
    gguf_close(&vocab->source);
    arena_release(&vocab->arena);
    memset(vocab, 0, sizeof *vocab);
}

void synth_vocab_write(const struct synth_vocab *vocab, struct gguf_write *writer)
{
    static const char prefix[] = "tokenizer.";
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
