/* pretokenize.h: cuts a text into the pieces that BPE merges never cross, as the regular expressions of published
 * tokenizers do, with their exact Unicode classes: L and N are the general categories of those letters, white space is
 * the Unicode property White_Space. Their Unicode version is libutf8proc's (2.8: Unicode 15.0); characters that are
 * younger than it count as unassigned. */
#ifndef PRONY_NATIVE_PRETOKENIZE_H
#define PRONY_NATIVE_PRETOKENIZE_H

#include <stddef.h>

enum pretokenize_rule {
    /* '(s|t|re|ve|m|ll|d) | ' '?L+ | ' '?N+ | ' '?[^space L N]+ | space+(?!nonspace) | space+ */
    PRETOKENIZE_GPT2,
    /* GPT2, applied between digits: every N is a piece of its own. */
    PRETOKENIZE_SMOLLM,
    /* (?i:'(s|t|re|ve|m|ll|d)) | [^CR LF L N]?L+ | N{1,3} | ' '?[^space L N]+[CR LF]* | space*[CR LF]+ |
     * space+(?!nonspace) | space+ */
    PRETOKENIZE_LLAMA3,
    /* LLAMA3, but every N is a piece of its own. */
    PRETOKENIZE_QWEN2
};

/* Length in bytes of the first piece of text[0..length), length >= 1. The result depends on nothing before text, so
 * a whole text is cut by calling this in a loop. Bytes that are not UTF-8 count as symbols, one by one. */
size_t pretokenize_next(enum pretokenize_rule rule, const char *text, size_t length);

#endif
