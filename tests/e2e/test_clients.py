"""clients.conf: what callers over HTTP, users over clef.ipc and qubes over --qrexec-socket may do, and that no qube keeps another waiting."""
import os
import pathlib
import re
import socket
import time

import pytest

import frames
from attaching import Attached
from signer import FIRST, SECOND, SILENT, THIRD, RpcError, approving, transfer, until

ME = os.getuid()
UNKNOWN = "0x00000000000000000000000000000000000000aa"
MESSAGE = "0x68656c6c6f"
DOCUMENT = {"types": {"EIP712Domain": [{"name": "name", "type": "string"}], "A": [{"name": "b", "type": "string"}]}, "primaryType": "A",
            "domain": {"name": "x"}, "message": {"b": "c"}}
SAFE = {"safe": "0x25a6c4BBd32B2424A9c99aEB0584Ad12045382B3", "to": SECOND, "value": "1", "data": None, "operation": 0, "gasToken": "0x" + 40 * "0",
        "safeTxGas": 27845, "baseGas": 0, "gasPrice": "0", "refundReceiver": "0x" + 40 * "0", "nonce": 5,
        "safeTxHash": "0xcdcc97a26c377a1ec53f4e83b9a883418333a4e7166e9176854597e28a81a768"}
# nonce 0, 1 gwei, 21000 gas, 1 wei to SECOND, on chain 1
RAW = "0xe380843b9aca0082520894cd2a3d9f938e13cd947ec05abc7fe734df8dd8260180018080"


@pytest.fixture
def configured(start, tmp_path):
    """configured(text, …): a signer whose clients.conf lies in its config folder. qubes: with --qrexec-socket, as .qubes."""
    count = 0

    def start_one(text, *args, qubes=False, **settings):
        nonlocal count
        count += 1
        home = tmp_path / f"home{count}"
        (home / "config").mkdir(mode=0o700, parents=True)
        (home / "config" / "clients.conf").write_text(text)
        (home / "config" / "clients.conf").chmod(0o600)
        if qubes:
            args += "--qrexec-socket", str(home / "qrexec" / "qrexec.sock")
        signer = start(*args, home=home, **settings)
        signer.qubes = home / "qrexec" / "qrexec.sock"
        return signer
    return start_one


def of_qube(signer, qube, method, *params):
    """A call of a qube: its result; RpcError."""
    answer = frames.ask(signer.qubes, frames.call(method, params), qube=qube)
    if "error" in answer:
        raise RpcError(answer["error"])
    return answer["result"]


def later(signer, qube, method="account_signData", *params):
    return frames.Later(signer.qubes, frames.call(method, params or ("text/plain", FIRST, MESSAGE)), qube=qube)


def error_of(work):
    with pytest.raises(RpcError) as e:
        work()
    return e.value.code, e.value.message


def asked_by(signer, method="ui_approveSignData"):
    """The qubes (or "NA") of the questions so far."""
    return [m["params"][0]["meta"]["remote"].removeprefix("qube:") for m in signer.seen if m["method"] == method]


def pending(signer):
    """The request ids of the qubes' requests that are not answered, by the qube's name."""
    return {p["meta"]["remote"].removeprefix("qube:"): p["request_id"] for p in signer.ui_call("clef_pending")["result"]}


# --- methods ---

def test_callers_over_http_have_default_and_users_their_own(configured):
    signer = configured(f"[default]\nmethods = account_version\n[uid:{ME}]\nmethods = account_version, account_list\n")
    assert signer.call("account_version") == signer.call_socket("account_version") == "6.1.0"
    code, text = error_of(lambda: signer.call("account_list"))
    assert code == -32601 and "account_list is not among the methods that this client may use" in text
    assert signer.count("ui_approveListing") == 0
    assert len(signer.call_socket("account_list")) == 3
    # What is answered at once follows the list, too.
    assert error_of(lambda: signer.call("rpc_modules"))[0] == error_of(lambda: signer.call_socket("rpc_modules"))[0] == -32601


def test_standard_names_have_standard_codes(configured):
    signer = configured("[default]\nmethods = eth_chainId, account_list\n", "--eth-api")
    assert signer.call("eth_chainId") == "0x1"
    for method, params in (("eth_accounts", ()), ("personal_sign", (MESSAGE, FIRST)), ("eth_signTransaction", (transfer(),)), ("web3_clientVersion", ())):
        assert error_of(lambda: signer.call(method, *params))[0] == 4100, method
    assert error_of(lambda: signer.call("account_new"))[0] == -32601
    # What nobody can use answers with what to use instead, and what there is not is not there.
    assert error_of(lambda: signer.call("eth_sendTransaction", {}))[0] == 4200
    assert error_of(lambda: signer.call("eth_nonsense"))[0] == -32601
    assert [m["method"] for m in signer.seen if m["method"].startswith("ui_approve")] == []


# --- accounts ---

SIGNING = {
    "account_signData": lambda a: ("text/plain", a, MESSAGE),
    "account_signTypedData": lambda a: (a, DOCUMENT),
    "account_signTransaction": lambda a: (transfer(**{"from": a}),),
    "account_bulkSignTransactions": lambda a: ([transfer(**{"from": a})],),
    "account_signAuthorization": lambda a: (a, {"chainId": "0x1", "address": SECOND, "nonce": "0x0"}),
    "account_signRawTransaction": lambda a: (a, RAW),
    "account_signGnosisSafeTx": lambda a: (a, SAFE),
    "personal_sign": lambda a: (MESSAGE, a),
    "eth_sign": lambda a: (a, MESSAGE),
    "eth_signTypedData_v4": lambda a: (a, DOCUMENT),
    "eth_signTransaction": lambda a: (transfer(**{"from": a, "chainId": "0x1"}),),
    "eth_signAuthorization": lambda a: (a, {"chainId": "0x1", "address": SECOND, "nonce": "0x0"}),
    "wallet_sign": lambda a: ({"version": "1.0", "address": a, "request": {"type": "0x45", "data": {"message": "hello"}}},),
}


def test_an_account_of_others_is_like_one_that_is_not_there(configured):
    signer = configured(f"[default]\naccounts = {SECOND}\n", "--eth-api", "--allow-eth-sign", "--allow-bulk", "--advanced", ui=approving())
    for method, params in SIGNING.items():
        foreign = error_of(lambda: signer.call(method, *params(FIRST)))
        assert foreign == error_of(lambda: signer.call(method, *params(UNKNOWN))), method
        assert "unknown account" in foreign[1], method
    assert [m["method"] for m in signer.seen if m["method"].startswith("ui_approve") or "Input" in m["method"]] == []
    for method, params in SIGNING.items():
        assert signer.call(method, *params(SECOND)), method


def test_a_user_interface_cannot_move_a_request_to_an_account_of_others(configured):
    def edit(params):
        return {"approved": True, "transaction": params[0]["transaction"] | {"from": FIRST}}
    signer = configured(f"[default]\naccounts = {SECOND}\n", ui=approving(ui_approveTx=edit))
    assert error_of(lambda: signer.call("account_signTransaction", transfer(**{"from": SECOND}))) == (-32000, "unknown account")
    assert signer.count("ui_onInputRequired") == 0
    # The user of the socket, to whom nothing is denied, gets what the person changed.
    other = configured("", ui=approving(ui_approveTx=edit))
    assert other.call_socket("account_signTransaction", transfer(**{"from": SECOND}))["raw"]


def test_listings_offer_no_accounts_of_others(configured):
    signer = configured(f"[default]\naccounts = {SECOND},\n  {UNKNOWN}\n", "--eth-api")
    for method in ("account_list", "eth_accounts", "eth_requestAccounts"):
        assert signer.call(method) == [SECOND.lower()]
    for question in (m for m in signer.seen if m["method"] == "ui_approveListing"):
        assert [a["address"] for a in question["params"][0]["accounts"]] == [SECOND.lower()]
    assert len(signer.ui_call("clef_listAccounts")["result"]) == 3  # the person's program sees them all


@pytest.mark.bad_answers
def test_what_was_not_offered_is_not_told(configured):
    signer = configured(f"[default]\naccounts = {SECOND}\n", ui=approving(ui_approveListing=lambda p: {"accounts": [{"address": FIRST}]}))
    assert "was not offered" in error_of(lambda: signer.call("account_list"))[1]


def test_accounts_that_are_listed_without_asking(configured):
    signer = configured(f"[default]\naccounts = {THIRD}, {FIRST}, {UNKNOWN}\nlist-without-asking = yes\n[uid:{ME}]\nlist-without-asking = no\n", "--eth-api",
                        qubes=True)
    both = [THIRD.lower(), FIRST.lower()]  # in the order of the file, and only what is there
    assert signer.call("account_list") == signer.call("eth_accounts") == signer.call("eth_requestAccounts") == both
    assert of_qube(signer, "work", "account_list") == both
    assert signer.count("ui_approveListing") == 0
    lines = (signer.home / "audit.log").read_text().splitlines()
    assert sum("msg=List" in line and "type=request" in line for line in lines) == 4
    assert sum("msg=List" in line and "type=response" in line and THIRD in line for line in lines) == 4
    # A disposable is another one tomorrow: the person is asked.
    assert set(of_qube(signer, "disp1234", "account_list")) == set(both)
    assert signer.count("ui_approveListing") == 1
    assert len(signer.call_socket("account_list")) == 2 and signer.count("ui_approveListing") == 2


def test_a_new_account_is_not_in_the_list(configured):
    signer = configured(f"[default]\naccounts = {SECOND}\n")
    new = signer.call("account_new")
    assert error_of(lambda: signer.call("account_signData", "text/plain", new, MESSAGE)) == (-32000, "unknown account")
    assert new not in signer.call("account_list")


# --- limits ---

def test_a_queue(configured):
    signer = configured("[default]\nqueue = 2\n", ui=approving(ui_approveSignData=lambda p: SILENT))
    waiting = [signer.later("account_signData", "text/plain", FIRST, MESSAGE) for _ in range(2)]
    question = signer.asked("ui_approveSignData", 2)
    code, text = error_of(lambda: signer.call("account_signData", "text/plain", FIRST, MESSAGE))
    assert code == -32000 and "too many requests of this client wait already (2)" in text
    assert signer.call("account_version") == "6.1.0"  # counts for nothing
    signer.reply(question["id"], {"approved": False})
    until(lambda: sum(w.done() for w in waiting) == 1)
    third = signer.later("account_signData", "text/plain", FIRST, MESSAGE)
    signer.asked("ui_approveSignData", 3)
    assert not third.done()


def test_a_rate(configured):
    signer = configured("[default]\nrate = 3/m\n")
    for _ in range(3):
        assert error_of(lambda: signer.call("account_signData", "text/plain", UNKNOWN, MESSAGE))[1] == "unknown account"
    assert "more than 3 a minute" in error_of(lambda: signer.call("account_list"))[1]
    for _ in range(20):
        assert signer.call("account_version") == "6.1.0"
    assert "more than 3 a minute" in error_of(lambda: signer.call("account_list"))[1]


def test_what_is_refused_leaves_a_trace_that_stays_small(configured):
    signer = configured("[default]\nmethods = account_signData\nrate = 1000/m\n[qube:few]\nrate = 2/m\n", qubes=True)
    for _ in range(40):
        assert error_of(lambda: of_qube(signer, "web", "account_list"))[0] == -32601
    texts = [error_of(lambda: of_qube(signer, "few", "account_list"))[1] for _ in range(3)]  # a forbidden call takes a token
    assert "may use" in texts[1] and "more than 2 a minute" in texts[2]
    error_of(lambda: signer.call("account_version"))
    lines = [line for line in audit(signer) if "msg=Refused" in line]
    assert 3 <= len(lines) <= 4
    assert "client=qube:web method=account_list error=\"it is not among the methods" in lines[0] and lines[0].endswith("count=1")
    assert sum("client=qube:few" in line for line in lines) == 1 and sum("client=http method=account_version" in line for line in lines) == 1
    assert "account_list of qube:web was refused: it is not among the methods that this client may use; calls: 1" in signer.stderr()
    for i in range(30):  # new names, a line each: bounded, too
        error_of(lambda: of_qube(signer, f"disp{i}", "account_list"))
    assert sum("msg=Refused" in line for line in audit(signer)) <= 20
    time.sleep(5.1)
    error_of(lambda: of_qube(signer, "web", "account_list"))
    last = [line for line in audit(signer) if "msg=Refused" in line and "qube:web" in line][-1]
    assert int(last.rsplit("count=")[1]) >= 20
    assert signer.count("ui_showInfo") == 0  # over stdin and stdout the protocol stays as it was


def test_a_user_interface_that_is_attached_hears_of_what_is_refused(configured, tmp_path):
    signer = configured("[default]\nmethods = account_signData\n", "--ui-socket", str(tmp_path / "ui" / "socket"), ui=None, qubes=True)
    until((tmp_path / "ui" / "socket").exists, 10, "the UI's socket")
    ui = Attached(tmp_path / "ui" / "socket", {}, None)
    ui.asked("ui_onSignerStartup")
    for _ in range(20):
        error_of(lambda: of_qube(signer, "web", "account_list"))
    told = ui.asked("ui_showInfo")["params"][0]["text"]
    assert told == "account_list of qube web was refused without asking you: account_list is not among the methods that this client may use"
    assert sum(m["method"] == "ui_showInfo" for m in ui.seen) == 1
    ui.leave()


def test_a_time_limit(configured):
    signer = configured(f"[default]\ntimeout = 1s\n[uid:{ME}]\ntimeout = 0\n", ui=approving(ui_approveSignData=lambda p: SILENT), timeout=2)
    began = time.monotonic()
    user = frames.Later(signer.ipc, frames.call("account_signData", ("text/plain", FIRST, MESSAGE)))
    signer.asked("ui_approveSignData")
    assert error_of(lambda: signer.call("account_signData", "text/plain", FIRST, MESSAGE))[0] == -32002
    assert 0.9 < time.monotonic() - began < 1.9
    signer.asked("ui_withdraw")
    time.sleep(1.5)
    first, second = (m["params"][0] for m in signer.seen if m["method"] == "ui_approveSignData")
    assert first["expires_at"] is None and abs(second["expires_at"] - time.time()) < 5
    assert user.thread.is_alive() and signer.count("ui_withdraw") == 1  # neither its own limit nor --request-timeout


# --- qubes ---

def test_qubes_have_rights_of_their_own(configured):
    signer = configured(f"[default]\nmethods = account_version\n[qube:work]\nmethods = account_version, account_signData\naccounts = {SECOND}\n", qubes=True)
    assert len(of_qube(signer, "work", "account_signData", "text/plain", SECOND, MESSAGE)) == 132
    assert error_of(lambda: of_qube(signer, "work", "account_signData", "text/plain", FIRST, MESSAGE)) == (-32000, "unknown account")
    assert error_of(lambda: of_qube(signer, "work", "account_list"))[0] == -32601
    assert error_of(lambda: of_qube(signer, "Work", "account_signData", "text/plain", SECOND, MESSAGE))[0] == -32601
    assert of_qube(signer, "other", "account_version") == "6.1.0"


def test_qubes_are_asked_about_one_at_a_time(configured):
    signer = configured("", qubes=True, ui=approving(ui_approveSignData=lambda p: SILENT))
    calls = [later(signer, "work") for _ in range(5)]
    signer.asked("ui_approveSignData")
    user = signer.later("account_signData", "text/plain", FIRST, MESSAGE)  # others do not wait
    question = signer.asked("ui_approveSignData", 2)
    assert question["params"][0]["meta"]["scheme"] == "http"
    time.sleep(0.3)
    assert asked_by(signer).count("work") == 1 and not user.done()
    of_qubes = [p for p in signer.ui_call("clef_pending")["result"] if p["meta"]["scheme"] == "qrexec"]
    assert len(of_qubes) == 5 and sum(p["question"] is None for p in of_qubes) == 4
    for _ in calls:
        waiting = [m for m in signer.seen if m["method"] == "ui_approveSignData" and m["params"][0]["meta"]["scheme"] == "qrexec"]
        signer.reply(waiting[-1]["id"], {"approved": True})
        if len(waiting) < len(calls):
            signer.asked("ui_approveSignData", len(waiting) + 2)
    assert all(len(call.get()["result"]) == 132 for call in calls)


def test_a_flood_from_one_qube_keeps_no_other_waiting(configured):
    """Three qubes flood, each with more than it may; a fourth asks now and then, and is next or the one after each time."""
    signer = configured("[default]\nrate = unlimited\n", qubes=True, ui=approving(ui_approveSignData=lambda p: SILENT))
    flood = [later(signer, f"flood{i % 3}") for i in range(120)]
    answered = 0

    def answer_next():
        nonlocal answered
        answered += 1
        question = signer.asked("ui_approveSignData", answered)
        signer.reply(question["id"], {"approved": False})
        return question["params"][0]["meta"]["remote"]
    answer_next()
    for _ in range(4):
        quiet = later(signer, "quiet")
        began = answered
        while answer_next() != "qube:quiet":
            assert answered - began <= 4
        assert quiet.get()["error"]["message"] == "request denied"
    # The floods themselves are served in turn: none had two prompts more than another.
    names = asked_by(signer)
    counts = [names.count(f"flood{i}") for i in range(3)]
    assert max(counts) - min(counts) <= 1
    assert signer.call("account_version") == "6.1.0"
    refused = [f for f in flood if not f.thread.is_alive() and "wait already (32)" in f.get()["error"]["message"]]
    assert len(refused) == 120 - 3 * 32


def test_a_caller_that_leaves_while_it_waits_for_its_turn(configured):
    signer = configured("", qubes=True, ui=approving(ui_approveSignData=lambda p: SILENT))
    calls = {qube: later(signer, qube) for qube in "abc"}
    question = signer.asked("ui_approveSignData")
    until(lambda: len(pending(signer)) == 3)
    asked = asked_by(signer)[0]
    gone, other = (qube for qube in "abc" if qube != asked)
    calls[gone].connection.socket.shutdown(socket.SHUT_RDWR)
    until(lambda: gone not in pending(signer))
    signer.reply(question["id"], {"approved": False})
    signer.asked("ui_approveSignData", 2)
    assert asked_by(signer) == [asked, other] and signer.count("ui_withdraw") == 0  # the UI never heard of the one that left
    calls[other].connection.socket.shutdown(socket.SHUT_RDWR)
    signer.asked("ui_withdraw")
    until(lambda: pending(signer) == {})


def test_cancelling_and_time_limits_of_those_that_wait_for_their_turn(configured):
    signer = configured("[qube:hasty]\ntimeout = 1s\n", qubes=True, ui=approving(ui_approveSignData=lambda p: SILENT))
    first = later(signer, "slow")
    question = signer.asked("ui_approveSignData")
    hasty, other = later(signer, "hasty"), later(signer, "other")
    error = hasty.get()["error"]
    assert error["code"] == -32002 and "others were before it, and nobody was asked" in error["message"]
    assert signer.ui_call("clef_cancel", pending(signer)["other"])["result"] is True
    assert "cancelled" in other.get()["error"]["message"]
    assert signer.count("ui_withdraw") == 0  # the UI was never asked
    signer.reply(question["id"], {"approved": True})
    assert len(first.get()["result"]) == 132
    assert asked_by(signer) == ["slow"]


def test_the_time_to_answer_begins_with_the_question(configured):
    signer = configured("[default]\ntimeout = 3s\n[qube:slow]\ntimeout = 0\n", qubes=True, ui=approving(ui_approveSignData=lambda p: SILENT))
    first = later(signer, "slow")
    question = signer.asked("ui_approveSignData")
    assert question["params"][0]["expires_at"] is None
    second = later(signer, "second", "account_signData", "text/plain", FIRST, "0x" + b'"expires_at":1,'.hex())
    time.sleep(2)
    signer.reply(question["id"], {"approved": False})
    question = signer.asked("ui_approveSignData", 2)
    assert 2 <= question["params"][0]["expires_at"] - time.time() <= 4 and question["params"][0]["raw_data"]
    time.sleep(2)
    signer.reply(question["id"], {"approved": True})
    assert len(second.get()["result"]) == 132 and "error" in first.get()
    # Once it is asked, it has that time and no more.
    third = later(signer, "third")
    signer.asked("ui_approveSignData", 3)
    assert third.get()["error"]["message"] == "request timed out"


# --- the audit log ---

def audit(signer):
    return (signer.home / "audit.log").read_text().splitlines()


def test_the_audit_log_holds_little_of_what_nobody_approved(configured):
    signer = configured(f"[default]\naccounts = {SECOND}\n", ui=approving(ui_approveSignData=lambda p: {"approved": agreed}))
    agreed = False
    big = "0x" + b'"'.hex() * 200000
    for account in (FIRST, UNKNOWN, SECOND):  # not its own, none, denied by the person
        before = (signer.home / "audit.log").stat().st_size
        error_of(lambda: signer.call("account_signData", "text/plain", account, big))
        assert (signer.home / "audit.log").stat().st_size - before < 4096
        asked, told = audit(signer)[-2:]
        assert "msg=SignData" in asked and "type=request" in asked and account in asked and "bytes=4000" in asked and "keccak256=0x" in asked
        assert "type=response" in told and "error=<nil>" not in told
    before = (signer.home / "audit.log").stat().st_size
    error_of(lambda: signer.call("account_ecRecover", big, "0x" + "00" * 65))  # nobody is asked at all
    assert (signer.home / "audit.log").stat().st_size - before < 4096
    agreed = True
    signature = signer.call("account_signData", "text/plain", SECOND, big)
    asked, told = audit(signer)[-2:]
    assert f'data="\\"{big}' in asked and "content-type=text/plain" in asked and signature[2:] in told  # what was signed is there, whole


# --- the file ---

def failing(start, tmp_path, text, *args, mode=0o600, **settings):
    home = tmp_path / "failing"
    (home / "config").mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "config" / "clients.conf").write_bytes(text if isinstance(text, bytes) else text.encode())
    (home / "config" / "clients.conf").chmod(mode)
    signer = start(*args, home=home, wait=False, **settings)
    assert signer.wait_end() == 1
    return signer.stderr()


def test_mistakes_end_the_signer_at_the_start(start, tmp_path):
    conf = tmp_path / "failing" / "config" / "clients.conf"
    for text, part in (
            ("[qube:work]\nmethods = account_singData\n",
             f'--clients {conf}: line 2: [qube:work] methods: expected a method that callers have (clef gendoc lists them), found "account_singData": '
             "did you mean account_signData?"),
            ("[qube:disp99]\n", "line 1: [qube:disp99]: expected no section for a disposable"),
            ("[qube:a]\n[qube:a]\n", "line 2: [qube:a]: expected each section once"),
            ("[qube:a]\nmethods = " + "account_list, " * 20 + "\n", "line 2: expected at most 196 bytes in a line"),
            (b"[default]\nqueue = 1\0\n", "line 2: expected text that can be seen, found the character U+0000"),
            (b"[default]\n; \xe4\n", "line 2: expected UTF-8, found the byte 0xe4"),
            (b"\n" * 300000, "larger than the 262144 bytes allowed")):
        assert part in failing(start, tmp_path, text)
        assert not (tmp_path / "failing" / "config" / "clef.ipc").exists()
    said = failing(start, tmp_path, "[default]\n", mode=0o620)
    assert "expected a file that only its owner can write, found mode 0620: chmod go-w it" in said


def test_a_file_that_was_named(start, tmp_path):
    (tmp_path / "mine.conf").write_text("[default]\nmethods = account_version\n[qube:a]\n")
    signer = start("--clients", str(tmp_path / "mine.conf"))
    assert f"clients have the rights of {tmp_path}/mine.conf: sections: 2" in signer.stderr()
    assert error_of(lambda: signer.call("account_list"))[0] == -32601
    missing = start("--clients", str(tmp_path / "no.conf"), wait=False)
    assert missing.wait_end() == 1 and f"--clients {tmp_path}/no.conf: cannot open: No such file or directory" in missing.stderr()


def test_the_examples_of_the_man_page(configured):
    page = (pathlib.Path(__file__).resolve().parents[2] / "man" / "clients.conf.5").read_text()
    examples = re.findall(r"\n\.Bd -literal[^\n]*\n(.*?\n)\.Ed", page, re.S)
    assert len(examples) == 2
    for text in examples:
        signer = configured(text)
        assert signer.call("account_version") == "6.1.0"
        assert error_of(lambda: signer.call("account_new"))[0] == -32601


def test_no_file_at_all(configured):
    signer = configured("[default]\nmethods =\n", "--clients", "")
    assert len(signer.call("account_list")) == 3 and "rights of" not in signer.stderr()
