/* ab_test.c: when `prony ab` looks, and which programs it takes for the same code. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/run/ab_internal.h"
#include "harness/stats/multiple.h"
#include <elf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void test_looks(void **state)
{
    (void)state;
    struct ab ab = { 0 };
    assert_int_equal(ab_block_limit(&ab), AB_BLOCKS);
    static const int expected[] = { 5, 8, 11, 17, 26 };
    assert_int_equal(ab_look_count(&ab), 5);
    for (int look = 0; look < 5; look++)
        assert_int_equal(ab_look_blocks(&ab, look), expected[look]);
    for (ab.options.blocks = 1; ab.options.blocks < 2000; ab.options.blocks++) {
        int count = ab_look_count(&ab), before = 0;
        assert_in_range(count, 1, 5);
        for (int look = 0; look < count; look++) {
            int blocks = ab_look_blocks(&ab, look);
            assert_true(blocks > before);
            /* So many pairs can reach what the look may spend. */
            if (count > 1)
                assert_true(2 * pow(0.5, 2 * blocks) <= stats_look_alpha(0.05, look, count));
            before = blocks;
        }
        assert_int_equal(before, ab.options.blocks); /* the last look is at the end */
    }
    ab.options = (struct ab_options){ .blocks = 40, .fixed_blocks = true };
    assert_int_equal(ab_look_count(&ab), 1);
    assert_int_equal(ab_look_blocks(&ab, 0), 40);
    /* The same code is looked at once, and early. */
    ab = (struct ab){ .identical = true };
    assert_int_equal(ab_look_count(&ab), 1);
    assert_int_equal(ab_look_blocks(&ab, 0), 5);
    ab.options.blocks = 9;
    assert_int_equal(ab_look_blocks(&ab, 0), 9);
}

/* ---- identity ---- */

struct place {
    char directory[32], path[64], *image;
    size_t size;
};

/* This program, as a file that may be changed. */
static int set_up(void **state)
{
    struct place *place = mem_alloc(sizeof *place);
    strcpy(place->directory, "/tmp/prony-ab-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/program", place->directory);
    assert_int_equal(file_read("/proc/self/exe", &place->image, &place->size, NULL), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    unlink(place->path);
    rmdir(place->directory);
    free(place->image);
    free(place);
    return 0;
}

static const char *hash_of(struct place *place, const void *bytes, size_t size, const char *tree, char *hash)
{
    struct error error;
    assert_int_equal(file_write(place->path, bytes, size, NULL), 0);
    struct ab_identity identity;
    if (ab_identity_hash(place->path, tree, NULL, &identity, &error) != 0)
        fail_msg("%s", error.text);
    return strcpy(hash, identity.hash);
}

static void test_same_code(void **state)
{
    struct place *place = *state;
    char first[40], other[40];
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)place->image;
    hash_of(place, place->image, place->size, NULL, first);
    assert_string_equal(hash_of(place, place->image, place->size, NULL, other), first);
    if (header->e_ident[EI_CLASS] != ELFCLASS64)
        skip();
    /* One byte of the code: the same offset in file and memory holds for the segment with the entry point here. */
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(const void *)(place->image + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &segments[i];
        if (segment->p_type != PT_LOAD || header->e_entry < segment->p_vaddr ||
            header->e_entry >= segment->p_vaddr + segment->p_filesz)
            continue;
        char *code = place->image + segment->p_offset + (header->e_entry - segment->p_vaddr);
        *code ^= 1;
        assert_string_not_equal(hash_of(place, place->image, place->size, NULL, other), first);
        *code ^= 1;
    }
    /* Notes and what is not loaded do not count: here the build id and the comment of the compiler. */
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(const void *)(place->image + header->e_shoff);
    size_t changed = 0;
    for (size_t i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *section = &sections[i];
        bool counts = (section->sh_flags & SHF_ALLOC) && section->sh_type != SHT_NOTE;
        if (counts || section->sh_type == SHT_NULL || section->sh_type == SHT_NOBITS || section->sh_size == 0)
            continue;
        place->image[section->sh_offset + section->sh_size - 1] ^= 1;
        changed++;
    }
    assert_true(changed > 2);
    assert_string_equal(hash_of(place, place->image, place->size, NULL, other), first);
}

/* Whatever the file is: an answer or an error, and no crash. */
static void test_damaged(void **state)
{
    struct place *place = *state;
    char hash[40];
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t size = 0; size < 4096; size += 509)
        hash_of(place, place->image, size, NULL, hash);
    char *copy = mem_alloc(place->size);
    for (int i = 0; i < 10; i++) {
        memcpy(copy, place->image, place->size);
        Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)copy;
        size_t table = header->e_shoff;
        for (int k = 0; k < 8; k++) {
            size_t at = k < 2 ? rng_below(&rng, sizeof *header - EI_NIDENT) + EI_NIDENT
                              : table + rng_below(&rng, place->size - table);
            copy[at] = (char)rng_next(&rng);
        }
        hash_of(place, copy, place->size, "/tmp", hash);
    }
    free(copy);
    assert_int_not_equal(ab_identity_hash("/nonexistent/program", NULL, NULL, &(struct ab_identity){ 0 }, NULL), 0);
}

static void test_paths(void **state)
{
    struct place *place = *state;
    static const char a[] = "#!/bin/sh\necho /trees/aaaa/data /trees/aaaa\n";
    static const char b[] = "#!/bin/sh\necho /trees/bbbb/data /trees/bbbb\n";
    char first[40], second[40];
    hash_of(place, a, sizeof a, "/trees/aaaa", first);
    assert_string_equal(hash_of(place, b, sizeof b, "/trees/bbbb", second), first);
    assert_string_not_equal(hash_of(place, b, sizeof b, "/trees/aaaa", second), first);
    assert_string_not_equal(hash_of(place, b, sizeof b, NULL, second), first);
}

/* What prony.conf names counts, too; a pattern without a file is told. */
static void test_named_code(void **state)
{
    struct place *place = *state;
    char *plugin = mem_format("%s/plugin.so", place->directory);
    const char *patterns[] = { "*.so", "none/*" };
    const struct plan_strings code = { .items = patterns, .count = 1 }, wrong = { .items = patterns, .count = 2 };
    struct ab_identity first, second, without;
    assert_int_equal(file_write(place->path, "#!/bin/sh\n", 10, NULL), 0);
    assert_int_equal(file_write(plugin, "one", 3, NULL), 0);
    assert_int_equal(ab_identity_hash(place->path, place->directory, &code, &first, NULL), 0);
    assert_int_equal(ab_identity_hash(place->path, place->directory, NULL, &without, NULL), 0);
    assert_null(first.missing);
    assert_int_equal(file_write(plugin, "two", 3, NULL), 0);
    assert_int_equal(ab_identity_hash(place->path, place->directory, &code, &second, NULL), 0);
    assert_string_not_equal(first.hash, second.hash);
    assert_string_not_equal(first.hash, without.hash);
    assert_int_equal(ab_identity_hash(place->path, place->directory, &wrong, &second, NULL), 0);
    assert_string_equal(second.missing, "none/*");
    assert_non_null(first.unseen); /* a script */
    /* What is in a directory that a pattern matches would go unseen. */
    const char *all[] = { "*" };
    const struct plan_strings loose = { .items = all, .count = 1 };
    char *directory = mem_format("%s/more", place->directory);
    assert_int_equal(ab_identity_hash(place->path, place->directory, &loose, &second, NULL), 0);
    assert_null(second.missing);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(ab_identity_hash(place->path, place->directory, &loose, &second, NULL), 0);
    assert_string_equal(second.missing, "*");
    rmdir(directory);
    free(directory);
    unlink(plugin);
    free(plugin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks),
        cmocka_unit_test_setup_teardown(test_same_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_named_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paths, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
