/*
 * ui_main: the role `ui`, the terminal approval UI.
 *
 * Descriptors 0, 1, 2: the terminal's, or pipes. 3: the channel to core (UI_CONFIG, UI_READY). 4: the UI protocol, JSON-RPC 2.0 as Clef's
 * stdio UI speaks it, with two additions that only this UI is sent:
 *
 *   ui_withdraw {"id": ID, "reason": "timeout"|"caller gone"|"cancelled"}: the question is no longer wanted. For a password whose question
 *       this UI has answered already, core withdrew before it heard so: the terminal is taken back, as with ui_resume.
 *   ui_resume {}: `keys` has read the password, the terminal is free.
 *
 * A question for a password is answered with {"text":"","terminal":true} once the terminal was given up. Optional members of "clef" next to
 * "meta" in params[0]: chainId (QUANTITY), expires (seconds since 1970), waiting (a number), peer (text: what is known of the caller); with
 * ui_onSignerStartup also warnings (texts).
 */
#ifndef CLEF_UI_UI_MAIN_H
#define CLEF_UI_UI_MAIN_H

/* Runs until core closes the channel. Returns the exit status. */
int ui_main(void);

#endif
