/* tokenizer_special.h: finds the names of special tokens in a text. */
#ifndef PRONY_NATIVE_TOKENIZER_SPECIAL_H
#define PRONY_NATIVE_TOKENIZER_SPECIAL_H

#include "engines/native/tokenizer_vocab.h"

/* The special tokens with one of the wanted kinds, sorted by their bytes. */
struct special_set {
    uint32_t *ids;
    size_t count;
    bool first_bytes[256]; /* most characters of a text cannot start a special token */
};

struct special_match {
    size_t at, length;
    uint32_t id;
};

/* kinds: enum vocab_kind bits. */
int special_open(struct special_set *set, const struct vocab *vocab, unsigned kinds, struct error *error);
void special_close(struct special_set *set);

/* The special tokens in text, in order and without overlaps. Longer names win over shorter ones wherever they stand,
 * among equal ones the lower id and then the one further left. *matches is NULL when there are none, else the
 * caller frees it. */
int special_find(const struct special_set *set, const struct vocab *vocab, const char *text, size_t length,
                 struct special_match **matches, size_t *count, struct error *error);

#endif
