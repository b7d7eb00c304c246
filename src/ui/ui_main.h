/*
 * ui_main: the role `ui`, the terminal approval UI.
 *
 * Descriptors 0, 1, 2: the terminal's, or pipes. 3: the channel to core (UI_CONFIG, UI_READY). 4: the UI protocol, version 7.1, as
 * docs/ui-protocol.md describes it for every UI, with two additions for this one:
 *
 *   A question for a password is answered with {"text":"","terminal":true} once the terminal was given up.
 *   ui_resume {}: `keys` has read the password, the terminal is free. So it is with ui_withdraw for a password whose question this UI has
 *       answered already: core withdrew before it heard so.
 */
#ifndef CLEF_UI_UI_MAIN_H
#define CLEF_UI_UI_MAIN_H

/* Runs until core closes the channel. Returns the exit status. */
int ui_main(void);

#endif
