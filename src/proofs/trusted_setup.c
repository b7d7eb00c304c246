#include "proofs/trusted_setup.h"

#include "trusted_setup_file.h"

/*
 * The file that tools/generate-trusted-setup writes; its layout is described there. In a section of its own, so that nothing else lies in its
 * pages and they are never touched before they are used.
 */
__asm__(".pushsection .rodata.trusted_setup,\"a\",%progbits\n"
        ".balign 64\n"
        ".globl clef_trusted_setup\n"
        ".hidden clef_trusted_setup\n"
        "clef_trusted_setup:\n"
        ".incbin \"" TRUSTED_SETUP_FILE "\"\n"
        ".popsection\n");

extern const uint8_t clef_trusted_setup[] __attribute__((visibility("hidden")));

#define G1_SIZE ((size_t)4096 * 48)
#define G2_SIZE ((size_t)65 * 96)

struct bytes trusted_setup_g1_lagrange(void)
{
	return bytes_of(clef_trusted_setup, G1_SIZE);
}

struct bytes trusted_setup_g2_monomial(void)
{
	return bytes_of(clef_trusted_setup + G1_SIZE, G2_SIZE);
}

struct bytes trusted_setup_g1_monomial(void)
{
	return bytes_of(clef_trusted_setup + G1_SIZE + G2_SIZE, G1_SIZE);
}
