/* rng.h: reproducible random numbers: same seed, same numbers, on every machine and thread count. Not for secrets. */
#ifndef PRONY_BASE_RNG_H
#define PRONY_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. */
struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
double rng_uniform(struct rng *rng);                            /* [0, 1), 53 bits */
uint64_t rng_below(struct rng *rng, uint64_t n);                /* [0, n), unbiased; n > 0 */
double rng_normal(struct rng *rng);                             /* mean 0, variance 1 */
void rng_shuffle(struct rng *rng, size_t *items, size_t count); /* Fisher-Yates */

/* A well-mixed 64-bit hash of (seed, stream): an independent seed for row or worker number stream. */
uint64_t rng_mix(uint64_t seed, uint64_t stream);

#endif
