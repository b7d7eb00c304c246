"""EIP-7702: authorizations signed by themselves, and transactions that carry them, checked with eth-account."""
import json

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_keys import keys
from eth_utils import keccak
from hexbytes import HexBytes
from rlp import decode, encode

from signer import FIRST, SECOND, SILENT, THIRD, Refusal, RpcError, approving, until

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ZERO = "0x" + "00" * 20
HALF = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 2 * HALF + 1


@pytest.fixture
def signer(start):
    return start()


def signed(**changes):
    """An authorization by FIRST as eth-account signs it, in the JSON that clients send."""
    wanted = {"chainId": 1, "address": THIRD, "nonce": 5} | changes
    a = Account.sign_authorization(wanted, KEY)
    return {"chainId": hex(a.chain_id), "address": THIRD if wanted["address"] == THIRD else wanted["address"], "nonce": hex(a.nonce),
            "yParity": hex(a.y_parity), "r": hex(a.r), "s": hex(a.s)}


def set_code(*authorizations, **changes):
    return {"from": FIRST, "to": SECOND, "gas": "0x186a0", "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x1", "nonce": "0x4",
            "value": "0x0", "chainId": "0x1", "authorizationList": list(authorizations)} | changes


def recover(a):
    """Who signed the authorization that the signer answered, by eth-keys alone."""
    digest = keccak(b"\x05" + encode([int(a["chainId"], 16), bytes.fromhex(a["address"][2:]), int(a["nonce"], 16)]))
    return keys.Signature(vrs=(int(a["yParity"], 16), int(a["r"], 16), int(a["s"], 16))).recover_public_key_from_msg_hash(digest).to_checksum_address()


def codes(question):
    return [(w["level"], w["code"]) for w in question["params"][0]["warnings"]]


# --- one by itself ---

def test_authorization_is_signed(signer):
    answer = signer.call("account_signAuthorization", FIRST, {"chainId": "0x1", "address": THIRD, "nonce": "0x5"})
    assert answer == signed() | {"address": THIRD.lower()}
    assert recover(answer) == FIRST
    question = signer.asked("ui_approveSignData")
    shown = question["params"][0]
    assert shown["content_type"] == "application/x-eip7702-authorization"
    assert shown["address"] == FIRST
    assert [(m["name"], m["value"]) for m in shown["messages"]] == [("chainId", "1"), ("address", THIRD), ("nonce", "5")]
    assert shown["decoded"] == {"kind": "authorization", "chain_id": "1", "address": THIRD, "nonce": "5", "authority": FIRST, "clears": False}
    assert codes(question) == [("critical", "delegation-unknown-code")]
    assert shown["call_info"][0]["type"] == "CRITICAL"
    assert shown["hash"] == "0x" + keccak(b"\x05" + encode([1, bytes.fromhex(THIRD[2:]), 5])).hex()
    assert '"yParity"' in until(lambda: next((line for line in (signer.home / "audit.log").read_text().splitlines()
                                              if "SignAuthorization" in line and "type=response" in line), None)).replace("\\", "")


def test_authorization_for_the_signers_chain_by_default(start):
    signer = start("--chainid", "11155111")
    answer = signer.call("account_signAuthorization", FIRST, {"address": THIRD, "nonce": "0x0"})
    assert (answer["chainId"], answer["nonce"]) == ("0xaa36a7", "0x0")
    assert recover(answer) == FIRST


def test_authorization_for_every_chain_is_critical(signer):
    answer = signer.call("account_signAuthorization", FIRST, {"chainId": "0x0", "address": THIRD, "nonce": "0x1"})
    assert recover(answer) == FIRST
    question = signer.asked("ui_approveSignData")
    assert codes(question) == [("critical", "authorization-every-chain"), ("critical", "delegation-unknown-code")]
    assert "every chain" in question["params"][0]["messages"][0]["value"]


def test_authorization_that_clears_is_no_alarm(signer):
    signer.call("account_signAuthorization", FIRST, {"address": ZERO, "nonce": "0x1"})
    question = signer.asked("ui_approveSignData")
    assert codes(question) == [("info", "delegation-cleared")]
    assert question["params"][0]["decoded"]["clears"] is True


@pytest.mark.parametrize("authorization, message", [
    ({"chainId": "0x5", "address": THIRD, "nonce": "0x0"}, "chainId: expected 1, the signer's, or 0"),
    ({"chainId": "0x10000000000000001", "address": THIRD, "nonce": "0x0"}, "chainId: "),
    ({"chainId": 1, "address": THIRD, "nonce": "0x0"}, "chainId: "),
    ({"address": THIRD, "nonce": "0xffffffffffffffff"}, "nonce: expected less than 2^64 - 1"),
    ({"address": THIRD, "nonce": "0x10000000000000000"}, "nonce: "),
    ({"address": THIRD, "nonce": None}, "nonce: "),
    ({"address": THIRD}, "nonce: "),
    ({"nonce": "0x0"}, "address: "),
    ({"address": THIRD[:-1], "nonce": "0x0"}, "address: "),
    ({"address": THIRD, "nonce": "0x0", "yParity": "0x0"}, 'authorization: unknown field "yParity"'),
    ({"contractAddress": THIRD, "nonce": "0x0"}, 'authorization: unknown field "contractAddress"'),
    ([], "authorization: expected an object"),
    (None, "authorization: expected an object"),
    ("0x05", "authorization: expected an object"),
])
def test_bad_authorizations(signer, authorization, message):
    with pytest.raises(RpcError) as error:
        signer.call("account_signAuthorization", FIRST, authorization)
    assert error.value.message.startswith(message)
    assert error.value.code in (-32602, -32000)
    assert signer.count("ui_approveSignData") == 0


def test_authorization_with_a_member_twice(signer):
    body = b'{"jsonrpc":"2.0","id":1,"method":"account_signAuthorization","params":["%s",{"address":"%s","nonce":"0x0","nonce":"0x1"}]}'
    answer = json.loads(signer.post(body % (FIRST.encode(), THIRD.encode()))[1])
    assert "twice" in answer["error"]["message"]


def test_authorization_of_an_unknown_account(signer):
    with pytest.raises(RpcError, match="unknown account"):
        signer.call("account_signAuthorization", "0x" + "11" * 20, {"address": THIRD, "nonce": "0x0"})


def test_authorization_denied(signer):
    signer.answers["ui_approveSignData"] = lambda p: {"approved": False}
    with pytest.raises(RpcError, match="request denied"):
        signer.call("account_signAuthorization", FIRST, {"address": THIRD, "nonce": "0x0"})


def test_authorization_when_the_chain_changes_meanwhile(signer):
    signer.answers["ui_approveSignData"] = lambda p: SILENT
    call = signer.later("account_signAuthorization", FIRST, {"address": THIRD, "nonce": "0x0"})
    question = signer.asked("ui_approveSignData")
    signer.ui_call("clef_setChainId", "0x5")
    signer.reply(question["id"], {"approved": True})
    with pytest.raises(RpcError, match="chain id was changed"):
        call.get()


# --- transactions ---

def test_set_code_transaction_is_signed(signer):
    clears = signed(address=ZERO, chainId=0, nonce=2**64 - 2)
    answer = signer.call("account_signTransaction", set_code(signed(), clears, value="0x7", data="0x"))
    raw = HexBytes(answer["raw"])
    assert raw[0] == 4
    assert Account.recover_transaction(raw) == FIRST
    decoded = TypedTransaction.from_bytes(raw).as_dict()
    assert [(a["chainId"], a["address"], a["nonce"]) for a in decoded["authorizationList"]] == [
        (1, HexBytes(THIRD), 5), (0, HexBytes(ZERO), 2**64 - 2)]
    # The same transaction signed by eth-account: signatures are deterministic.
    own = Account.sign_transaction({"type": 4, "chainId": 1, "nonce": 4, "maxPriorityFeePerGas": 1, "maxFeePerGas": 10**9, "gas": 100000, "to": SECOND,
                                  "value": 7, "data": "0x", "accessList": [],
                                  "authorizationList": [{k: (int(v, 16) if k != "address" else v) for k, v in a.items()} for a in (signed(), clears)]}, KEY)
    assert own.raw_transaction == raw
    tx = answer["tx"]
    assert tx["type"] == "0x4" and tx["gasPrice"] is None and tx["accessList"] == []
    assert tx["authorizationList"] == [signed() | {"address": THIRD.lower()}, clears]
    assert tx["hash"] == "0x" + keccak(raw).hex()
    assert tx["yParity"] == tx["v"]


def test_what_the_person_sees_of_a_set_code_transaction(signer):
    signer.call("account_signTransaction", set_code(signed(), signed(chainId=0, address=ZERO, nonce=6)))
    question = signer.asked("ui_approveTx")
    assert question["params"][0]["transaction"]["authorizationList"] == [signed() | {"address": THIRD.lower()}, signed(chainId=0, address=ZERO, nonce=6)]
    texts = [(i["type"], i["message"]) for i in question["params"][0]["call_info"]]
    assert texts[0][0] == "CRITICAL" and "authorizationList[1]: " in texts[0][1] and "every chain" in texts[0][1]
    assert texts[1][0] == "CRITICAL" and texts[1][1].startswith("authorizationList[0]: Hands the account " + FIRST)
    assert texts[2] == ("Info", f"authorizationList[1]: Takes the code of the account {FIRST} away")


def test_own_authorization_that_the_network_would_skip(signer):
    signer.call("account_signTransaction", set_code(signed(nonce=4)))
    texts = [i["message"] for i in signer.asked("ui_approveTx")["params"][0]["call_info"]]
    assert any("will skip" in text and "next one would be 5" in text for text in texts)


def test_numbers_of_signatures_may_be_padded(signer):
    wide = signed()
    wide["r"], wide["s"] = ("0x" + wide[name][2:].rjust(64, "0") for name in "rs")
    narrow = signer.call("account_signTransaction", set_code(signed()))
    assert signer.call("account_signTransaction", set_code(wide)) == narrow


@pytest.mark.parametrize("index, change, message", [
    (0, {"nonce": "0xffffffffffffffff"}, "authorizationList[0].nonce: "),
    (2, {"nonce": "0xffffffffffffffff"}, "authorizationList[2].nonce: "),
    (2, {"chainId": "0x5"}, "authorizationList[2].chainId: expected 1, the signer's, or 0 for every chain, found 5"),
    (1, {"chainId": None}, "authorizationList[1].chainId: "),
    (1, {"yParity": "0x2"}, "authorizationList[1].yParity: "),
    (1, {"yParity": "0x1b"}, "authorizationList[1].yParity: "),
    (1, {"s": hex(HALF + 1)}, "authorizationList[1].s: "),
    (1, {"r": "0x0"}, "authorizationList[1]: expected a signature"),
    (1, {"s": "0x0"}, "authorizationList[1]: expected a signature"),
    (1, {"r": hex(ORDER)}, "authorizationList[1]: expected a signature"),
    (1, {"r": "0x" + "ff" * 33}, "authorizationList[1].r: "),
    (1, {"r": "0x01"}, "authorizationList[1].r: "),
    (1, {"address": THIRD + "00"}, "authorizationList[1].address: "),
    (1, {"v": "0x1"}, 'authorizationList[1]: unknown field "v"'),
    (1, {"signer": FIRST}, 'authorizationList[1]: unknown field "signer"'),
    (1, {"yParity": 1}, "authorizationList[1].yParity: "),
])
def test_bad_entries(signer, index, change, message):
    entries = [signed(), signed(), signed()]
    entries[index] = entries[index] | change
    with pytest.raises(RpcError) as error:
        signer.call("account_signTransaction", set_code(*entries))
    assert error.value.message.startswith(message)
    assert signer.count("ui_approveTx") == 0


@pytest.mark.parametrize("change, message", [
    ({"authorizationList": []}, "authorizationList: expected 1 to 64"),
    ({"authorizationList": {}}, "authorizationList: expected a list"),
    ({"authorizationList": [None]}, "authorizationList[0]: expected an object"),
    ({"to": None}, "to: expected a recipient"),
    ({"gasPrice": "0x1"}, "gasPrice: "),
    ({"gasPrice": "0x1", "maxFeePerGas": None, "maxPriorityFeePerGas": None}, "gasPrice: "),
    ({"blobVersionedHashes": ["0x01" + "00" * 31]}, "blobVersionedHashes: "),
    ({"maxFeePerBlobGas": "0x1"}, "maxFeePerBlobGas: "),
    ({"type": "0x2"}, "type: "),
    ({"authorizationList": None, "type": "0x4"}, "type: "),
])
def test_bad_set_code_transactions(signer, change, message):
    with pytest.raises(RpcError) as error:
        signer.call("account_signTransaction", set_code(signed()) | change)
    assert error.value.message.startswith(message)
    assert signer.count("ui_approveTx") == 0


def test_too_many_authorizations(signer):
    with pytest.raises(RpcError, match="authorizationList: expected 1 to 64 authorizations, found 65"):
        signer.call("account_signTransaction", set_code(*[signed()] * 65))
    assert len(signer.call("account_signTransaction", set_code(*[signed()] * 64))["tx"]["authorizationList"]) == 64


def test_one_behind_many(start):
    """Harmless ones in front hide none that hands an account over, however many there are."""
    signer = start("--eth-api")
    other = Account.from_key("0x" + "47" * 32)
    a = other.sign_authorization({"chainId": 0, "address": THIRD, "nonce": 7})
    evil = {"chainId": "0x0", "address": THIRD, "nonce": "0x7", "yParity": hex(a.y_parity), "r": hex(a.r), "s": hex(a.s)}
    crowd = [signed(address=ZERO, nonce=i) for i in range(20)]
    answer = signer.call("account_signTransaction", set_code(*crowd, evil))
    payload = b"\x04" + encode(decode(bytes.fromhex(answer["raw"][4:]))[:-3])
    signer.call("account_signRawTransaction", FIRST, "0x" + payload.hex())
    signer.call("eth_signTransaction", set_code(*crowd, evil))
    for question in [m for m in signer.seen if m["method"] == "ui_approveTx"]:
        # The twenty are the sender's own: one warning for those that the network skips, one for what they do.
        assert codes(question) == [("warning", "authorization-nonce"), ("info", "delegation-cleared"), ("critical", "authorization-every-chain"),
                                   ("critical", "delegation-unknown-code")]
        texts = [w["text"] for w in question["params"][0]["warnings"]]
        assert "20 authorizations take the code of their accounts away" in texts[1]
        assert all(other.address in text and "authorizationList[20]" in text for text in texts[2:])
        assert [m["message"] for m in question["params"][0]["call_info"]] == texts
        assert question["params"][0]["decoded"]["authorizations"][20]["authority"] == other.address
    assert signer.count("ui_approveTx") == 3


@pytest.mark.parametrize("fields, name", [
    ({"maxFeePerBlobGas": "0x1"}, "maxFeePerBlobGas"),
    ({"gasPrice": "0x1", "maxFeePerBlobGas": "0x1"}, "maxFeePerBlobGas"),
    ({"maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1", "maxFeePerBlobGas": "0x1"}, "maxFeePerBlobGas"),
    ({"maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1", "blobVersion": "0x1"}, "blobVersion"),
])
def test_fields_of_other_types(signer, fields, name):
    """A field that the type does not have is never dropped."""
    with pytest.raises(RpcError, match=name):
        signer.call("account_signTransaction", {"from": FIRST, "to": SECOND, "gas": "0x5208", "nonce": "0x0"} | fields)


# --- the person's program ---

def test_ui_takes_an_authorization_out(signer):
    def edit(params):
        tx = params[0]["transaction"]
        return {"approved": True, "transaction": tx | {"authorizationList": tx["authorizationList"][1:]}}
    signer.answers["ui_approveTx"] = edit
    answer = signer.call("account_signTransaction", set_code(signed(), signed(address=ZERO)))
    assert answer["tx"]["authorizationList"] == [signed(address=ZERO)]
    assert Account.recover_transaction(answer["raw"]) == FIRST


@pytest.mark.parametrize("edit, message", [
    (lambda tx: tx.pop("authorizationList"), "no authorizationList"),
    (lambda tx: tx.update(authorizationList=[]), "expected 1 to 64"),
    (lambda tx: tx["authorizationList"][0].update(chainId="0x2"), "authorizationList[0].chainId"),
    (lambda tx: tx["authorizationList"][0].update(s=hex(ORDER - 1)), "authorizationList[0].s"),
    (lambda tx: tx["authorizationList"][0].update(r="0x0"), "authorizationList[0]: expected a signature"),
    (lambda tx: tx.pop("to"), "recipient"),
])
def test_ui_edits_that_are_refused(signer, edit, message):
    def answer(params):
        tx = params[0]["transaction"]
        edit(tx)
        return {"approved": True, "transaction": tx}
    signer.answers["ui_approveTx"] = answer
    with pytest.raises(RpcError) as error:
        signer.call("account_signTransaction", set_code(signed()))
    assert message in error.value.message
    assert error.value.code == -32000
    assert signer.count("ui_onApprovedTx") == 0


def test_denied(signer):
    signer.answers["ui_approveTx"] = lambda p: {"approved": False}
    with pytest.raises(RpcError, match="request denied"):
        signer.call("account_signTransaction", set_code(signed()))


def test_refusal_of_the_ui_is_passed_on(start):
    def refuse(params):
        raise Refusal("not today", -31000)
    signer = start(ui=approving(ui_approveSignData=refuse))
    with pytest.raises(RpcError, match="-31000: not today"):
        signer.call("account_signAuthorization", FIRST, {"address": THIRD, "nonce": "0x0"})
