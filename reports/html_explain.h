/* html_explain.h: the sections of the HTML report that explain its numbers. Each writes nothing if there is nothing. */
#ifndef PRONY_REPORTS_HTML_EXPLAIN_H
#define PRONY_REPORTS_HTML_EXPLAIN_H

#include "harness/base/str.h"
#include "reports/explain.h"

/* The doctor's verdicts: what is wrong or unknown in full, what passed folded away. */
void html_checks(const struct explain *explain, struct str *out);
/* Where an iteration's time goes, operation by operation (html_account.c). */
void html_accounts(const struct explain *explain, struct str *out);
/* Flame graphs with their top functions; the interactive ones are folded away inside the page (html_profile.c). */
void html_profiles(const struct explain *explain, struct str *out);
/* Counters, callgrind's counts and memory: tables by suite and operation, with the reasons for what is missing. */
void html_counters(const struct view *view, const struct explain *explain, struct str *out);
/* The most disturbed cases, with what disturbed them; html_has_noise: there will be such a section. */
bool html_has_noise(const struct explain *explain);
void html_noise(const struct view *view, const struct explain *explain, struct str *out);

#endif
