/* selectors_main: the role selectors, which keeps the person's list of method signatures on disk. */
#ifndef CLEF_SELECTORS_SELECTORS_MAIN_H
#define CLEF_SELECTORS_SELECTORS_MAIN_H

/*
 * Runs the role on the descriptors of ipc.h until its channel closes. There is one only when the file is used (--4bytedb-custom): so core, which speaks with
 * callers' words, needs no right to any folder. Returns the exit status.
 */
int selectors_main(void);

#endif
