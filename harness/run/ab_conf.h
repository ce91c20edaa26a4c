/* ab_conf.h: prony.conf, which says how a project is built and what of it is measured (docs/FORMATS.md).
 *
 *     [project]
 *     build = make -j4
 *     programs = build/bench
 *     [suite NAME]          as in a plan; or `plan = FILE` in [project] */
#ifndef PRONY_RUN_AB_CONF_H
#define PRONY_RUN_AB_CONF_H

#include "harness/run/plan.h"

#define AB_CONF_NAME "prony.conf"

struct ab_conf {
    const char *source;           /* the file */
    struct plan_strings build;    /* shell lines, in order */
    struct plan_strings programs; /* directories of the tree */
    struct plan_strings copies, links;
    struct plan_strings code; /* patterns of files that programs load by themselves */
    const char *plan;         /* file of the tree; NULL = suites */
    const char *suites; /* text of the plan inside, on the lines where it stands in the file; NULL = there is none */
    double build_timeout_s;
};

/* source names the file in messages. Everything lives in the arena. */
int ab_conf_parse(struct ab_conf *conf, const char *source, const char *text, size_t length, struct arena *arena,
                  struct error *error);
int ab_conf_load(struct ab_conf *conf, const char *path, struct arena *arena, struct error *error);

#endif
