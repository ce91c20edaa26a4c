/* case_name.h: moved to harness/base, where everybody may read names. */
#include "harness/base/case_name.h"
