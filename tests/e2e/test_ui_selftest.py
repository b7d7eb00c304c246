"""--stdio-ui-test: a UI is led through made-up requests, and what it gets wrong is said."""
import json
import os
import re
import socket
import struct
import subprocess
import threading

import pytest

import ui_schema

STEPS = 21


class Ui:
    """Plays a UI and its person, who does what the requests say. changes: method to function(id, params), which gives the messages to send
    instead, as a list."""

    def __init__(self, clef, tmp_path, *args, changes=None, pass_fds=()):
        self.changes, self.seen, self.wrong = changes or {}, [], []
        self.proc = subprocess.Popen([clef, "--stdio-ui", "--stdio-ui-test", "--keystore", str(tmp_path / "none"), *args],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, pass_fds=pass_fds)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.proc.stdout:
            message = json.loads(line)
            self.seen.append(message)
            problem = ui_schema.wrong_from_signer(message)
            if problem:
                self.wrong.append(problem)
            if "id" in message and "method" in message:
                for answer in self.changes.get(message["method"], obey)(message["id"], message["params"][0]):
                    self.send(answer)

    def send(self, message):
        try:
            self.proc.stdin.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
            self.proc.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def end(self, seconds=30):
        """(exit status, lines of the report)"""
        status = self.proc.wait(seconds)
        return status, self.proc.stderr.read().splitlines()


def answer(number, result):
    return {"jsonrpc": "2.0", "id": number, "result": result}


def obey(number, params):
    """What the person was told to answer."""
    told = params["prompt"] if "prompt" in params else params["meta"]["Origin"]
    if told.startswith("Do NOTHING"):
        return []
    approved = told.startswith("APPROVE")
    if "prompt" in params:
        text = re.search(r"Type(?: the password)?: (.*?)(?: \(.*)?$", told)[1]
        return [answer(number, {"text": text})]
    if "accounts" in params:
        return [answer(number, {"accounts": (params["accounts"][:1] if "FIRST" in told else params["accounts"]) if approved else None})]
    return [answer(number, {"approved": approved} | ({"transaction": params["transaction"]} if "transaction" in params else {}))]


def denied(number, params):
    return [answer(number, {"approved": False})]


def test_an_obedient_ui_passes(clef, tmp_path):
    ui = Ui(clef, tmp_path)
    status, lines = ui.end()
    assert status == 0 and not ui.wrong, (lines, ui.wrong)
    assert [line[:4] for line in lines[:-1]] == ["ok  "] * STEPS
    assert lines[-1] == f"{STEPS} of {STEPS} steps passed; nothing was signed"
    assert not (tmp_path / "none").exists() and not (tmp_path / "audit.log").exists()


def test_every_kind_of_message_is_tried(clef, tmp_path):
    ui = Ui(clef, tmp_path)
    ui.end()
    methods = {m["method"] for m in ui.seen}
    assert methods == {name[:-7] for name in ui_schema.SCHEMA["$defs"] if re.fullmatch(r"ui_.*\.params", name)}
    warned = [m for m in ui.seen if any(w["level"] == "critical" for w in m["params"][0].get("warnings", []))]
    assert warned and all(m["params"][0]["meta"]["Origin"].startswith("DENY") for m in warned)
    kinds = {(m["params"][0].get("decoded") or {}).get("kind") for m in ui.seen}
    assert kinds >= {"transaction", "message", "typed_data", "safe_transaction", "authorization"}


@pytest.mark.parametrize("method, change, steps", [
    ("ui_approveTx", denied, 3), ("ui_approveSignData", denied, 3), ("ui_approveNewAccount", denied, 1),
    ("ui_approveTx", lambda n, p: [answer(n, {"approved": True, "transaction": p["transaction"] | {"gas": "0x1"}})], 5),
    ("ui_approveTx", lambda n, p: [answer(n, {"approved": True})], 5),
    ("ui_approveBulkTransactions", denied, 1),
    ("ui_approveBulkTransactions", lambda n, p: [answer(n, {"approved": True, "transactions": [t["transaction"] for t in p["transactions"][:1]]})], 1),
    ("ui_approveBulkTransactions", lambda n, p: [answer(n, {"approved": True, "transactions": [t["transaction"] | {"gas": "0x1"} for t in p["transactions"]]})], 1),
    ("ui_approveBulkTransactions", lambda n, p: [answer(n, {"approved": True, "transactions": [t["transaction"] for t in p["transactions"]]})], 0),
    ("ui_approveListing", lambda n, p: [answer(n, {"accounts": p["accounts"]})], 2),
    ("ui_approveListing", lambda n, p: [answer(n, {"accounts": [{"address": "0x" + "00" * 20}]})], 3),
    ("ui_approveListing", lambda n, p: [answer(n, {"accounts": "all"})], 3),
    ("ui_onInputRequired", lambda n, p: [answer(n, {"text": "no"})], 4),
    ("ui_onInputRequired", lambda n, p: [answer(n, {"text": "", "secret_fd": True})], 4),
    ("ui_approveNewAccount", lambda n, p: [answer(n, True)], 2),
    ("ui_approveNewAccount", lambda n, p: [{"jsonrpc": "2.0", "id": n, "error": {"code": -1, "message": "broken\x1b"}}], 1)],
    ids=["tx denied", "data denied", "account denied", "tx changed", "tx left out", "bulk denied", "bulk short", "bulk changed", "bulk returned", "all accounts", "invented account", "no list", "other text",
         "no descriptor", "no object", "error"])
def test_a_ui_that_errs_is_told_where(clef, tmp_path, method, change, steps):
    status, lines = Ui(clef, tmp_path, changes={method: change}).end()
    failed = [line for line in lines if line.startswith("FAIL")]
    assert status == (steps > 0) and len(failed) == steps, lines
    assert all(": " in line and "\x1b" not in line for line in failed)
    assert lines[-1] == f"{STEPS - steps} of {STEPS} steps passed; nothing was signed"


def test_a_ui_that_never_answers_comes_to_an_end(clef, tmp_path):
    ui = Ui(clef, tmp_path, "--request-timeout", "1", changes={"ui_approveTx": lambda n, p: [], "ui_approveSignData": lambda n, p: []})
    status, lines = ui.end(60)
    assert status == 1
    assert sum("no answer within 1 seconds" in line for line in lines) == 10, lines
    assert sum(m["method"] == "ui_withdraw" for m in ui.seen) == 12


def test_a_ui_that_leaves_ends_the_test(clef, tmp_path):
    ui = Ui(clef, tmp_path, changes={"ui_approveListing": lambda n, p: ui.proc.stdin.close() or []})
    status, lines = ui.end()
    assert status == 1 and lines[-2] == f"FAIL  3/{STEPS}  a listing, all accounts: the user interface has ended", lines
    assert sum(line.startswith("FAIL") for line in lines) == 1


def test_late_approval_of_what_was_withdrawn(clef, tmp_path):
    late = {}

    def keep(number, params):
        if params["meta"]["Origin"].startswith("Do NOTHING"):
            late.update(number=number, params=params)
            return []
        return obey(number, params)

    ui = Ui(clef, tmp_path, changes={"ui_approveTx": keep})
    while not any(m["method"] == "ui_withdraw" for m in list(ui.seen)):
        assert ui.proc.poll() is None
    ui.send(answer(late["number"], {"approved": True, "transaction": late["params"]["transaction"]}))
    status, lines = ui.end()
    assert status == 1 and [line for line in lines if line.startswith("FAIL")][0].endswith("the question was approved after it had been withdrawn")


def test_password_by_the_descriptor(clef, tmp_path):
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)

    def by_pipe(number, params):
        if not params["isPassword"]:
            return obey(number, params)
        ours.sendall(struct.pack(">QI", number, 17) + b"not a re")
        ours.sendall(b"al secret")
        return [answer(number, {"text": "", "secret_fd": True})]

    ui = Ui(clef, tmp_path, "--secret-fd", str(theirs.fileno()), changes={"ui_onInputRequired": by_pipe}, pass_fds=[theirs.fileno()])
    status, lines = ui.end()
    assert status == 0, lines
    ours.close()
    theirs.close()


def test_a_ui_may_ask_what_it_likes_at_its_start(clef, tmp_path):
    ui = Ui(clef, tmp_path)
    for number, method in enumerate(["clef_listAccounts", "clef_chainId", "clef_pending", "clef_new", "nonsense"]):
        ui.send({"jsonrpc": "2.0", "id": 500 + number, "method": method, "params": []})
    status, _ = ui.end()
    replies = {m["id"]: m for m in ui.seen if "method" not in m}
    assert status == 0 and len(replies[500]["result"]) == 2 and replies[501]["result"] == "0x1" and replies[502]["result"] == []
    assert "--stdio-ui-test" in replies[503]["error"]["message"] and "error" in replies[504]


def test_without_a_ui_there_is_nothing_to_test(clef):
    done = subprocess.run([clef, "--stdio-ui-test"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and "--stdio-ui" in done.stderr
