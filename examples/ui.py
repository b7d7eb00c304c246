#!/usr/bin/env python3
"""A user interface for clef in one file: starts the signer, shows each request, asks the person at the terminal.

    examples/ui.py [--clef PATH] [-- FLAGS OF THE SIGNER ...]
    examples/ui.py -- --http --keystore ~/keys --chainid 11155111

It is meant to be read and to be started from: docs/ui-protocol.md explains every message. The rules it keeps are those that any user interface should keep:

- One question is on the screen at a time; a new one never takes its place. One that the signer withdraws goes away.
- Nothing is approved by default: only a typed y approves, and where a warning is critical only the word "sign".
- Text that comes from outside is made harmless before it is shown.
- Passwords go to the signer's keys process by a descriptor of their own (--secret-fd), not through the JSON.
"""
import argparse
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import unicodedata

LEVELS = {"critical": "!! CRITICAL", "warning": "!  Warning ", "info": "   Info    "}


def visible(text):
    """Text from outside: control, bidi and invisible characters are shown as \\u{...}, so that none of them can act."""
    return "".join(c if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp") else f"\\u{{{ord(c):x}}}"
                   for c in str(text))


def ether(wei):
    """Wei, a decimal text or None, in ether."""
    if wei is None:
        return "(more than can be said)"
    whole, part = divmod(int(wei), 10**18)
    return f"{whole}.{part:018}".rstrip("0").rstrip(".") + " ether"


# ---- what a question says, as lines ----

def caller_lines(question):
    meta, peer = question.get("meta") or {}, question.get("peer")
    qube = (peer or {}).get("qube")
    process = f", process {peer['pid']} of user {peer['uid']}" if peer and not qube else ""
    yield f"Asked by   {visible(meta.get('scheme', '?'))} {visible(meta.get('remote', ''))}{process}"
    for name in ("Origin", "User-Agent"):
        if meta.get(name):
            yield f"  {f'claimed by qube {visible(qube)}' if qube else 'claims'} {name}: {visible(meta[name])[:200]}"
    if question.get("expires_at"):
        yield f"Time left  {max(0, question['expires_at'] - int(time.time()))} seconds"


def warning_lines(question):
    for level in LEVELS:
        for warning in question.get("warnings", []):
            if warning["level"] == level:
                yield f"{LEVELS[level]}  {visible(warning['text'])}"


def value_lines(name, kind, value, indent=1):
    """One argument or one member of a document, with what is inside it. Inside are texts, lists of them, or members with names of their own."""
    head = "  " * indent + f"{visible(name)} ({visible(kind)})"
    if not isinstance(value, list):
        yield f"{head}: {visible(value)}"
        return
    yield head
    for number, item in enumerate(value):
        if isinstance(item, dict):
            yield from value_lines(item["name"], item["type"], item["value"], indent + 1)
        else:
            yield from value_lines(f"[{number}]", "entry", item, indent + 1)


def call_lines(call):
    if not call:
        return
    if not call["signature"]:
        yield f"Calls      an unknown method, {call['selector']}"
        return
    yield f"Calls      {visible(call['signature'])}"
    for number, argument in enumerate(call["arguments"] or []):
        yield from value_lines(argument["name"] or f"argument {number + 1}", argument["type"], argument["value"])
    for other in call["other_signatures"]:
        yield f"  or       {visible(other)}"


def transaction_lines(tx):
    actions = {"transfer": "Send", "call": "Call a contract, with", "creation": "Create a contract, with"}
    yield f"{actions[tx['action']]} {ether(tx['value'])} on chain {tx['chain_id']}"
    yield f"From       {tx['from']}"
    yield f"To         {tx['to'] or '(nobody: a new contract)'}"
    yield f"Fee        at most {ether(tx['max_fee_total'])}; with the value {ether(tx['max_cost'])}"
    yield f"Nonce      {tx['nonce']}, gas {tx['gas']}, {tx['data_bytes']} bytes of data"
    if tx["blobs"]:
        yield f"Blobs      {tx['blobs']}"
    for authorization in tx["authorizations"]:
        yield from authorization_lines(authorization)
    yield from call_lines(tx["call"])


def message_lines(message):
    if message["text"] is None:
        yield f"{message['bytes']} bytes that are no text"
        return
    for line in message["text"].split("\n"):
        yield f"  | {visible(line)}"


def typed_data_lines(data):
    domain = ", ".join(f"{visible(k)} {visible(v)}" for k, v in data["domain"].items())
    yield f"{visible(data['primary_type'])} for {domain}"
    for node in data["message"] or []:
        yield from value_lines(node["name"], node["type"], node["value"])
    yield f"Digest     {data['digest']}"


def safe_lines(tx):
    yield f"Safe {tx['safe']}: {'DELEGATE CALL to' if tx['operation'] == 'delegate_call' else 'send'} {ether(tx['value'])} to {tx['to']}"
    yield f"Nonce      {tx['nonce']}, {len(tx['data']) // 2 - 1} bytes of data"
    yield from call_lines(tx.get("call"))
    yield f"Digest     {tx['digest']}"


def authorization_lines(authorization):
    what = "nobody's code any more" if authorization["clears"] else f"the code at {authorization['address']}"
    chain = "EVERY chain" if authorization["chain_id"] == "0" else f"chain {authorization['chain_id']}"
    yield f"Authorises {what} to act for {authorization['authority']} on {chain} (nonce {authorization['nonce']})"


KINDS = {"transaction": transaction_lines, "message": message_lines, "typed_data": typed_data_lines, "safe_transaction": safe_lines,
         "authorization": authorization_lines}


def content_lines(method, question):
    """What is to be approved: from the decoded view, else from what every version of the protocol has."""
    decoded = question.get("decoded")
    if method == "ui_approveListing":
        yield "Show these accounts to the caller?"
        for number, account in enumerate(question["accounts"], 1):
            yield f"  {number}  {account['address']}"
    elif method == "ui_approveNewAccount":
        yield "Make a new account?"
    elif method == "ui_approveBulkTransactions":
        totals = question["totals"]
        yield f"{totals['count']} transactions: {ether(totals['value'])}, at most {ether(totals['max_fees'])} in fees, {len(totals['recipients'])} recipients"
        for entry in question["transactions"]:
            yield ""
            yield from warning_lines(entry)
            yield from transaction_lines(entry["decoded"])
    elif decoded and decoded["kind"] in KINDS:
        if question.get("address"):
            yield f"Sign as    {visible(question['address'])}"
        yield from KINDS[decoded["kind"]](decoded)
    else:  # a kind that came after this program was written: shown as it is, which is better than not at all
        for name, value in question.items():
            if name not in ("meta", "warnings", "peer", "raw_data"):
                yield f"  {visible(name)}: {visible(json.dumps(value))}"


# ---- the person ----

class Terminal:
    """Lines typed by the person; with echo off for passwords. Without a terminal (in tests) just lines."""

    def __init__(self):
        self.fd, self.is_tty, self.typed = sys.stdin.fileno(), sys.stdin.isatty(), b""
        self.normal = termios.tcgetattr(self.fd) if self.is_tty else None

    def echo(self, on):
        """Also throws away what was typed before: it was not meant for what comes now."""
        if self.is_tty:
            mode = termios.tcgetattr(self.fd)
            mode[3] = mode[3] | termios.ECHO if on else mode[3] & ~termios.ECHO
            termios.tcsetattr(self.fd, termios.TCSAFLUSH, mode)
        self.typed = b""

    def restore(self):
        if self.is_tty:
            termios.tcsetattr(self.fd, termios.TCSAFLUSH, self.normal)

    def read_lines(self):
        """The lines that are complete now, or None at the end of the input."""
        chunk = os.read(self.fd, 65536)
        if not chunk:
            return None
        *lines, self.typed = (self.typed + chunk).split(b"\n")
        return lines


# ---- the conversation ----

class Ui:
    def __init__(self, command):
        ours, theirs = socket.socketpair()  # passwords, past the JSON
        self.secrets = ours
        self.signer = subprocess.Popen(command + ["--stdio-ui", "--secret-fd", str(theirs.fileno())], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       pass_fds=[theirs.fileno()])
        theirs.close()
        self.received, self.questions, self.shown, self.terminal = b"", [], None, Terminal()

    def run(self):
        try:
            while self.read_once():
                pass
        except KeyboardInterrupt:
            pass  # the signer got the signal, too
        finally:
            self.terminal.restore()
            self.signer.stdin.close()  # a signer without a user interface refuses everything: end it
            self.signer.terminate()
        return self.signer.wait()

    def read_once(self):
        """Wait for the signer or the person. False when one of them is gone."""
        readable, _, _ = select.select([self.signer.stdout, self.terminal.fd], [], [])
        if self.signer.stdout in readable:
            chunk = os.read(self.signer.stdout.fileno(), 1 << 20)
            if not chunk:
                return False
            *lines, self.received = (self.received + chunk).split(b"\n")
            for line in lines:  # the signer writes one message a line
                self.on_message(json.loads(line))
        if self.terminal.fd in readable:
            lines = self.terminal.read_lines()
            if lines is None:
                return False
            for line in lines:
                self.on_line(line)
        return True

    def send(self, message):
        self.signer.stdin.write(json.dumps({"jsonrpc": "2.0"} | message).encode() + b"\n")
        self.signer.stdin.flush()

    def answer(self, result):
        self.send({"id": self.shown["id"], "result": result})
        self.shown = None
        self.show_next()

    # --- from the signer ---

    def on_message(self, message):
        method = message.get("method")
        params = message["params"][0] if method else None
        if method and "id" in message:
            # A password belongs to something that was approved already: it goes before the questions that wait.
            self.questions.insert(0 if method == "ui_onInputRequired" else len(self.questions), message)
            self.show_next()
        elif method == "ui_withdraw":
            self.on_withdraw(params)
        elif method == "ui_onSignerStartup":
            info = params["info"]
            print(f"The signer is ready: {visible(info['extapi_http'])}, {visible(info['extapi_ipc'])}; UI protocol {info.get('ui_protocol', '7.0')}")
            print("\n".join(warning_lines(params)), end="\n" if params.get("warnings") else "")
        elif method == "ui_onApprovedTx":
            print(f"Signed: transaction {visible(params['tx']['hash'])}")
        elif method in ("ui_showInfo", "ui_showError"):
            print(f"{'Error' if method == 'ui_showError' else 'Note'}: {visible(params['text'])}")
        sys.stdout.flush()

    def on_withdraw(self, params):
        self.questions = [q for q in self.questions if q["id"] != params["id"]]
        if self.shown and self.shown["id"] == params["id"]:
            print(f"\n--- withdrawn: {visible(params['reason'])} ---")
            self.shown = None
            self.show_next()

    # --- to the person ---

    def show_next(self):
        if self.shown or not self.questions:
            return
        self.shown = self.questions.pop(0)
        method, question = self.shown["method"], self.shown["params"][0]
        if method == "ui_onInputRequired":
            print(f"\n{visible(question['prompt'])}")
            self.prompt("Password: " if question["isPassword"] else "> ", echo=not question["isPassword"])
            return
        if method not in ("ui_approveTx", "ui_approveSignData", "ui_approveListing", "ui_approveNewAccount", "ui_approveBulkTransactions"):
            self.send({"id": self.shown["id"], "error": {"code": -32601, "message": "this user interface does not know the method"}})
            self.shown = None
            return self.show_next()
        print("\n" + "=" * 70)
        for lines in (content_lines(method, question), warning_lines(question), caller_lines(question)):
            for line in lines:
                print(line)
        if method == "ui_approveListing":
            self.prompt("y shows all, numbers show those, anything else refuses: ")
        elif self.is_critical():
            self.prompt("There is a CRITICAL warning. The word sign approves, anything else refuses: ")
        else:
            self.prompt("y approves, anything else refuses: ")

    def prompt(self, text, echo=True):
        self.terminal.echo(echo)
        print(text, end="", flush=True)

    def is_critical(self):
        question = self.shown["params"][0]
        parts = [question] + question.get("transactions", [])
        return any(w["level"] == "critical" for part in parts for w in part.get("warnings", []))

    def on_line(self, line):
        """The person's answer to what is on the screen. What is typed while nothing is there counts for nothing."""
        if not self.shown:
            return
        method, question = self.shown["method"], self.shown["params"][0]
        if method == "ui_onInputRequired":
            self.on_input(question, line)
            return
        word = line.decode(errors="replace").strip()
        approved = word == ("sign" if self.is_critical() else "y")
        if method == "ui_approveListing":
            chosen = self.chosen(question["accounts"], word)
            approved = chosen is not None
            result = {"accounts": chosen}
        elif method == "ui_approveTx":
            result = {"approved": approved, "transaction": question["transaction"]}  # what is signed is what is said here
        else:
            result = {"approved": approved}
        print("Approved." if approved else "Refused.")
        self.answer(result)

    @staticmethod
    def chosen(accounts, word):
        """The accounts that the person named, None for none."""
        if word == "y":
            return accounts
        numbers = word.replace(",", " ").split()
        if not numbers or not all(n.isdecimal() and 1 <= int(n) <= len(accounts) for n in numbers):
            return None
        return [accounts[int(n) - 1] for n in numbers]

    def on_input(self, question, line):
        if not question["isPassword"]:
            self.answer({"text": line.decode(errors="replace")})
            return
        print()
        self.terminal.echo(True)
        self.secrets.sendall(struct.pack(">QI", self.shown["id"], len(line)) + line)
        self.answer({"text": "", "secret_fd": True})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clef", default="clef", help="the signer's program")
    parser.add_argument("flags", nargs="*", help="flags of the signer, after --")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # no way out without ending the signer
    return Ui([options.clef] + options.flags).run()


if __name__ == "__main__":
    sys.exit(main())
