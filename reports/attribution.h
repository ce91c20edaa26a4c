/* attribution.h: where the change of a whole model comes from (compare.h: compare_attribution), in each format. */
#ifndef PRONY_REPORTS_ATTRIBUTION_H
#define PRONY_REPORTS_ATTRIBUTION_H

#include "reports/judgement_words.h"

void attribution_text(struct str *out, const struct compare_attribution *item, struct arena *arena);
/* A block that folds; index names it on its page. */
void attribution_html(struct str *out, const struct compare_attribution *item, size_t index, struct arena *arena);
void attribution_markdown(struct str *out, const struct compare_attribution *item, struct arena *arena);

#endif
