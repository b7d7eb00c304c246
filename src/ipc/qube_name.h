/* qube_name: names of qubes as Qubes OS has them: a letter, then up to 30 letters, digits, "_", "-" and "."; ASCII only. */
#ifndef CLEF_IPC_QUBE_NAME_H
#define CLEF_IPC_QUBE_NAME_H

#include "base/bytes.h"

#define QUBE_NAME_MAX 31

/* Nothing that is valid is a path ("..", "/"), an option ("-x"), markup or a control sequence. */
bool qube_name_is_valid(struct bytes untrusted_name);
/* "disp" and digits: Qubes gives such a name to another disposable later, so that it stands for nobody in particular. */
bool qube_name_is_disposable(struct bytes name);

#endif
