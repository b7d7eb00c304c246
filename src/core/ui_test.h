/*
 * ui_test: --stdio-ui-test, which leads a UI and its person through a list of made-up requests and says which of them it got right.
 *
 * Nothing here has to do with keys: no other process is started, no file is read, nothing is signed. Each request says what the person is to do with it
 * ("APPROVE this"), in a message of call_info and warnings and as the caller's Origin. The report goes to standard error, a line for each step.
 */
#ifndef CLEF_CORE_UI_TEST_H
#define CLEF_CORE_UI_TEST_H

struct core_options;

/* Returns the exit status: 0 when every step passed, else 1. A step ends by itself after the time of --request-timeout (0: two minutes). */
int ui_test_main(const struct core_options *options);

#endif
