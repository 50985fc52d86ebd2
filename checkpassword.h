/*
 * checkpassword.h - ask a program that speaks the checkpassword interface
 *
 * https://cr.yp.to/checkpwd/interface.html: name, proof and timestamp on
 * descriptor 3, the verdict is its exit status.
 */
#ifndef CHECKPASSWORD_H
#define CHECKPASSWORD_H

#include "log.h"

#define CHECKPASSWORD_S 30 /* for the program to answer */

/*
 * FINE or PERM, as it says. "proof" is a password, or APOP's digest with its
 * timestamp, which else is "". TEMP, logged, if it cannot be run or asked, says
 * so itself, dies or does not answer in time. In the last case it is killed,
 * with what it has started, and also where this process is.
 */
enum trouble checkpassword_check(const char *program, const char *user,
    const char *proof, const char *timestamp);

#endif
