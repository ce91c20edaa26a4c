/* error.c: see error.h. */
#include "harness/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int code, const char *format, ...)
{
    if (!error)
        return code;
    error->code = code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return code;
}

int error_system(struct error *error, int errno_value, const char *format, ...)
{
    if (!error)
        return ERROR_IO;
    error->code = ERROR_IO;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    size_t length = strlen(error->text);
    char reason[128];
    /* The GNU strerror_r: returns the text, which need not lie in reason. */
    snprintf(error->text + length, sizeof error->text - length, ": %s", strerror_r(errno_value, reason, sizeof reason));
    return ERROR_IO;
}

int error_prefix(struct error *error, const char *format, ...)
{
    if (!error)
        return ERROR_NONE;
    char old[sizeof error->text];
    memcpy(old, error->text, sizeof old);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    size_t length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, ": %s", old);
    return error->code;
}
