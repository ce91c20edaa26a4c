/* tree.h: a machine made of files: /proc and /sys below a directory of its own. */
#ifndef PRONY_TESTS_SUPPORT_TREE_H
#define PRONY_TESTS_SUPPORT_TREE_H

#include <stddef.h>

/* The root, an empty directory with an absolute path; tree_release removes all of it. */
char *tree_make(void);
void tree_release(char *root);
/* path begins with a slash; its directories are made. */
void tree_put(const char *root, const char *path, const char *text);
/* Removes what the shell pattern matches, directories with all they hold. */
void tree_drop(const char *root, const char *pattern);
/* The text of a file, to be freed; NULL if it is not there. */
char *tree_get(const char *root, const char *path);

#endif
