/* pretokenize.c: the regular expressions of pretokenize.h as hand-written matchers over Unicode classes.
 *
 * Each alternative of an expression is tried in its order at the current position; all of them are simple enough that
 * one look at the class of the first two characters selects the alternative. */
#include "engines/native/pretokenize.h"

#include <stdbool.h>
#include <stdint.h>
#include <utf8proc.h>

/* What an expression can tell apart. NEWLINE is white space too; END stands behind the last character. */
enum class { CLASS_END, CLASS_LETTER, CLASS_NUMBER, CLASS_BLANK, CLASS_NEWLINE, CLASS_OTHER };

struct character {
    enum class class;
    size_t length;
};

enum { L = CLASS_LETTER, N = CLASS_NUMBER, B = CLASS_BLANK, R = CLASS_NEWLINE, O = CLASS_OTHER };

static const uint8_t ascii_classes[128] = {
    O, O, O, O, O, O, O, O, O, B, R, B, B, R, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    B, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, N, N, N, N, N, N, N, N, N, N, O, O, O, O, O, O,
    O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O,
    O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O,
};

static enum class class_of(utf8proc_int32_t codepoint) {
    switch (utf8proc_category(codepoint)){
        case UTF8PROC_CATEGORY_LU : case UTF8PROC_CATEGORY_LL : case UTF8PROC_CATEGORY_LT : case
        UTF8PROC_CATEGORY_LM : case UTF8PROC_CATEGORY_LO : return CLASS_LETTER;
        case UTF8PROC_CATEGORY_ND : case UTF8PROC_CATEGORY_NL : case UTF8PROC_CATEGORY_NO : return CLASS_NUMBER;
        /* White_Space beyond ASCII is Zs, Zl, Zp and one control character, NEXT LINE. */
        case UTF8PROC_CATEGORY_ZS : case UTF8PROC_CATEGORY_ZL : case UTF8PROC_CATEGORY_ZP : return CLASS_BLANK;
        default : return codepoint == 0x85 ? CLASS_BLANK : CLASS_OTHER;
    }
}

static struct character character_slow(const char *text, size_t length)
{
    utf8proc_int32_t codepoint;
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)text, length < 4 ? (utf8proc_ssize_t)length : 4, &codepoint);
    if (size <= 0)
        return (struct character){ CLASS_OTHER, 1 };
    return (struct character){ class_of(codepoint), (size_t)size };
}

static inline struct character character_at(const char *text, size_t length, size_t at)
{
    if (at >= length)
        return (struct character){ CLASS_END, 0 };
    unsigned char byte = (unsigned char)text[at];
    if (byte < 0x80)
        return (struct character){ (enum class)ascii_classes[byte], 1 };
    return character_slow(text + at, length - at);
}

/* The end of the run of characters of this class from at on. */
static size_t run_end(const char *text, size_t length, size_t at, enum class class)
{
    for (;;) {
        struct character next = character_at(text, length, at);
        if (next.class != class)
            return at;
        at += next.length;
    }
}

static bool is_space(enum class class)
{
    return class == CLASS_BLANK || class == CLASS_NEWLINE;
}

/* Length of the contraction at text[0] == '\'', 0 if there is none. fold: the expression says (?i:...), and then
 * LATIN SMALL LETTER LONG S matches s as well. */
static size_t contraction(const char *text, size_t length, bool fold)
{
    if (length < 2)
        return 0;
    char a = text[1], b = length > 2 ? text[2] : '\0';
    if (fold) {
        if (a == '\xc5' && b == '\xbf')
            return 3;
        a = a >= 'A' && a <= 'Z' ? (char)(a + 32) : a;
        b = b >= 'A' && b <= 'Z' ? (char)(b + 32) : b;
    }
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return 2;
    return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

/* space+(?!nonspace) | space+, and before it space*[CR LF]+ when newlines is set. A run of white space leaves its last
 * character to the word behind it, unless it has no other or ends the text (or ends before a number that is cut out
 * beforehand, numbers_cut). */
static size_t space_piece(const char *text, size_t length, bool newlines, bool numbers_cut)
{
    size_t at = 0, last = 0, newline_end = 0;
    struct character next;
    while (is_space((next = character_at(text, length, at)).class)) {
        last = at;
        at += next.length;
        if (next.class == CLASS_NEWLINE)
            newline_end = at;
    }
    if (newlines && newline_end > 0)
        return newline_end;
    bool ends = next.class == CLASS_END || (numbers_cut && next.class == CLASS_NUMBER);
    return ends || last == 0 ? at : last;
}

static size_t next_gpt2(const char *text, size_t length, bool numbers_cut)
{
    size_t piece = *text == '\'' ? contraction(text, length, false) : 0;
    if (piece > 0)
        return piece;
    struct character first = character_at(text, length, 0);
    size_t start = 0;
    if (*text == ' ') {
        struct character second = character_at(text, length, 1);
        if (second.class == CLASS_END || is_space(second.class) || (numbers_cut && second.class == CLASS_NUMBER))
            return space_piece(text, length, false, numbers_cut);
        first = second;
        start = 1;
    }
    if (is_space(first.class))
        return space_piece(text, length, false, numbers_cut);
    if (numbers_cut && first.class == CLASS_NUMBER)
        return first.length;
    return run_end(text, length, start + first.length, first.class);
}

static size_t next_llama3(const char *text, size_t length, size_t number_limit)
{
    size_t piece = *text == '\'' ? contraction(text, length, true) : 0;
    if (piece > 0)
        return piece;
    struct character first = character_at(text, length, 0);
    if (first.class == CLASS_LETTER)
        return run_end(text, length, first.length, CLASS_LETTER);
    if (first.class == CLASS_NUMBER) {
        size_t at = first.length;
        struct character next;
        for (size_t count = 1; count < number_limit && (next = character_at(text, length, at)).class == CLASS_NUMBER;
             count++)
            at += next.length;
        return at;
    }
    struct character second = character_at(text, length, first.length);
    if (second.class == CLASS_LETTER && first.class != CLASS_NEWLINE)
        return run_end(text, length, first.length + second.length, CLASS_LETTER);
    if (first.class == CLASS_OTHER || (*text == ' ' && second.class == CLASS_OTHER))
        return run_end(text, length, run_end(text, length, first.length, CLASS_OTHER), CLASS_NEWLINE);
    return space_piece(text, length, true, false);
}

size_t pretokenize_next(enum pretokenize_rule rule, const char *text, size_t length)
{
    switch (rule) {
    case PRETOKENIZE_SMOLLM: return next_gpt2(text, length, true);
    case PRETOKENIZE_LLAMA3: return next_llama3(text, length, 3);
    case PRETOKENIZE_QWEN2: return next_llama3(text, length, 1);
    default: return next_gpt2(text, length, false);
    }
}
