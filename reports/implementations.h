/* implementations.h: implementations side by side (harness/judge/implementations.h) as documents. */
#ifndef PRONY_REPORTS_IMPLEMENTATIONS_H
#define PRONY_REPORTS_IMPLEMENTATIONS_H

#include "harness/base/str.h"
#include "harness/judge/implementations.h"

/* title: "run 7 of quick, 2026-11-21". */
void implementations_text(const struct implementations *implementations, const char *title, struct str *out);
void implementations_markdown(const struct implementations *implementations, const char *title, struct str *out);
/* Complete; what is not known is null. Keys: docs/FORMATS.md. */
void implementations_json(const struct implementations *implementations, const char *title, struct str *out);

/* Pieces that the text and the Markdown share. Buffers of at least 80 bytes. */
/* "1.78x [1.70, 1.86]"; "baseline"; "1.78x (3 processes)" where so few give no interval; "" if not known. */
char *implementations_speedup(char *buffer, size_t size, const struct implementations *implementations,
                              const struct implementation_group *group, size_t value);
/* "same", "within", "DIFFERENT", "". */
const char *implementations_output(const struct implementation_cell *cell);

#endif
