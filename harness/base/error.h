/* error.h: how a function says what went wrong.
 *
 * A function that can fail returns int (0 = success, else one of enum error_code) and takes a struct error * as its
 * last parameter. The text names the thing and the reason: "model.gguf: tensor a.weight: ...". It is for people, in
 * one line, without a final newline. The caller owns the struct; passing NULL is allowed and drops the text. */
#ifndef PRONY_BASE_ERROR_H
#define PRONY_BASE_ERROR_H

enum error_code {
    ERROR_NONE = 0,
    ERROR_USAGE,       /* the caller asked for something that makes no sense (flag, argument) */
    ERROR_IO,          /* the operating system refused: open, read, write, map, fork */
    ERROR_FORMAT,      /* a file or text is damaged or not what it claims to be */
    ERROR_MEMORY,      /* out of memory */
    ERROR_UNSUPPORTED, /* well-formed, but this build or machine cannot do it */
    ERROR_LIMIT,       /* context full, value out of range */
    ERROR_STATE,       /* called in the wrong order or on a broken object */
    ERROR_NUMERIC      /* NaN or infinity where a number was needed */
};

struct error {
    int code; /* enum error_code */
    char text[512];
};

/* Sets code and text, returns code. */
int error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As error_set with ERROR_IO, then appends ": " and the text of errno_value. */
int error_system(struct error *error, int errno_value, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that is there. Returns error->code. */
int error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
