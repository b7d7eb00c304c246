/* page_command: `clef --render-page`, for people who write approvers and for demonstrations: shows a request as the terminal UI does. */
#ifndef CLEF_UI_PAGE_COMMAND_H
#define CLEF_UI_PAGE_COMMAND_H

/* Reads one ui_* JSON-RPC call from standard input, prints its page (and its prompt) on standard output. Returns the exit status. */
int page_command_main(void);

#endif
