/* core: the role that decides. It starts the others, keeps the pending requests, asks the UI and has `keys` sign; it never sees a key. */
#ifndef CLEF_CORE_CORE_H
#define CLEF_CORE_CORE_H

#include <stdbool.h>
#include <stdint.h>

/* Everything the command line says. Texts are borrowed and live as long as the process. */
struct core_options {
	const char *keystore;
	const char *configdir;
	uint64_t chain_id;
	int log_level;
	bool light_kdf;
	bool advanced;
	bool no_change;      /* the UI can only approve or deny */
	bool eth_api;        /* callers may use the standard names, too */
	bool allow_eth_sign; /* eth_sign among them */
	bool allow_bulk;     /* callers may have several transactions approved together */
	bool suppress_bootwarn;
	bool stdio_ui;
	bool stdio_ui_test;        /* with stdio_ui: ui_test_main instead of core_main */
	const char *ui_socket;     /* absolute path; NULL: none */
	uint32_t wait_for_ui_s;    /* with ui_socket */
	const char *qrexec_socket; /* absolute path; NULL: none */
	bool http;
	const char *http_addr;
	uint16_t http_port; /* 0: the system chooses */
	const char *http_vhosts;
	bool ipc_disable;
	const char *ipc_path;       /* folder of clef.ipc; NULL: configdir */
	const char *audit_log;      /* NULL or "": none */
	const char *selectors;      /* file of the person's own method signatures; NULL or "": none */
	bool selectors_given;       /* false: a default, used only where it lies already */
	const char *clients;        /* file of the clients' rights; NULL or "": none */
	bool clients_given;         /* false: a default, used only where it lies already */
	int secret_fd;              /* -1: none */
	const char *password_file;  /* NULL: none */
	uint32_t request_timeout_s; /* 0: none */
	bool allow_weak_sandbox;
	bool require_sandbox;
};

/* Runs the signer until it is told to end (SIGINT, SIGTERM) or a role dies. Returns the exit status: 0, or 1 with the reason on stderr. */
int core_main(const struct core_options *options);

#endif
