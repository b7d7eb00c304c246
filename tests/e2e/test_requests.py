"""What a client gets when all goes well, and what the person is asked meanwhile."""
import json

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from signer import FIRST, NEW_PASSWORD, SECOND, THIRD, Refusal, RpcError, approving, read_json, request, transfer


@pytest.fixture
def signer(start):
    return start()


@pytest.fixture(params=["http", "socket"])
def call(request, signer):
    return signer.call if request.param == "http" else signer.call_socket


def test_version(call, signer):
    assert call("account_version") == "6.1.0"
    assert signer.count("ui_approveListing") == 0


def test_list(call):
    assert call("account_list") == [FIRST.lower(), SECOND.lower(), THIRD.lower()]


def test_list_shows_what_the_person_picked(signer):
    signer.answers["ui_approveListing"] = lambda p: {"accounts": p[0]["accounts"][1:2]}
    assert signer.call("account_list") == [SECOND.lower()]


def test_transaction_is_signed_by_its_sender(call, signer):
    answer = call("account_signTransaction", transfer())
    assert Account.recover_transaction(answer["raw"]) == FIRST
    assert signer.asked("ui_onApprovedTx")["params"][0]["raw"] == answer["raw"]


@pytest.mark.parametrize("sender", [FIRST, SECOND, THIRD])
def test_each_account_signs_with_its_own_password(signer, sender):
    assert Account.recover_transaction(signer.call("account_signTransaction", transfer(**{"from": sender}))["raw"]) == sender


def test_denied_transaction_is_not_signed(call, signer):
    signer.answers["ui_approveTx"] = lambda p: {"approved": False, "transaction": p[0]["transaction"]}
    with pytest.raises(RpcError) as e:
        call("account_signTransaction", transfer())
    assert e.value.code == -32000 and signer.count("ui_onApprovedTx") == signer.count("ui_onInputRequired") == 0


def test_what_is_signed_is_what_the_person_edited(signer):
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"value": "0x2", "nonce": "0x7", "gas": "0x7530"}}
    answer = signer.call("account_signTransaction", transfer())
    assert (answer["tx"]["value"], answer["tx"]["nonce"], answer["tx"]["gas"]) == ("0x2", "0x7", "0x7530")
    assert Account.recover_transaction(answer["raw"]) == FIRST


def test_edited_transaction_is_validated_again(signer):
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"value": "0x" + "f" * 65}}
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())
    assert signer.count("ui_onApprovedTx") == 0


def test_wrong_password_signs_nothing(signer):
    signer.answers["ui_onInputRequired"] = lambda p: {"text": "not the password"}
    with pytest.raises(RpcError) as e:
        signer.call("account_signTransaction", transfer())
    assert "decrypt" in e.value.message or "password" in e.value.message
    assert signer.count("ui_onApprovedTx") == 0


def test_error_of_the_ui_goes_to_the_caller(signer):
    def refuse(params):
        raise Refusal("out to lunch", -4711)
    signer.answers["ui_approveTx"] = refuse
    with pytest.raises(RpcError) as e:
        signer.call("account_signTransaction", transfer())
    assert (e.value.code, e.value.message) == (-4711, "out to lunch")


def test_message_and_its_recovery(call):
    text = "grüße, 世界"
    signature = call("account_signData", "text/plain", FIRST, "0x" + text.encode().hex())
    assert Account.recover_message(encode_defunct(text=text), signature=signature) == FIRST
    assert call("account_ecRecover", "0x" + text.encode().hex(), signature) == FIRST.lower()


def test_new_account_signs(call, signer):
    address = call("account_new")
    raw = call("account_signTransaction", transfer(**{"from": address}))["raw"]
    assert Account.recover_transaction(raw).lower() == address
    assert len(list(signer.keystore.iterdir())) == 4


def test_weak_new_password_is_refused_thrice(signer):
    signer.answers["ui_onInputRequired"] = lambda p: {"text": "short"}
    with pytest.raises(RpcError):
        signer.call("account_new")
    assert signer.count("ui_onInputRequired") == 3 and len(list(signer.keystore.iterdir())) == 3


def test_unknown_account_is_refused_before_anybody_is_asked(signer):
    with pytest.raises(RpcError) as e:
        signer.call("account_signTransaction", transfer(**{"from": "0x00000000000000000000000000000000deadbeef"}))
    assert e.value.code == -32000 and signer.count("ui_approveTx") == 0


def test_batch_is_answered_in_order(signer):
    body = [request("account_version", number=1), request("account_list", number=2), request("no_such", number=3)]
    answers = json.loads(signer.post(body)[1])
    assert [a["id"] for a in answers] == [1, 2, 3]
    assert answers[0]["result"] == "6.1.0" and len(answers[1]["result"]) == 3 and answers[2]["error"]["code"] == -32601


def test_notification_is_run_and_not_answered(signer):
    status, text = signer.post({"jsonrpc": "2.0", "method": "account_list", "params": []})
    assert (status, text) == (200, "")
    signer.asked("ui_approveListing")


def test_listing_goes_on_while_a_password_is_awaited(start):
    signer = start(ui=approving(ui_onInputRequired=None))  # never answered
    waiting = signer.later("account_signTransaction", transfer())
    question = signer.asked("ui_onInputRequired")
    assert signer.call("account_version", seconds=3) == "6.1.0"
    assert len(signer.call("account_list", seconds=3)) == 3
    assert len(signer.call_socket("account_list", seconds=3)) == 3
    assert not waiting.done()
    signer.reply(question["id"], {"text": "password123"})
    assert Account.recover_transaction(waiting.get()["raw"]) == FIRST


def test_answers_may_come_in_any_order(start):
    signer = start(ui=approving(ui_approveTx=None))
    one = signer.later("account_signTransaction", transfer(nonce="0x1"))
    first = signer.asked("ui_approveTx", 1)
    two = signer.later("account_signTransaction", transfer(nonce="0x2"))
    second = signer.asked("ui_approveTx", 2)
    for question in (second, first):
        signer.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"]})
    assert one.get()["tx"]["nonce"] == "0x1" and two.get()["tx"]["nonce"] == "0x2"


def test_an_answer_counts_once(start):
    """The same answer again must not approve the next question."""
    signer = start(ui=approving(ui_approveTx=None))
    one = signer.later("account_signTransaction", transfer(nonce="0x1"))
    question = signer.asked("ui_approveTx", 1)
    answer = {"approved": True, "transaction": question["params"][0]["transaction"]}
    for _ in range(3):
        signer.reply(question["id"], answer)
    one.get()
    two = signer.later("account_signTransaction", transfer(nonce="0x2"))
    signer.asked("ui_approveTx", 2)
    signer.reply(question["id"], answer)
    assert signer.call("account_version") == "6.1.0" and not two.done() and signer.count("ui_onApprovedTx") == 1


def test_several_requests_on_one_socket_connection(signer):
    with signer.connect() as s:
        s.sendall(b"".join(json.dumps(request("account_version", number=n)).encode() for n in range(1, 4)))
        text = b""
        while text.count(b"6.1.0") < 3:
            text += s.recv(4096)
        s.sendall(json.dumps(request("account_list", number=9)).encode())
        assert read_json(s)["id"] == 9


def test_the_persons_calls(signer):
    assert len(signer.ui_call("clef_listAccounts")["result"]) == 3
    assert signer.ui_call("clef_chainId")["result"] == "0x1"
    made = signer.ui_call("clef_importRawKey", "1" * 64, NEW_PASSWORD)["result"]
    assert made["address"].lower() == Account.from_key("0x" + "1" * 64).address.lower()
    assert len(signer.ui_call("clef_listAccounts")["result"]) == 4
    assert signer.ui_call("account_list")["error"]["code"] == -32601
