/* log.h: talk to the person at the terminal, on stderr. stdout is for results only.
 *
 * The level is one of the few mutable globals (docs/ARCHITECTURE.md). */
#ifndef PRONY_BASE_LOG_H
#define PRONY_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO };

/* Messages above this level are dropped. The start value is LOG_INFO. */
void log_set_level(enum log_level level);
/* The program's name, put before every message ("prony: ..."); the pointer is kept. */
void log_set_program(const char *name);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
