/* summary_explain.h: what explains the times of a run, for a terminal: counters, callgrind and memory as compact
 * tables, by thread and by operation where that is asked for, profiles, the doctor's verdicts in one line. */
#ifndef PRONY_CLI_SUMMARY_EXPLAIN_H
#define PRONY_CLI_SUMMARY_EXPLAIN_H

#include "harness/cli/summary.h"
#include "harness/base/str.h"
#include "reports/explain.h"

/* Appends nothing for a run that measured only times. cases: those that are shown. */
void summary_explain(const struct view *view, const struct explain *explain, struct store_case *cases, size_t count,
                     const struct summary_options *options, struct str *out);

#endif
