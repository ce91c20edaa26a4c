/* compare_by.h: `prony compare RUN --by DIMENSION`: the implementations of one run, side by side. */
#ifndef PRONY_CLI_COMPARE_BY_H
#define PRONY_CLI_COMPARE_BY_H

#include "harness/cli/judgement.h"
#include "harness/judge/implementations.h"

/* Writes the documents that the settings ask for (text, markdown, json). *status: 1 where outputs differ. */
int compare_by(const struct judgement_settings *settings, const char *run, const char *dimension, const char *baseline,
               struct arena *arena, int *status, struct error *error);

#endif
