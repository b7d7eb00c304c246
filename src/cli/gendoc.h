/* gendoc: the JSON-RPC methods and the data of the UI channel, as Markdown. */
#ifndef CLEF_CLI_GENDOC_H
#define CLEF_CLI_GENDOC_H

#include "base/bytes.h"

/* Append all of it: the methods from core's table, and the types below. */
void gendoc_put(struct buf *ret_text);
/* Append the questions that a UI is asked, its answers and what it is told, each with an example. */
void gendoc_put_types(struct buf *ret_text);

#endif
