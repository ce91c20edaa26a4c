/* log.c: see log.h. Owns the log level and the program's name, two of the project's few globals. */
#include "harness/base/log.h"

#include <stdarg.h>
#include <stdio.h>

static enum log_level log_level = LOG_INFO; /* lint: log */
static const char *log_program = "prony";   /* lint: log */

void log_set_level(enum log_level level)
{
    log_level = level;
}

void log_set_program(const char *name)
{
    log_program = name;
}

static void write_line(enum log_level level, const char *kind, const char *format, va_list arguments)
{
    if (level > log_level)
        return;
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    /* One call, so that lines of several processes do not mix. */
    fprintf(stderr, "%s: %s%s\n", log_program, kind, text);
}

#define LOG_FUNCTION(name, level, kind)             \
    void name(const char *format, ...)              \
    {                                               \
        va_list arguments;                          \
        va_start(arguments, format);                \
        write_line(level, kind, format, arguments); \
        va_end(arguments);                          \
    }

LOG_FUNCTION(log_error, LOG_ERROR, "error: ")
LOG_FUNCTION(log_warn, LOG_WARN, "warning: ")
LOG_FUNCTION(log_info, LOG_INFO, "")
