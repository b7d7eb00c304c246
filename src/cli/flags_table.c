/* The two tables: what the signer, its help, the man page's test and the parser know about flags and commands. */
#include "cli/flags.h"

#include <string.h>

#define ON(command) (1U << COMMAND_##command)

#define ON_MAKING  (ON(NEWACCOUNT) | ON(IMPORTRAW))
#define ON_LISTING (ON(LIST_ACCOUNTS) | ON(LIST_WALLETS))
#define ON_KEYS    (ON_MAKING | ON_LISTING)
#define ON_SECRETS (ON(ATTEST) | ON(SETPW) | ON(DELPW))
#define ON_VAULT   (ON(INIT) | ON_SECRETS)
#define ON_ALL     (ON_KEYS | ON_VAULT | ON(ATTACH) | ON(GENDOC) | ON(HELP))

static const struct flag_spec flags[FLAG_COUNT] = {
    /* name, alias, value_name, default_text, help, kind, group, commands, available */
    [FLAG_KEYSTORE] = {"keystore", NULL, "DIR", "~/.ethereum/keystore", "folder of the key files", FLAG_KIND_TEXT,
        FLAG_GROUP_KEYS, ON_KEYS, true},
    [FLAG_CONFIGDIR] = {"configdir", NULL, "DIR", "~/.clef",
        "folder of what the signer keeps: the socket, the index of the keystore", FLAG_KIND_TEXT, FLAG_GROUP_KEYS,
        ON_VAULT | ON_LISTING, true},
    [FLAG_CHAINID] = {"chainid", NULL, "N", "1",
        "chain that transactions are signed for: 1 mainnet, 11155111 sepolia, 560048 hoodi, ...", FLAG_KIND_INT, FLAG_GROUP_KEYS,
        0, true},
    [FLAG_LIGHTKDF] = {"lightkdf", NULL, NULL, NULL,
        "encrypt new key files with less memory and time, at some loss of strength against guessing", FLAG_KIND_BOOL,
        FLAG_GROUP_KEYS, ON_MAKING, true},
    [FLAG_PASSWORD_FILE] = {"password-file", NULL, "FILE", NULL,
        "take the key's password from the first line of FILE instead of asking for it", FLAG_KIND_TEXT, FLAG_GROUP_KEYS,
        ON_MAKING, true},
    [FLAG_SIGNERSECRET] = {"signersecret", NULL, "FILE", NULL, "file with the (encrypted) master seed", FLAG_KIND_TEXT,
        FLAG_GROUP_KEYS, ON_SECRETS, false},
    [FLAG_HTTP] = {"http", NULL, NULL, NULL, "serve JSON-RPC over HTTP, too", FLAG_KIND_BOOL, FLAG_GROUP_CALLERS, 0, true},
    [FLAG_HTTP_ADDR] = {"http.addr", NULL, "ADDRESS", "127.0.0.1", "address that HTTP listens on", FLAG_KIND_TEXT,
        FLAG_GROUP_CALLERS, 0, true},
    [FLAG_HTTP_PORT] = {"http.port", NULL, "PORT", "8550", "port that HTTP listens on; 0 lets the system choose", FLAG_KIND_INT,
        FLAG_GROUP_CALLERS, 0, true},
    [FLAG_HTTP_VHOSTS] = {"http.vhosts", NULL, "NAMES", "localhost",
        "names that a caller may use in the Host header, separated by commas; * allows all", FLAG_KIND_TEXT, FLAG_GROUP_CALLERS,
        0, true},
    [FLAG_IPCDISABLE] = {"ipcdisable", NULL, NULL, NULL, "do not serve the unix socket", FLAG_KIND_BOOL, FLAG_GROUP_CALLERS, 0,
        true},
    [FLAG_IPCPATH] = {"ipcpath", NULL, "DIR", NULL, "folder that gets the socket clef.ipc (default: configdir)", FLAG_KIND_TEXT,
        FLAG_GROUP_CALLERS, 0, true},
    [FLAG_QREXEC_SOCKET] = {"qrexec-socket", NULL, "PATH", NULL,
        "in a vault of Qubes OS: take the calls that qubes.Clefsign brings to this socket, which needs a folder of its own",
        FLAG_KIND_TEXT, FLAG_GROUP_CALLERS, 0, true},
    [FLAG_ETH_API] = {"eth-api", NULL, NULL, NULL,
        "answer to the standard names, too: eth_accounts, eth_signTransaction, personal_sign, ...", FLAG_KIND_BOOL,
        FLAG_GROUP_CALLERS, 0, true},
    [FLAG_ALLOW_ETH_SIGN] = {"allow-eth-sign", NULL, NULL, NULL, "with --eth-api, answer to eth_sign as to personal_sign",
        FLAG_KIND_BOOL, FLAG_GROUP_CALLERS, 0, true},
    [FLAG_ALLOW_BULK] = {"allow-bulk", NULL, NULL, NULL,
        "answer to account_bulkSignTransactions: one approval for several transactions of one account", FLAG_KIND_BOOL,
        FLAG_GROUP_CALLERS, 0, true},
    [FLAG_CLIENTS] = {"clients", NULL, "FILE", NULL,
        "what each client may do, see clients.conf(5) (default: clients.conf in the config folder, if it is there); empty: "
        "everything, after approval",
        FLAG_KIND_TEXT, FLAG_GROUP_CALLERS, 0, true},
    [FLAG_REQUEST_TIMEOUT] = {"request-timeout", NULL, "DURATION", "120s",
        "a request that nobody answered is withdrawn after this time (90s, 2m, plain seconds); 0: never", FLAG_KIND_DURATION,
        FLAG_GROUP_CALLERS, 0, true},
    [FLAG_STDIO_UI] = {"stdio-ui", NULL, NULL, NULL,
        "ask a program for approval: JSON-RPC on standard input and output, logs on standard error", FLAG_KIND_BOOL,
        FLAG_GROUP_APPROVAL, 0, true},
    [FLAG_STDIO_UI_TEST] = {"stdio-ui-test", NULL, NULL, NULL,
        "try out such a program with made-up requests; nothing is signed, the report goes to standard error", FLAG_KIND_BOOL,
        FLAG_GROUP_APPROVAL, 0, true},
    [FLAG_SECRET_FD] = {"secret-fd", NULL, "N", NULL,
        "inherited descriptor by which such a program hands over passwords, unseen by all but the keys process", FLAG_KIND_INT,
        FLAG_GROUP_APPROVAL, 0, true},
    [FLAG_UI_SOCKET] = {"ui-socket", NULL, "PATH", NULL,
        "ask no terminal, but whoever attaches to this socket ('clef attach'), which needs a folder of its own", FLAG_KIND_TEXT,
        FLAG_GROUP_APPROVAL, ON(ATTACH), true},
    [FLAG_WAIT_FOR_UI] = {"wait-for-ui", NULL, "DURATION", "0s",
        "with --ui-socket: while nobody is attached, requests wait so long for somebody; 0: they are refused at once",
        FLAG_KIND_DURATION, FLAG_GROUP_APPROVAL, 0, true},
    [FLAG_ADVANCED] = {"advanced", NULL, NULL, NULL, "show requests with warnings for approval instead of refusing them",
        FLAG_KIND_BOOL, FLAG_GROUP_APPROVAL, 0, true},
    [FLAG_NO_CHANGE] = {"no-change", NULL, NULL, NULL,
        "the UI can only approve or deny: a transaction that it changed is refused", FLAG_KIND_BOOL, FLAG_GROUP_APPROVAL, 0,
        true},
    [FLAG_SUPPRESS_BOOTWARN] = {"suppress-bootwarn", NULL, NULL, NULL, "start without the warning that waits for 'ok'",
        FLAG_KIND_BOOL, FLAG_GROUP_APPROVAL, ON_KEYS, true},
    [FLAG_RULES] = {"rules", NULL, "FILE", NULL, "JavaScript rules that approve or refuse requests by themselves", FLAG_KIND_TEXT,
        FLAG_GROUP_APPROVAL, 0, false},
    [FLAG_4BYTEDB_CUSTOM] = {"4bytedb-custom", NULL, "FILE", "4byte-custom.json",
        "your own additions to the list of contract methods, a JSON object like {\"a9059cbb\":\"transfer(address,uint256)\"}; "
        "methods that "
        "callers name are added once you approved them. The default is used only if it is there; empty: none",
        FLAG_KIND_TEXT, FLAG_GROUP_APPROVAL, 0, true},
    [FLAG_AUDITLOG] = {"auditlog", NULL, "FILE", "audit.log", "append every request and its answer to FILE; empty: nowhere",
        FLAG_KIND_TEXT, FLAG_GROUP_SAFETY, 0, true},
    [FLAG_LOGLEVEL] = {"loglevel", NULL, "N", "3",
        "how much is logged: 0 almost nothing, 1 errors, 2 warnings, 3 information, 4 and 5 everything", FLAG_KIND_INT,
        FLAG_GROUP_SAFETY, ON_KEYS | ON_VAULT | ON(ATTACH), true},
    [FLAG_ALLOW_WEAK_SANDBOX] = {"allow-weak-sandbox", NULL, NULL, NULL,
        "start even where the kernel lacks seccomp or no-new-privs; only for emulators", FLAG_KIND_BOOL, FLAG_GROUP_SAFETY,
        ON_KEYS | ON(ATTACH), true},
    [FLAG_REQUIRE_SANDBOX] = {"require-sandbox", NULL, NULL, NULL,
        "refuse to start where the kernel lacks Landlock or memfd_secret, too", FLAG_KIND_BOOL, FLAG_GROUP_SAFETY,
        ON_KEYS | ON(ATTACH), true},
    [FLAG_PCSCDPATH] = {"pcscdpath", NULL, "PATH", NULL, "socket of the smart card daemon", FLAG_KIND_TEXT, FLAG_GROUP_OTHER, 0,
        false},
    [FLAG_NOUSB] = {"nousb", NULL, NULL, NULL, "accepted for old scripts; there are no USB wallets yet", FLAG_KIND_BOOL,
        FLAG_GROUP_OTHER, 0, true},
    [FLAG_HELP] = {"help", "h", NULL, NULL, "show this help, or that of a command", FLAG_KIND_BOOL, FLAG_GROUP_OTHER, ON_ALL,
        true},
    [FLAG_VERSION] = {"version", "v", NULL, NULL, "print the version", FLAG_KIND_BOOL, FLAG_GROUP_OTHER, 0, true},
};

static const struct command_spec commands[COMMAND_COUNT] = {
    [COMMAND_SIGNER] = {NULL, NULL, "", "start the signer",
        "Without a command, clef serves requests to sign: on the unix socket clef.ipc in the config folder and, with --http, on "
        "a "
        "local port. Every request waits until you approve it at this terminal, or in the program that --stdio-ui talks to.",
        "clef --chainid 11155111 --http\n"
        "clef --keystore /media/stick/keystore --ipcpath ~/run\n"
        "geth --signer ~/.clef/clef.ipc\n"
        "clef newaccount\n",
        0, true},
    [COMMAND_NEWACCOUNT] = {"newaccount", NULL, "", "make a new account",
        "Makes a random key and writes it to a new file in the keystore, encrypted with a password of at least 10 characters. "
        "The "
        "password is asked for at the terminal, or read as a line from standard input when that is no terminal, or taken from "
        "--password-file. Whoever loses the file or the password loses the account: back up both.",
        "clef newaccount\n"
        "clef newaccount --keystore /media/stick/keystore\n"
        "clef --suppress-bootwarn newaccount --password-file pw.txt\n",
        0, true},
    [COMMAND_IMPORTRAW] = {"importraw", NULL, "FILE", "import a private key written as hex digits",
        "Reads a private key of 64 hex digits (with or without 0x) from FILE and writes it to a new file in the keystore, "
        "encrypted "
        "with a password that is asked for twice. FILE stays as it is: destroy it once the import is backed up.",
        "clef importraw key.txt\n"
        "clef --suppress-bootwarn importraw --password-file pw.txt key.txt\n",
        1, true},
    [COMMAND_LIST_ACCOUNTS] = {"list-accounts", NULL, "", "list the accounts of the keystore",
        "Prints each account's address and file.",
        "clef list-accounts\n"
        "clef --suppress-bootwarn list-accounts --keystore /media/stick/keystore\n",
        0, true},
    [COMMAND_LIST_WALLETS] = {"list-wallets", NULL, "", "list the wallets: each key file is one",
        "Prints each key file with the account in it. Hardware wallets are not supported yet.", "clef list-wallets\n", 0, true},
    [COMMAND_ATTACH] = {"attach", NULL, "[PATH]", "approve at this terminal for a signer that runs elsewhere",
        "Shows the requests of a signer that was started with --ui-socket PATH, for example by a service manager, at this "
        "terminal. "
        "The passwords that you type go to its keys process, unseen by the process that decides. Ctrl-C and Ctrl-D leave again: "
        "what "
        "is on screen is refused, and the signer goes on. One user interface is attached at a time. The socket is named by PATH "
        "or "
        "by --ui-socket.",
        "clef attach /run/user/1000/clef-ui/socket\n"
        "ssh -t host clef attach /run/user/1000/clef-ui/socket\n",
        1, true},
    [COMMAND_GENDOC] = {"gendoc", NULL, "", "print the documentation of the JSON-RPC methods",
        "Prints the methods that callers may use, those that a program behind --stdio-ui answers and may call, and the data they "
        "exchange, "
        "as Markdown.",
        "clef gendoc > api.md\n", 0, true},
    [COMMAND_INIT] = {"init", NULL, "", "make the master seed that protects the vault",
        "Makes the master seed, encrypted with a password, that protects rules and stored passwords.", "clef init\n", 0, false},
    [COMMAND_ATTEST] = {"attest", NULL, "SHA256", "approve a rule file by its SHA-256",
        "Stores the SHA-256 of the rule file that may decide; rules in any other file are not used.",
        "clef attest $(sha256sum rules.js | cut -c1-64)\n", 1, false},
    [COMMAND_SETPW] = {"setpw", NULL, "ADDRESS", "store an account's password for use by rules",
        "Stores the password of an account, encrypted with the master seed, so that rules can sign with it.",
        "clef setpw 0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F\n", 1, false},
    [COMMAND_DELPW] = {"delpw", NULL, "ADDRESS", "remove a stored password", "Removes the stored password of an account.",
        "clef delpw 0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F\n", 1, false},
    [COMMAND_HELP] = {"help", "h", "[COMMAND]", "show this help, or that of a command",
        "Shows the help of a command, or the list of all.",
        "clef help\n"
        "clef help newaccount\n",
        1, true},
};

const struct flag_spec *flags_spec(enum flag_id id)
{
	return &flags[id];
}

const struct command_spec *flags_command(enum command_id id)
{
	return &commands[id];
}

const char *flags_group_title(enum flag_group group)
{
	switch (group) {
	case FLAG_GROUP_KEYS:
		return "Keys and folders";
	case FLAG_GROUP_CALLERS:
		return "Callers";
	case FLAG_GROUP_APPROVAL:
		return "Approval";
	case FLAG_GROUP_SAFETY:
		return "Logs and sandbox";
	case FLAG_GROUP_OTHER:
		return "Other";
	case FLAG_GROUP_COUNT:
		break;
	}
	return "";
}

bool flags_find_command(const char *name, enum command_id *ret_command)
{
	for (unsigned id = COMMAND_SIGNER + 1; id < COMMAND_COUNT; id++) {
		const struct command_spec *command = &commands[id];
		if (strcmp(name, command->name) != 0 && (command->alias == NULL || strcmp(name, command->alias) != 0))
			continue;
		*ret_command = (enum command_id)id;
		return true;
	}
	return false;
}
