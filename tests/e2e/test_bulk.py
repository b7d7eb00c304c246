"""account_bulkSignTransactions: several transactions of one account, one yes, one password, all or nothing."""
import http.client
import json
import os
import signal
import time

import pytest
from eth_account import Account

from signer import FIRST, PASSWORDS, SECOND, SILENT, THIRD, Refusal, RpcError, http_request, request, transfer, until

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
APPROVED = {"ui_approveBulkTransactions": lambda p: {"approved": True}}


@pytest.fixture
def signer(start):
    signer = start("--allow-bulk")
    signer.answers |= APPROVED
    return signer


def several(count=3, **changes):
    return [transfer(nonce=hex(i), value=hex(i + 1)) | changes for i in range(count)]


def audit(signer):
    return [line for line in (signer.home / "audit.log").read_text().splitlines() if "msg=BulkSignTransactions" in line]


def test_all_are_signed(signer):
    asked = several() + [{"from": FIRST, "to": THIRD, "gas": "0x5208", "nonce": "0x9", "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1"},
                         {"from": FIRST, "gas": "0x100000", "gasPrice": "0x1", "nonce": "0xa", "data": "0x" + "60" * 50}]
    answers = signer.call("account_bulkSignTransactions", asked)
    assert [int(a["tx"]["nonce"], 16) for a in answers] == [0, 1, 2, 9, 10]
    assert [a["tx"]["type"] for a in answers] == ["0x0", "0x0", "0x0", "0x2", "0x0"]
    assert {Account.recover_transaction(a["raw"]) for a in answers} == {FIRST}
    # Signatures are deterministic: each is what it would be alone.
    assert signer.call("account_signTransaction", asked[3]) == answers[3]
    question = signer.asked("ui_approveBulkTransactions")["params"][0]
    assert question["totals"] == {"count": 5, "value": "6", "max_fees": str(3 * 21000 * 10**9 + 5 * 21000 + 0x100000),
                                  "recipients": [SECOND, THIRD], "creations": 1}
    assert [t["transaction"]["nonce"] for t in question["transactions"]] == ["0x0", "0x1", "0x2", "0x9", "0xa"]
    assert all(t["decoded"]["kind"] == "transaction" and t["call_info"] is None and t["warnings"] == [] for t in question["transactions"])
    assert question["meta"]["scheme"] == "http" and question["chain_id"] == "0x1" and question["request_id"]
    until(lambda: signer.count("ui_onApprovedTx") == 6)
    assert [m["params"][0] for m in signer.seen if m["method"] == "ui_onApprovedTx"][:5] == answers


def test_one_password(signer):
    signer.call("account_bulkSignTransactions", several(5))
    assert signer.count("ui_onInputRequired") == 1
    assert "signs 5 transactions" in signer.asked("ui_onInputRequired")["params"][0]["prompt"]


def test_a_hundred_and_no_more(signer):
    answers = signer.call("account_bulkSignTransactions", several(100))
    assert len({a["raw"] for a in answers}) == 100
    assert all(Account.recover_transaction(a["raw"]) == FIRST for a in answers)
    with pytest.raises(RpcError, match="expected 1 to 100 transactions, found 101"):
        signer.call("account_bulkSignTransactions", several(101))


def test_the_audit_log_has_every_raw_transaction(signer):
    answers = signer.call("account_bulkSignTransactions", several())
    lines = audit(signer)
    assert len(lines) == 2 and "type=request" in lines[0] and "type=response" in lines[1]
    assert all(a["raw"][2:] in lines[1] for a in answers)


def test_off_without_the_flag(start):
    signer = start()
    signer.answers |= APPROVED
    with pytest.raises(RpcError, match="--allow-bulk"):
        signer.call("account_bulkSignTransactions", several())
    assert signer.count("ui_approveBulkTransactions") == 0


@pytest.mark.parametrize("index, change, message", [
    (1, {"nonce": "0x0"}, "[1].nonce: expected another than that of [0]"),
    (2, {"nonce": "0x1"}, "[2].nonce: expected another than that of [1]"),
    (2, {"nonce": "0x01"}, "[2].nonce: "),
    (2, {"nonce": 2}, "[2].nonce: "),
    (1, {"from": SECOND}, "[1].from: expected the sender of [0]"),
    (0, {"chainId": "0x5"}, "[0]: requested chainid 5"),
    (2, {"to": SECOND.lower()}, "[2]: validation failed: Invalid checksum"),
    (2, {"to": "0x" + "00" * 20}, "[2]: validation failed: Transaction recipient is the zero address"),
    (1, {"data": "0xdeadbeef"}, "[1]: validation failed: "),
    (1, {"note": "x"}, '[1]: unknown field "note"'),
    (2, {"maxFeePerGas": "0x1"}, "[2]: validation failed: Both"),
    (1, {"maxFeePerBlobGas": "0x1"}, "[1].maxFeePerBlobGas: "),
    (1, {"value": "0x" + "ff" * 32}, "[1].value: all values together are above 256 bits"),
    (2, {"gas": "0xffffffffffffffff", "gasPrice": "0x" + "ff" * 32}, "[2]: the fees of all together"),
    (2, {"from": None}, "[2].from: "),
])
def test_one_bad_one_refuses_all(signer, index, change, message):
    asked = several()
    asked[index] |= change
    with pytest.raises(RpcError) as error:
        signer.call("account_bulkSignTransactions", asked)
    assert error.value.message.startswith(message)
    assert signer.count("ui_approveBulkTransactions") == 0


@pytest.mark.parametrize("argument", [None, {}, "0x", [], 5])
def test_bad_arguments(signer, argument):
    with pytest.raises(RpcError, match="-32602"):
        signer.call("account_bulkSignTransactions", argument)


@pytest.mark.parametrize("entry", [None, 5, "0x", []])
def test_entries_that_are_no_transactions(signer, entry):
    with pytest.raises(RpcError):
        signer.call("account_bulkSignTransactions", [transfer(), entry])
    assert signer.count("ui_approveBulkTransactions") == 0


def test_no_sender(signer):
    nobody = transfer()
    del nobody["from"]
    with pytest.raises(RpcError, match=r"\[0\].from: "):
        signer.call("account_bulkSignTransactions", [nobody])


def test_warnings_are_shown_with_advanced(start):
    signer = start("--allow-bulk", "--advanced")
    signer.answers |= APPROVED
    answers = signer.call("account_bulkSignTransactions", [transfer(), transfer(nonce="0x1", to=SECOND.lower())])
    assert len(answers) == 2
    shown = signer.asked("ui_approveBulkTransactions")["params"][0]["transactions"]
    assert shown[0]["warnings"] == [] and shown[1]["warnings"][0]["code"] == "invalid-checksum"


def test_blob_transactions_by_their_hashes(signer):
    blob = {"from": FIRST, "to": SECOND, "gas": "0x5208", "nonce": "0x1", "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1", "maxFeePerBlobGas": "0x2",
            "blobVersionedHashes": ["0x01" + "22" * 31]}
    answers = signer.call("account_bulkSignTransactions", [transfer(), blob])
    assert Account.recover_transaction(answers[1]["raw"]) == FIRST
    assert signer.asked("ui_approveBulkTransactions")["params"][0]["totals"]["max_fees"] == str(21000 * 10**9 + 21000 * 5 + 131072 * 2)


def test_authorizations_together(signer):
    a = Account.sign_authorization({"chainId": 1, "address": THIRD, "nonce": 5}, KEY)
    entry = {"chainId": "0x1", "address": THIRD, "nonce": "0x5", "yParity": hex(a.y_parity), "r": hex(a.r), "s": hex(a.s)}
    asked = [{"from": FIRST, "to": SECOND, "gas": "0xfffff", "nonce": hex(i), "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1",
              "authorizationList": [entry] * count} for i, count in enumerate([32, 32, 1])]
    with pytest.raises(RpcError, match=r"\[2\].authorizationList: expected at most 64"):
        signer.call("account_bulkSignTransactions", asked)
    answers = signer.call("account_bulkSignTransactions", asked[:2])
    assert [Account.recover_transaction(a["raw"]) for a in answers] == [FIRST, FIRST]
    shown = signer.asked("ui_approveBulkTransactions")["params"][0]["transactions"][0]
    assert [w["code"] for w in shown["warnings"]] == ["delegation-unknown-code", "authorization-nonce"]
    assert shown["warnings"][0]["text"].startswith("32 authorizations hand their accounts over to the code at " + THIRD)
    assert {a["authority"] for a in shown["decoded"]["authorizations"]} == {FIRST}


def test_denied(signer):
    signer.answers["ui_approveBulkTransactions"] = lambda p: {"approved": False}
    with pytest.raises(RpcError, match="request denied"):
        signer.call("account_bulkSignTransactions", several())
    assert signer.count("ui_onInputRequired") == 0


def test_an_old_ui_that_does_not_know_the_question(signer):
    def unknown(params):
        raise Refusal("method not found", -32601)
    signer.answers["ui_approveBulkTransactions"] = unknown
    with pytest.raises(RpcError, match="-32601"):
        signer.call("account_bulkSignTransactions", several())


@pytest.mark.bad_answers
@pytest.mark.parametrize("result", [True, "yes", [], {"approved": "true"}, {"approved": 1}, {}, None])
def test_answers_that_are_no_approval(signer, result):
    signer.answers["ui_approveBulkTransactions"] = lambda p: result
    with pytest.raises(RpcError):
        signer.call("account_bulkSignTransactions", several())
    assert signer.count("ui_onInputRequired") == 0


def test_ui_may_return_what_it_was_shown(signer):
    signer.answers["ui_approveBulkTransactions"] = lambda p: {"approved": True, "transactions": [t["transaction"] for t in p[0]["transactions"]]}
    assert len(signer.call("account_bulkSignTransactions", several())) == 3


@pytest.mark.bad_answers
@pytest.mark.parametrize("edit", [
    lambda txs: txs[1].update(value="0x0"), lambda txs: txs[0].update(to=THIRD), lambda txs: txs.pop(), lambda txs: txs.append(txs[0]),
    lambda txs: txs.reverse(), lambda txs: txs[2].update({"from": SECOND}), lambda txs: txs[2].pop("gas"), lambda txs: txs.__setitem__(0, None),
])
def test_ui_cannot_change_anything(signer, edit):
    def answer(params):
        txs = [t["transaction"] for t in params[0]["transactions"]]
        edit(txs)
        return {"approved": True, "transactions": txs}
    signer.answers["ui_approveBulkTransactions"] = answer
    with pytest.raises(RpcError) as error:
        signer.call("account_bulkSignTransactions", several())
    assert error.value.code == -32000
    assert signer.count("ui_onInputRequired") == 0 and signer.count("ui_onApprovedTx") == 0


def test_wrong_password_signs_nothing(signer):
    signer.answers["ui_onInputRequired"] = lambda p: {"text": "not the password"}
    with pytest.raises(RpcError, match="could not decrypt"):
        signer.call("account_bulkSignTransactions", several())
    assert signer.count("ui_onApprovedTx") == 0
    assert "error=<nil>" not in audit(signer)[-1]


def test_unknown_account(signer):
    with pytest.raises(RpcError, match="unknown account"):
        signer.call("account_bulkSignTransactions", several(**{"from": "0x" + "11" * 20}))


def test_caller_gone_while_asked(signer):
    signer.answers["ui_approveBulkTransactions"] = lambda p: SILENT
    with signer.connect_http() as caller:
        caller.sendall(http_request(request("account_bulkSignTransactions", several())))
        question = signer.asked("ui_approveBulkTransactions")
    signer.asked("ui_withdraw")
    signer.reply(question["id"], {"approved": True})
    assert signer.call("account_version") == "6.1.0"
    assert signer.count("ui_onInputRequired") == 0 and signer.count("ui_onApprovedTx") == 0
    assert "withdrawn: caller gone" in audit(signer)[-1]


def test_caller_gone_at_the_password(signer):
    signer.answers["ui_onInputRequired"] = lambda p: SILENT
    with signer.connect_http() as caller:
        caller.sendall(http_request(request("account_bulkSignTransactions", several())))
        prompt = signer.asked("ui_onInputRequired")
    signer.asked("ui_withdraw")
    signer.reply(prompt["id"], {"text": PASSWORDS[FIRST]})
    assert signer.call("account_version") == "6.1.0"
    assert signer.count("ui_onApprovedTx") == 0


def test_chain_changed_while_asked(signer):
    signer.answers["ui_approveBulkTransactions"] = lambda p: SILENT
    call = signer.later("account_bulkSignTransactions", several())
    question = signer.asked("ui_approveBulkTransactions")
    signer.ui_call("clef_setChainId", "0x5")
    signer.reply(question["id"], {"approved": True})
    with pytest.raises(RpcError, match="chain id was changed"):
        call.get()


@pytest.mark.parametrize("role", ["keys", "core"])
@pytest.mark.parametrize("delay", [0, 0.005, 0.02, 0.08, 0.3])
def test_killed_half_way_answers_all_or_nothing(signer, role, delay):
    """Whatever the moment: what the caller got is complete, and in the audit log."""
    call = signer.later("account_bulkSignTransactions", several(50))
    signer.asked("ui_onInputRequired")
    time.sleep(delay)
    os.kill(signer.roles()[role][0], signal.SIGKILL)
    try:
        answers = call.get()
    except (RpcError, OSError, http.client.HTTPException, json.JSONDecodeError):
        answers = []
    assert len(answers) in (0, 50)
    assert all(a["raw"][2:] in audit(signer)[-1] for a in answers)
    if signer.count("ui_onApprovedTx") > 0:
        assert "type=response" in audit(signer)[-1]
    signer.wait_end()
