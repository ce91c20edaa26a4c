/* tokenizer_vocab.c: see tokenizer_vocab.h. Owns the copied token bytes: copied, because files spell them in another
 * way than they are used, and because a compact copy is faster to search than strings scattered over a file. */
#include "engines/native/tokenizer_vocab.h"

#include "engines/native/byte_level.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Names that end a text in models whose files do not say so (the chat templates of the model families). */
static const char *const end_names[] = {
    "</s>",
    "<eos>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|return|>",
    "<|call|>",
    "<|calls|>",
    "<|flush|>",
    "<turn|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "[e~[",
    "<|tool_response>",
    "<end_of_utterance>",
    "<｜end▁of▁sentence｜>",
    /* Fill in the middle: padding, and the start of the next file or repository. */
    "<|fim_pad|>",
    "<fim-pad>",
    "<fim_pad>",
    "<PAD>",
    "[PAD]",
    "<|fim_repo|>",
    "<|repo_name|>",
    "<fim-repo>",
    "<REPO>",
    "<reponame>",
    "<|file_sep|>",
};

/* ---- hash table ---- */

static uint64_t load_u64(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint32_t load_u32(const char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 32);
}

uint64_t vocab_hash(const char *bytes, size_t length)
{
    uint64_t hash = mix(0x243f6a8885a308d3u, length);
    if (length >= 8) {
        for (size_t i = 0; i + 8 < length; i += 8)
            hash = mix(hash, load_u64(bytes + i));
        return mix(hash, load_u64(bytes + length - 8));
    }
    /* Overlapping loads cover every length without a loop. */
    if (length >= 4)
        return mix(hash, (uint64_t)load_u32(bytes) << 32 | load_u32(bytes + length - 4));
    if (length == 0)
        return hash;
    return mix(hash, (uint64_t)(unsigned char)bytes[0] << 16 | (uint64_t)(unsigned char)bytes[length / 2] << 8 |
                         (unsigned char)bytes[length - 1]);
}

static struct vocab_slot *find_slot(const struct vocab *vocab, const char *bytes, size_t length, uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    for (size_t at = hash & vocab->slot_mask;; at = (at + 1) & vocab->slot_mask) {
        struct vocab_slot *slot = &vocab->slots[at];
        if (slot->id == VOCAB_NONE)
            return slot;
        if (slot->tag == tag) {
            size_t other_length;
            const char *other = vocab_bytes(vocab, slot->id, &other_length);
            if (other_length == length && memcmp(other, bytes, length) == 0)
                return slot;
        }
    }
}

uint32_t vocab_find_hashed(const struct vocab *vocab, const char *bytes, size_t length, uint64_t hash)
{
    uint32_t found = find_slot(vocab, bytes, length, hash)->id;
    return found < vocab->count || found == VOCAB_NONE ? found : vocab->alias_ids[found - vocab->count];
}

static bool table_create(struct vocab *vocab, size_t count)
{
    size_t slots = 64;
    while (slots < count + count / 2)
        slots *= 2;
    vocab->slots = malloc(slots * sizeof *vocab->slots);
    if (!vocab->slots)
        return false;
    memset(vocab->slots, 0xff, slots * sizeof *vocab->slots); /* every id VOCAB_NONE */
    vocab->slot_mask = slots - 1;
    return true;
}

/* Of tokens with equal bytes the first one counts. */
static void table_insert(struct vocab *vocab, uint32_t number, uint64_t hash)
{
    size_t length;
    const char *bytes = vocab_bytes(vocab, number, &length);
    struct vocab_slot *slot = find_slot(vocab, bytes, length, hash);
    if (slot->id != VOCAB_NONE)
        return;
    *slot = (struct vocab_slot){ (uint32_t)(hash >> 32), number };
    if (length > vocab->longest_bytes)
        vocab->longest_bytes = length;
    for (size_t i = 1; i < length && !vocab->blank_inside; i++)
        vocab->blank_inside = bytes[i] == ' ' && bytes[i - 1] != ' ';
}

/* ---- reading tokens ---- */

/* A token that stands for a piece of text, nothing more. */
static bool is_plain(const struct vocab *vocab, uint32_t id)
{
    return (vocab->kinds[id] & (VOCAB_NORMAL | VOCAB_CONTROL)) == VOCAB_NORMAL;
}

static bool is_end_name(struct gguf_string text)
{
    if (text.length < 4 || text.length > 32 || (text.data[0] != '<' && text.data[0] != '[' && text.data[0] != '_'))
        return false;
    for (size_t i = 0; i < sizeof end_names / sizeof *end_names; i++)
        if (gguf_string_equal(text, end_names[i]))
            return true;
    return false;
}

/* The numbers are those of SentencePiece's ModelProto.SentencePiece.Type. Others are kept but never decoded. */
static unsigned kind_of_type(int32_t type)
{
    switch (type) {
    case 1: return VOCAB_NORMAL;
    case 2: return VOCAB_UNKNOWN;
    case 3: return VOCAB_CONTROL;
    case 4: return VOCAB_USER_DEFINED;
    case 6: return VOCAB_BYTE;
    default: return 0;
    }
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* "<0x0A>" -> 10; -1 when the text is something else. */
static int byte_value(struct gguf_string text)
{
    if (text.length != 6 || memcmp(text.data, "<0x", 3) != 0 || text.data[5] != '>')
        return -1;
    int high = hex_digit(text.data[3]), low = hex_digit(text.data[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static size_t unescape_blanks(struct gguf_string text, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.length - i >= 3 && memcmp(text.data + i, "\xe2\x96\x81", 3) == 0) {
            out[length++] = ' ';
            i += 2;
        } else {
            out[length++] = text.data[i];
        }
    }
    return length;
}

/* The bytes of a text that merging can turn into the token spelled so; false if there are none. out has room for the
 * text. */
static bool read_spelling(struct gguf_string text, enum vocab_spelling spelling, char *out, size_t *length)
{
    if (spelling == VOCAB_BYTE_LEVEL)
        return byte_level_read(text.data, text.length, out, length);
    *length = unescape_blanks(text, out);
    return text.length == 0 || !memchr(text.data, ' ', text.length);
}

/* Puts what token id stands for behind what is there. *findable: whether those are also the bytes to find it by. */
static size_t put_token(struct vocab *vocab, uint32_t id, struct gguf_string text, enum vocab_spelling spelling,
                        bool *findable)
{
    char *out = vocab->bytes + vocab->offsets[id];
    size_t length;
    if (vocab->kinds[id] & VOCAB_BYTE) {
        *out = (char)byte_value(text);
        *findable = false;
        return 1;
    }
    *findable = read_spelling(text, spelling, out, &length);
    if (*findable && is_plain(vocab, id))
        return length;
    /* The name of a special token is meant as it is; so is a text that is no spelling, which exists where a converter
     * forgot to mark a special token. */
    *findable = *findable && length == text.length && memcmp(out, text.data, length) == 0;
    memcpy(out, text.data, text.length);
    return text.length;
}

/* Special tokens can come out of merging too. Where their name is not what to find them by, that is kept as an alias:
 * a text behind the tokens, with a number above theirs. */
static void put_aliases(struct vocab *vocab, const struct gguf_array *tokens, enum vocab_spelling spelling)
{
    const unsigned char *cursor = tokens->data;
    size_t aliases = 0;
    for (uint32_t i = 0; i < vocab->count; i++) {
        struct gguf_string text = gguf_array_next_string(&cursor);
        if (is_plain(vocab, i) || vocab->kinds[i] & VOCAB_BYTE)
            continue;
        uint32_t number = (uint32_t)(vocab->count + aliases), start = vocab->offsets[number];
        size_t length;
        if (!read_spelling(text, spelling, vocab->bytes + start, &length) || length == 0 ||
            (length == text.length && memcmp(vocab->bytes + start, text.data, length) == 0))
            continue;
        vocab->alias_ids[aliases++] = i;
        vocab->offsets[number + 1] = start + (uint32_t)length;
        table_insert(vocab, number, vocab_hash(vocab->bytes + start, length));
    }
}

/* The table is larger than a core's cache: a token is inserted some tokens after its place was asked for. */
static void put_tokens(struct vocab *vocab, const struct gguf_array *tokens, enum vocab_spelling spelling)
{
    enum { LAG = 16 };
    struct {
        uint64_t hash;
        bool findable;
    } waiting[LAG];
    const unsigned char *cursor = tokens->data;
    uint32_t count = (uint32_t)vocab->count;
    vocab->offsets[0] = 0;
    for (uint32_t i = 0; i < count + LAG; i++) {
        uint32_t at = i % LAG;
        if (i >= LAG && waiting[at].findable)
            table_insert(vocab, i - LAG, waiting[at].hash);
        if (i >= count) {
            waiting[at].findable = false;
            continue;
        }
        bool findable;
        size_t length = put_token(vocab, i, gguf_array_next_string(&cursor), spelling, &findable);
        waiting[at].findable = findable && length > 0;
        waiting[at].hash = vocab_hash(vocab->bytes + vocab->offsets[i], length);
        vocab->offsets[i + 1] = vocab->offsets[i] + (uint32_t)length;
        vocab_prefetch(vocab, waiting[at].hash);
    }
}

static int read_kinds(struct vocab *vocab, const struct gguf *gguf, const struct gguf_array *tokens,
                      struct error *error)
{
    const char *name = "tokenizer.ggml.token_type";
    struct gguf_array types = { .count = 0 };
    bool typed = gguf_find(gguf, name) != NULL;
    int rc = typed ? gguf_array(gguf, name, GGUF_I32, &types, error) : 0;
    if (rc != 0)
        return rc;
    if (typed && types.count < tokens->count)
        return error_set(error, ERROR_FORMAT, "%s: key %s: has %" PRIu64 " items for %" PRIu64 " tokens", gguf->path,
                         name, types.count, tokens->count);
    const unsigned char *cursor = tokens->data;
    for (size_t i = 0; i < vocab->count; i++) {
        struct gguf_string text = gguf_array_next_string(&cursor);
        int32_t type = 1;
        if (typed)
            memcpy(&type, types.data + i * sizeof type, sizeof type);
        unsigned kind = kind_of_type(type);
        if (kind == VOCAB_BYTE && byte_value(text) < 0)
            return error_set(error, ERROR_FORMAT, "%s: token %zu: is a byte token, but does not read <0xXX>",
                             gguf->path, i);
        vocab->kinds[i] = (uint8_t)(is_end_name(text) ? kind | VOCAB_CONTROL | VOCAB_ENDS : kind);
    }
    return 0;
}

static uint64_t total_bytes(const struct gguf_array *tokens)
{
    uint64_t total = 0;
    const unsigned char *cursor = tokens->data;
    for (uint64_t i = 0; i < tokens->count; i++)
        total += gguf_array_next_string(&cursor).length + 1;
    return total;
}

static int fail_memory(const struct gguf *gguf, size_t count, struct error *error)
{
    return error_set(error, ERROR_MEMORY, "%s: no memory for %zu tokens", gguf->path, count);
}

int vocab_open(struct vocab *vocab, const struct gguf *gguf, enum vocab_spelling spelling, struct error *error)
{
    const char *name = "tokenizer.ggml.tokens";
    struct gguf_array tokens;
    memset(vocab, 0, sizeof *vocab);
    int rc = gguf_array(gguf, name, GGUF_STRING, &tokens, error);
    if (rc != 0)
        return rc;
    uint64_t total = total_bytes(&tokens);
    if (tokens.count == 0 || tokens.count > INT32_MAX || total > UINT32_MAX / 2)
        return error_set(error, ERROR_FORMAT,
                         "%s: key %s: %" PRIu64 " tokens of %" PRIu64 " bytes are not a vocabulary", gguf->path, name,
                         tokens.count, total);
    vocab->count = (size_t)tokens.count;
    vocab->kinds = malloc(vocab->count);
    if (!vocab->kinds) {
        rc = fail_memory(gguf, vocab->count, error);
        goto failed;
    }
    rc = read_kinds(vocab, gguf, &tokens, error);
    if (rc != 0)
        goto failed;
    size_t special_count = 0;
    for (uint32_t i = 0; i < vocab->count; i++)
        special_count += !is_plain(vocab, i);
    vocab->bytes = malloc(2 * (size_t)total); /* twice: aliases */
    vocab->offsets = malloc((vocab->count + special_count + 1) * sizeof *vocab->offsets);
    vocab->alias_ids = malloc((special_count + 1) * sizeof *vocab->alias_ids);
    if (!vocab->bytes || !vocab->offsets || !vocab->alias_ids || !table_create(vocab, vocab->count + special_count)) {
        rc = fail_memory(gguf, vocab->count, error);
        goto failed;
    }
    put_tokens(vocab, &tokens, spelling);
    put_aliases(vocab, &tokens, spelling);
    return 0;
failed:
    vocab_close(vocab);
    return rc;
}

void vocab_close(struct vocab *vocab)
{
    free(vocab->bytes);
    free(vocab->offsets);
    free(vocab->kinds);
    free(vocab->alias_ids);
    free(vocab->slots);
    memset(vocab, 0, sizeof *vocab);
}
