/* summary.h: a run as a text table for a terminal, at most 100 columns wide. `prony show` prints it, and `prony run` at
 * its end. */
#ifndef PRONY_CLI_SUMMARY_H
#define PRONY_CLI_SUMMARY_H

#include "harness/base/error.h"
#include "harness/base/str.h"
#include "harness/store/store.h"
#include <stdio.h>

struct summary_options {
    const char *filter;  /* POSIX extended regular expression of case names, already checked, or NULL */
    bool threads, spans; /* counts of each thread; where the time goes, case by case */
    bool json;           /* all of it for programs (reports/json.c) */
};
int summary_print(FILE *out, struct store *store, const struct store_run_row *run,
                  const struct summary_options *options, struct error *error);

/* The status, but "killed" for one that says "running" although its process on this machine is gone. */
const char *summary_status(const struct store_run_row *run);
/* "45 s", "3:20" into buffer; "?" if the run never ended. */
char *summary_format_duration(char *buffer, size_t size, const struct store_run_row *run);
/* "81792cf main, dirty" into buffer; "-" if the run was started outside a repository. */
char *summary_format_commit(char *buffer, size_t size, const struct store_run_row *run);
/* "  [baseline, v1.4]" of that run, or nothing. */
void summary_append_tags(struct str *out, const struct store_tag *tags, size_t count, int64_t run_id);

#endif
