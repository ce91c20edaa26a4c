/* stub.h: an engine without a model, whose latencies and failures are scripted: for testing what runs engines. */
#ifndef PRONY_STUB_STUB_H
#define PRONY_STUB_STUB_H

#include "engines/engine.h"

extern const struct engine_ops stub_ops;

#endif
