/* csv.h: fields of comma-separated values (RFC 4180). */
#ifndef PRONY_REPORTS_CSV_H
#define PRONY_REPORTS_CSV_H

#include "harness/base/str.h"

/* Foreign text as a quoted field. A spreadsheet must not take it for a formula: one that begins like one gets an
 * apostrophe before it. NULL gives an empty field. */
void csv_text(struct str *out, const char *text);
/* Fifteen digits; empty where there is no number. */
void csv_number(struct str *out, double value);

#endif
