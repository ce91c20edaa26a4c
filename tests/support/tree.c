/* tree.c: see tree.h. */
#include "tests/support/tree.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <ftw.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

char *tree_make(void)
{
    /* Thousands of small files: in memory where that is offered. */
    char *root = mem_strdup(access("/dev/shm", W_OK) == 0 ? "/dev/shm/prony-root-XXXXXX" : "/tmp/prony-root-XXXXXX");
    assert_non_null(mkdtemp(root));
    return root;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void tree_release(char *root)
{
    nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(root);
}

void tree_put(const char *root, const char *path, const char *text)
{
    char *full = mem_format("%s%s", root, path);
    char *slash = strrchr(full, '/');
    *slash = 0;
    assert_int_equal(file_make_directories(full, NULL), 0);
    *slash = '/';
    FILE *file = fopen(full, "w"); /* file_write would wait for the disk, some hundred times a test */
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(full);
}

void tree_drop(const char *root, const char *pattern)
{
    char *full = mem_format("%s%s", root, pattern);
    glob_t found;
    if (glob(full, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            nftw(found.gl_pathv[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        globfree(&found);
    }
    free(full);
}

char *tree_get(const char *root, const char *path)
{
    char *full = mem_format("%s%s", root, path), *text = NULL;
    size_t size;
    if (file_read(full, &text, &size, NULL) != 0)
        text = NULL;
    free(full);
    return text;
}
