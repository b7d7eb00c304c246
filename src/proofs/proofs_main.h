/*
 * proofs_main: the role that does KZG (EIP-4844, EIP-7594): makes and checks the commitments and proofs of blobs. It holds no secret and opens nothing.
 *
 * Descriptor: IPC_FD_CHANNEL to core. The first message is PROOFS_CONFIG; then the process confines itself, says PROOFS_READY and serves. Requests are done in
 * order, one at a time; one that is withdrawn before its turn is not begun. The trusted setup is loaded by the first one.
 */
#ifndef CLEF_PROOFS_PROOFS_MAIN_H
#define CLEF_PROOFS_PROOFS_MAIN_H

/* Returns the exit status of the process. */
int proofs_main(void);

#endif
