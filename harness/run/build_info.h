/* build_info.h: what this prony was compiled from and with. */
#ifndef PRONY_RUN_BUILD_INFO_H
#define PRONY_RUN_BUILD_INFO_H

const char *build_info_version(void);  /* "0.1.0" */
const char *build_info_compiler(void); /* "gcc 12.2.0" */
const char *build_info_flags(void);    /* optimization and sanitizer flags; "unknown" if the build did not say */

#endif
