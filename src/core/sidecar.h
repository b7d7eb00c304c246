/*
 * sidecar: has `proofs` make or check what belongs to the blobs of a transaction. core itself never looks into a commitment or a proof; of what comes back it
 * takes the sizes and the hashes for itself.
 */
#ifndef CLEF_CORE_SIDECAR_H
#define CLEF_CORE_SIDECAR_H

#include "core/request.h"
#include "eth/transaction.h"

/*
 * `done` is called once every part of the transaction's sidecar is there and right, at once when it has none; a sidecar that is wrong ends the request
 * (ERROR_REFUSED). Commitments, proofs and hashes that were left to us are filled in. The transaction lives in the request's arena.
 */
void sidecar_settle(struct request *request, struct transaction *transaction, void (*done)(struct request *request));

#endif
