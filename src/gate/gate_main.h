/*
 * gate_main: the role that eats all bytes from the network, one process for each transport, and hands core well-formed calls.
 *
 * Descriptors: IPC_FD_CHANNEL to core, IPC_FD_GATE_LISTEN the listening socket. The first message is GATE_CONFIG; then the process confines itself, says
 * GATE_READY and serves. It ends when core says GATE_STOP, within a second, and at once when the channel closes. It opens nothing and holds no secret.
 *
 * Every HTTP caller's number is in GATE_CALL only; GATE_OPENED and GATE_CLOSED are sent for the unix sockets, where core asks the descriptor for the
 * peer's uid. The gate of qrexec.sock takes nobody before GATE_UI said what it greets them with.
 */
#ifndef CLEF_GATE_GATE_MAIN_H
#define CLEF_GATE_GATE_MAIN_H

/* Returns the exit status of the process. */
int gate_main(void);

#endif
