/*
 * ipc: typed messages between the roles (messages.def is their schema) and the framing that carries them.
 *
 * A frame on the stream socket is a 4-byte big-endian payload length, a 4-byte big-endian type and the payload; at most one descriptor comes with it. Roles
 * trust no frame: type, sender, direction and size are checked against the schema before a byte of payload is kept, and any breach closes
 * the channel with a reason, which ends the signer.
 */
#ifndef CLEF_IPC_IPC_H
#define CLEF_IPC_IPC_H

#include <event2/event.h>

#include "base/bytes.h"
#include "base/error.h"

enum ipc_role { IPC_ROLE_CORE = 1, IPC_ROLE_GATE, IPC_ROLE_KEYS, IPC_ROLE_UI, IPC_ROLE_PROOFS, IPC_ROLE_SELECTORS };
enum ipc_transport { IPC_TRANSPORT_HTTP = 1, IPC_TRANSPORT_UNIX, IPC_TRANSPORT_QREXEC };
enum ipc_sign_kind {
	IPC_SIGN_TRANSACTION = 1, /* content: unsigned payload, legacy RLP (6 or 9 fields) or a typed envelope */
	IPC_SIGN_MESSAGE = 2,     /* content: the message of EIP-191 version 0x45, without its prefix */
	IPC_SIGN_TYPED_DATA = 3,  /* content: the EIP-712 document as canonical JSON (typed_data.h) */
	IPC_SIGN_VALIDATOR = 4,   /* content: EIP-191 version 0x00: 20 bytes of validator address, then the message */
	IPC_SIGN_CLIQUE_HEADER =
	    5, /* content: RLP of a block header (EIP-225) exactly as it is hashed, without the seal: 15 or 16 fields (clique.h) */
	IPC_SIGN_SAFE =
	    6, /* content: a Safe transaction and the version of its contract, in the fixed layout of safe_put_content (safe.h) */
	IPC_SIGN_AUTHORIZATION = 7, /* content: EIP-7702: 0x05 || rlp([chain id, address, nonce]) */
	/* content: 4-byte big-endian count, 1 to IPC_SIGN_TRANSACTIONS_MAX, and as many unsigned payloads, a 4-byte big-endian length in front of each. All
	   are signed or none; the answer holds their signatures one after the other. */
	IPC_SIGN_TRANSACTIONS = 8,
	IPC_SIGN_BLOB_TRANSACTION = 9 /* content: a blob transaction's commitments and its unsigned payload (blob.h) */
};
#define IPC_SIGN_TRANSACTIONS_MAX 100
/* Bytes of a content; a password and a prompt go with it. */
#define IPC_SIGN_CONTENT_MAX ((size_t)IPC_KEYS_SIGN_MOST - 65536)
enum ipc_secret_source { IPC_SECRET_GIVEN = 1, IPC_SECRET_PIPE, IPC_SECRET_TERMINAL, IPC_SECRET_FILE };
/* sandbox_flags in the CONFIG messages. */
enum ipc_sandbox_flag { IPC_SANDBOX_ALLOW_WEAK = 1, IPC_SANDBOX_REQUIRE = 2 };

/* Descriptors that a role inherits; everything else is closed before exec. */
enum {
	IPC_FD_CHANNEL = 3,     /* every role: its end of the socket pair */
	IPC_FD_GATE_LISTEN = 4, /* gate: the listening socket */
	IPC_FD_UI_PROTOCOL = 4, /* ui: JSON-RPC of the UI protocol */
	IPC_FD_SELECTORS_FILE = 4,
	IPC_FD_KEYS_KEYSTORE = 4,
	IPC_FD_KEYS_INDEX,    /* folder of the persistent index */
	IPC_FD_KEYS_TERMINAL, /* the controlling terminal, for passwords */
	IPC_FD_KEYS_SECRETS,  /* --secret-fd: one datagram-like message a secret */
	IPC_FD_KEYS_PASSWORD, /* --password-file, opened */
	IPC_FD_KEYS_IMPORT,   /* importraw: the file with the key */
	IPC_FD_END
};
enum ipc_keys_fd {
	IPC_KEYS_HAVE_INDEX = 1,
	IPC_KEYS_HAVE_TERMINAL = 2,
	IPC_KEYS_HAVE_SECRETS = 4,
	IPC_KEYS_HAVE_PASSWORD = 8,
	IPC_KEYS_HAVE_IMPORT = 16,
	IPC_KEYS_HAVE_KEYSTORE = 32 /* without it there are no accounts and none can be made */
};

enum ipc_type {
	IPC_NONE = 0,
#define MESSAGE(upper, lower, from, to, most, fields) IPC_##upper,
#include "ipc/messages.def"
#undef MESSAGE
	IPC_TYPES
};

/* IPC_KEYS_SIGN_MOST and so on: bytes of a message's payload. Whoever sends what came from outside stays below. */
enum {
#define MESSAGE(upper, lower, from, to, most, fields) IPC_##upper##_MOST = most,
#include "ipc/messages.def"
#undef MESSAGE
};

#define NUMBER(name) uint64_t name;
#define BYTES(name)  struct bytes name;
#define MESSAGE(upper, lower, from, to, most, fields) \
	struct ipc_##lower {                          \
		fields                                \
	};
#include "ipc/messages.def"
#undef MESSAGE
#undef NUMBER
#undef BYTES

/* For logs: "KEYS_SIGN". */
const char *ipc_type_name(enum ipc_type type);

/* Append a whole frame. The message is the struct that belongs to the type. A message over its limit is a bug of the sender and ends the process. */
void ipc_encode(enum ipc_type type, const void *message, struct buf *ret_frame);
/* Read a payload into the struct that belongs to the type; BYTES borrow from the payload. False unless it is exactly one message. */
bool ipc_decode(enum ipc_type type, struct bytes payload, void *ret_message);

struct ipc_channel;
struct ipc_handlers {
	/* One message that passed the schema's checks; `message` points to its struct and lives until the handler returns. fd: a descriptor that came with
	 * it, now owned by the handler, or -1. */
	void (*message)(void *context, enum ipc_type type, const void *message, int fd);
	/* The peer is gone (why: "closed") or broke the schema. The channel is unusable; the handler frees it or ends the process. Called once at
	 * most, never after ipc_channel_free(), and perhaps from inside ipc_channel_send(). */
	void (*closed)(void *context, const char *why);
	void *context;
};

/* Takes ownership of fd and makes it non-blocking. Reads all there is in one go and hands it out message by message; writes are gathered
 * and go out when the event loop is about to sleep. */
struct ipc_channel *ipc_channel_new(
    struct event_base *base, int fd, enum ipc_role self, enum ipc_role peer, struct ipc_handlers handlers);
/* Sends what is still queued as far as that needs no waiting, then closes. No handler is called any more. A handler may do this. NULL is fine. */
void ipc_channel_free(struct ipc_channel *channel);
/* Queue a message. Its bytes are wiped from the queue once written. */
void ipc_channel_send(struct ipc_channel *channel, enum ipc_type type, const void *message);
/* The same with a descriptor, which stays the caller's. False: no descriptor is left to send one, or very many wait to be sent. Nothing was
 * queued then and the channel goes on: the caller does without, or gives up what the message is about. When the kernel passes none later on, because too many are on their
 * way already, the message is left out, and the channel goes on, too. */
bool ipc_channel_send_fd(struct ipc_channel *channel, enum ipc_type type, const void *message, int fd);
/* Bytes that the peer has not taken yet. */
size_t ipc_channel_queued(const struct ipc_channel *channel);
/* From now on call this, with the context of the handlers, whenever all that was queued is written: for those who wait with more until then. */
void ipc_channel_tell_drained(struct ipc_channel *channel, void (*drained)(void *context));
/* Stop and resume handing out messages (backpressure). Resuming hands out at once what has come already. */
void ipc_channel_pause(struct ipc_channel *channel, bool paused);

/* For a role's start, before its event loop: wait for the first message, which must be of this type. Blocks. The payload is kept in *ret_payload. */
bool ipc_receive_first(int fd, enum ipc_role self, enum ipc_role peer, enum ipc_type type, struct buf *ret_payload,
    void *ret_message, struct error *ret_error);

#endif
