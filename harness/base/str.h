/* str.h: a growing string, and the few text helpers that everybody needs. */
#ifndef PRONY_BASE_STR_H
#define PRONY_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing byte string, always followed by a NUL once something was appended. Zero bytes = empty. */
struct str {
    char *data; /* NULL while empty; owned, release with str_release */
    size_t length;
    size_t capacity;
};

void str_append(struct str *str, const char *text);
void str_append_bytes(struct str *str, const void *bytes, size_t length);
void str_append_char(struct str *str, char byte);
void str_appendf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_vappendf(struct str *str, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void str_clear(struct str *str);             /* length 0, memory kept */
void str_release(struct str *str);           /* back to zero bytes */
const char *str_text(const struct str *str); /* "" while empty */
char *str_take(struct str *str);             /* the text, owned by the caller; str is empty afterwards */

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_equal(const char *a, const char *b); /* NULL-safe */

/* Whole-text parsers: false on empty text, trailing bytes, overflow. Independent of the locale. */
bool str_parse_i64(const char *text, int64_t *value);
bool str_parse_u64(const char *text, uint64_t *value);
bool str_parse_f64(const char *text, double *value);
bool str_parse_bool(const char *text, bool *value);         /* 1 0 true false yes no on off */
bool str_parse_bytes(const char *text, uint64_t *bytes);    /* 512, 4k, 4KiB, 2.5M, 10GiB (powers of 1024) */
bool str_parse_duration(const char *text, double *seconds); /* 10, 10s, 250ms, 5m, 2h */

/* Human numbers for tables. They write into buffer (at least 32 bytes) and return it. */
char *str_bytes(char *buffer, size_t size, double bytes);                /* "1.5 GiB" */
char *str_duration(char *buffer, size_t size, double seconds);           /* "1.23 ms" */
char *str_si(char *buffer, size_t size, double value, const char *unit); /* "12.3 Gflop/s" */

#endif
