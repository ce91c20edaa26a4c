/* table.c: all engines of this build. */
#include "engines/engine.h"

#include "engines/native/native.h"
#include "engines/stub/stub.h"
#include <string.h>

const struct engine_ops *const engine_table[] = { &native_ops, &stub_ops, NULL };

const struct engine_ops *engine_find(const char *name)
{
    for (const struct engine_ops *const *row = engine_table; *row; row++) {
        if (name && !strcmp((*row)->name, name))
            return *row;
    }
    return NULL;
}
