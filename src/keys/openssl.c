#include "keys/openssl.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY "libcrypto.so.3"

/* Filled in once, then only read: what the dynamic linker would have kept. */
static struct {
	pthread_once_t once;
	bool ready;
	__typeof__(&OPENSSL_init_crypto) init;
	__typeof__(&EVP_CIPHER_CTX_new) context_new;
	__typeof__(&EVP_CIPHER_CTX_free) context_free;
	__typeof__(&EVP_aes_128_ctr) aes_128_ctr;
	__typeof__(&EVP_aes_128_cbc) aes_128_cbc;
	__typeof__(&EVP_DecryptInit_ex2) decrypt_init;
	__typeof__(&EVP_DecryptUpdate) decrypt_update;
	__typeof__(&EVP_DecryptFinal_ex) decrypt_final;
	__typeof__(&EVP_sha256) sha256;
	__typeof__(&PKCS5_PBKDF2_HMAC) pbkdf2;
} library = {.once = PTHREAD_ONCE_INIT};

/* POSIX promises that a function fits into what dlsym returns; C does not, hence the copy. */
static bool find(void *handle, const char *name, void *ret_function)
{
	void *symbol = dlsym(handle, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static void load_once(void)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return;
	bool found =
	    find(handle, "OPENSSL_init_crypto", &library.init) && find(handle, "EVP_CIPHER_CTX_new", &library.context_new) &&
	    find(handle, "EVP_CIPHER_CTX_free", &library.context_free) && find(handle, "EVP_aes_128_ctr", &library.aes_128_ctr) &&
	    find(handle, "EVP_aes_128_cbc", &library.aes_128_cbc) && find(handle, "EVP_DecryptInit_ex2", &library.decrypt_init) &&
	    find(handle, "EVP_DecryptUpdate", &library.decrypt_update) &&
	    find(handle, "EVP_DecryptFinal_ex", &library.decrypt_final) && find(handle, "EVP_sha256", &library.sha256) &&
	    find(handle, "PKCS5_PBKDF2_HMAC", &library.pbkdf2);

	/* No file of settings: keys may not read any. */
	library.ready = found && library.init(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1;
}

bool openssl_load(struct error *ret_error)
{
	pthread_once(&library.once, load_once);
	return library.ready ||
	       error_set(ret_error, ERROR_INTERNAL, "%s of OpenSSL 3 cannot be loaded: install libssl3", LIBRARY);
}

static bool is_loaded(void)
{
	struct error ignored;

	return openssl_load(&ignored);
}

bool openssl_aes_128(enum openssl_aes mode, const uint8_t key[OPENSSL_AES_KEY_SIZE], const uint8_t iv[OPENSSL_AES_BLOCK_SIZE],
    struct bytes in, uint8_t *ret_out, size_t *ret_size)
{
	int size = 0, more = 0;

	*ret_size = 0;
	if (!is_loaded() || in.size > INT32_MAX - OPENSSL_AES_BLOCK_SIZE)
		return false;
	EVP_CIPHER_CTX *context = library.context_new();
	const EVP_CIPHER *cipher = mode == OPENSSL_AES_128_CBC ? library.aes_128_cbc() : library.aes_128_ctr();
	bool ok = context != NULL && library.decrypt_init(context, cipher, key, iv, NULL) == 1 &&
	          library.decrypt_update(context, ret_out, &size, in.data, (int)in.size) == 1 &&
	          library.decrypt_final(context, ret_out + size, &more) == 1;

	library.context_free(context); /* wipes the key schedule */
	*ret_size = ok ? (size_t)size + (size_t)more : 0;
	return ok;
}

bool openssl_pbkdf2_sha256(struct bytes password, struct bytes salt, uint32_t rounds, uint8_t *ret_derived, size_t size)
{
	const char *text = password.size == 0 ? "" : (const char *)password.data;

	return is_loaded() && password.size <= INT32_MAX && salt.size <= INT32_MAX && rounds <= INT32_MAX &&
	       library.pbkdf2(text, (int)password.size, salt.data, (int)salt.size, (int)rounds, library.sha256(), (int)size,
	           ret_derived) == 1;
}
