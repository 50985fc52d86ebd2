/*
 * no_wipe.c - passwords stay where they were
 *
 * Linked with --wrap=explicit_bzero, for a test that looks for them in memory:
 * here it has to find one.
 */
#include <stddef.h>

void __wrap_explicit_bzero(void *at, size_t n);
void __wrap___explicit_bzero_chk(void *at, size_t n, size_t room);

void
__wrap_explicit_bzero(void *at, size_t n)
{
	(void)at;
	(void)n;
}

void
__wrap___explicit_bzero_chk(void *at, size_t n, size_t room)
{
	(void)at;
	(void)n;
	(void)room;
}
