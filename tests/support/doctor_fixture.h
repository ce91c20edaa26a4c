/* doctor_fixture.h: a machine on which every check of the doctor passes, to be spoilt by tests. */
#ifndef PRONY_TESTS_SUPPORT_DOCTOR_FIXTURE_H
#define PRONY_TESTS_SUPPORT_DOCTOR_FIXTURE_H

#include "harness/run/doctor.h"

/* Four CPUs of four cores, nobody else there. */
struct doctor_fixture {
    char *root;
    struct doctor_readings readings;
    struct doctor_options options; /* points to root and readings; the fixture must not move */
    size_t cpus[4];
    double clock_hz[100], a_ns[12], b_ns[12], busy[8];
    struct doctor_detour detours[4];
    struct arena arena;
};

void doctor_fixture_make(struct doctor_fixture *fixture);
void doctor_fixture_release(struct doctor_fixture *fixture);
/* The check of that name in a new report. */
const struct store_check *doctor_fixture_check(struct doctor_fixture *fixture, const char *name);

#endif
