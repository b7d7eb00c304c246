/*
 * trusted_setup: the points of the KZG ceremony (EIP-4844), part of the program and read from its file only when they are used. Compressed
 * points of BLS12-381, of G1 in 48 bytes, of G2 in 96.
 */
#ifndef CLEF_PROOFS_TRUSTED_SETUP_H
#define CLEF_PROOFS_TRUSTED_SETUP_H

#include "base/bytes.h"

struct bytes trusted_setup_g1_lagrange(void);
struct bytes trusted_setup_g1_monomial(void);
struct bytes trusted_setup_g2_monomial(void);

#endif
