/* asset.h: files that are part of the program: chart scripts, the page's style and script. They lie in the executable,
 * so that a copied binary still writes reports. */
#ifndef PRONY_REPORTS_ASSET_H
#define PRONY_REPORTS_ASSET_H

/* The whole text of reports/<name>, or NULL. */
const char *asset_text(const char *name);

#endif
