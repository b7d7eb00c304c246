"""account_signRawTransaction: the bytes that are signed, shown and answered like any other transaction."""
import pytest
import rlp
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from signer import FIRST, SECOND, SILENT, THIRD, RpcError, http_request, request, until

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
TO = bytes.fromhex(SECOND[2:])
TRANSFER = bytes.fromhex("a9059cbb" + THIRD[2:].lower().rjust(64, "0") + "0de0b6b3a7640000".rjust(64, "0"))
ACCESS = [[bytes.fromhex(THIRD[2:]), [b"\x11" * 32]]]


def authorization():
    a = Account.sign_authorization({"chainId": 1, "address": THIRD, "nonce": 9}, KEY)
    return [a.chain_id, bytes(a.address), a.nonce, a.y_parity, a.r, a.s]


LEGACY = [7, 10**9, 21000, TO, 1, b""]
PAYLOADS = {
    "legacy": rlp.encode(LEGACY + [1, 0, 0]),
    "2930": b"\x01" + rlp.encode([1, 7, 10**9, 50000, TO, 1, b"", ACCESS]),
    "1559": b"\x02" + rlp.encode([1, 7, 1, 10**9, 50000, TO, 0, TRANSFER, []]),
    "4844": b"\x03" + rlp.encode([1, 7, 1, 10**9, 50000, TO, 0, b"", [], 5, [b"\x01" + b"\x22" * 31]]),
    "7702": b"\x04" + rlp.encode([1, 7, 1, 10**9, 50000, TO, 0, b"", ACCESS, [authorization()]]),
}


@pytest.fixture
def signer(start):
    return start()


def hex_of(payload):
    return "0x" + payload.hex()


@pytest.mark.parametrize("name", PAYLOADS)
def test_signed_is_what_was_given(signer, name):
    payload = PAYLOADS[name]
    answer = signer.call("account_signRawTransaction", FIRST, hex_of(payload))
    raw = HexBytes(answer["raw"])
    assert Account.recover_transaction(raw) == FIRST
    prefix = 0 if name == "legacy" else 1
    items, given = rlp.decode(raw[prefix:]), rlp.decode(payload[prefix:])
    assert raw[:prefix] == payload[:prefix]
    assert items[:-3] == (given[:-3] if name == "legacy" else given)
    assert answer["tx"]["hash"] and answer["tx"]["nonce"] == "0x7"
    assert signer.asked("ui_onApprovedTx")["params"][0] == answer


@pytest.mark.parametrize("name", PAYLOADS)
def test_same_as_by_its_fields(signer, name):
    """Shown like account_signTransaction's, and the answer is the same."""
    by_bytes = signer.call("account_signRawTransaction", FIRST, hex_of(PAYLOADS[name]))
    shown = signer.asked("ui_approveTx")["params"][0]
    by_fields = signer.call("account_signTransaction", shown["transaction"])
    again = signer.asked("ui_approveTx", 2)["params"][0]
    assert by_fields == by_bytes
    assert again["call_info"] == shown["call_info"] and again["decoded"] == shown["decoded"]
    assert shown["transaction"]["from"] == FIRST and shown["transaction"]["to"] == SECOND and shown["transaction"]["chainId"] == "0x1"


def test_calldata_is_decoded(signer):
    signer.call("account_signRawTransaction", FIRST, hex_of(PAYLOADS["1559"]))
    shown = signer.asked("ui_approveTx")["params"][0]
    assert "transfer(address: " + THIRD in shown["call_info"][0]["message"]
    assert shown["decoded"]["kind"] == "transaction" and shown["decoded"]["action"] == "call"


@pytest.mark.parametrize("payload, message", [
    (b"", "expected an unsigned transaction, found no bytes"),
    (rlp.encode(LEGACY), "names no chain"),
    (rlp.encode(LEGACY[:5]), "a legacy transaction has 9 items"),
    (rlp.encode(LEGACY + [1, 0, 1]), "no well-formed legacy"),
    (rlp.encode(LEGACY + [0, 0, 0]), "no well-formed legacy"),
    (rlp.encode(LEGACY + [5, 0, 0]), "chainid 5 does not match"),
    (PAYLOADS["1559"] + b"\x00", "1 bytes stand behind"),
    (PAYLOADS["1559"] + PAYLOADS["1559"], "bytes stand behind"),
    (PAYLOADS["1559"][:-1], "cut short"),
    (PAYLOADS["1559"][:1], "cut short"),
    (b"\x02" + rlp.encode([5, 7, 1, 10**9, 50000, TO, 0, b"", []]), "chainid 5 does not match"),
    (b"\x02" + rlp.encode([0, 7, 1, 10**9, 50000, TO, 0, b"", []]), "no well-formed dynamic-fee"),
    (b"\x02" + rlp.encode([b"\x00\x01", 7, 1, 10**9, 50000, TO, 0, b"", []]), "no well-formed dynamic-fee"),
    (b"\x02" + rlp.encode([1, 7, 1, 10**9, 50000, TO[1:], 0, b"", []]), "no well-formed dynamic-fee"),
    (b"\x02" + rlp.encode([1, 7, 1, 10**9, 50000, TO, 0, b""]), "a dynamic-fee (EIP-1559) transaction has 9 items, found 8"),
    (b"\x02" + rlp.encode([1, 7, 2, 1, 50000, TO, 0, b"", []]), "maxPriorityFeePerGas"),
    (b"\x02\xf8\x20" + rlp.encode([1, 7, 1, 10**9, 50000, TO, 0, b"", []])[1:], "no well-formed RLP"),
    (b"\x04" + rlp.encode([1, 7, 1, 10**9, 50000, TO, 0, b"", [], []]), "no well-formed set-code"),
    (b"\x04" + rlp.encode([1, 7, 1, 10**9, 50000, b"", 0, b"", [], [authorization()]]), "no well-formed set-code"),
    (b"\x05" + rlp.encode([1, THIRD.encode(), 0]), "type 0x5 are not available"),
    (b"\x00" + PAYLOADS["legacy"], "type 0x0 are not available"),
    (b"\x7f\xc0", "type 0x7f are not available"),
    (b"\x80", "no type, no RLP list"),
    (b"\x19\x01" + b"\x11" * 64, "type 0x19 are not available"),
])
def test_bad_bytes(signer, payload, message):
    with pytest.raises(RpcError) as error:
        signer.call("account_signRawTransaction", FIRST, hex_of(payload))
    assert message in error.value.message
    assert signer.count("ui_approveTx") == 0


@pytest.mark.parametrize("name", ["legacy", "2930", "1559", "7702"])
def test_signed_already(signer, name):
    raw = signer.call("account_signRawTransaction", FIRST, hex_of(PAYLOADS[name]))["raw"]
    with pytest.raises(RpcError, match="signed already"):
        signer.call("account_signRawTransaction", FIRST, raw)


@pytest.mark.parametrize("arguments, message", [
    ([FIRST, None], "invalid argument 1"), ([FIRST, 5], "invalid argument 1"), ([FIRST, "02"], "invalid argument 1"),
    ([FIRST, "0x0"], "invalid argument 1"), ([FIRST, "0xzz"], "invalid argument 1"), ([FIRST, {}], "invalid argument 1"),
    (["0x1234", hex_of(PAYLOADS["1559"])], "argument 0"), ([None, hex_of(PAYLOADS["1559"])], "argument 0"),
    ([FIRST], "missing value for required argument 1"),
])
def test_bad_arguments(signer, arguments, message):
    with pytest.raises(RpcError) as error:
        signer.call("account_signRawTransaction", *arguments)
    assert message in error.value.message
    assert error.value.code == -32602


def test_unknown_account(signer):
    with pytest.raises(RpcError, match="unknown account"):
        signer.call("account_signRawTransaction", "0x" + "11" * 20, hex_of(PAYLOADS["1559"]))


def test_warnings_refuse_as_for_any_transaction(start):
    payload = hex_of(b"\x02" + rlp.encode([1, 7, 1, 10**9, 50000, b"\x00" * 20, 0, b"\xff\xff\xff\xfe", []]))
    with pytest.raises(RpcError, match="zero address.*ABI signature could not be found"):
        start().call("account_signRawTransaction", FIRST, payload)
    assert Account.recover_transaction(start("--advanced").call("account_signRawTransaction", FIRST, payload)["raw"]) == FIRST


def test_the_person_changes_it(signer):
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"nonce": "0x9", "value": "0x2"}}
    answer = signer.call("account_signRawTransaction", FIRST, hex_of(PAYLOADS["2930"]))
    tx = TypedTransaction.from_bytes(HexBytes(answer["raw"])).as_dict()
    assert (tx["nonce"], tx["value"]) == (9, 2)
    assert Account.recover_transaction(answer["raw"]) == FIRST


def test_denied(signer):
    signer.answers["ui_approveTx"] = lambda p: {"approved": False}
    with pytest.raises(RpcError, match="request denied"):
        signer.call("account_signRawTransaction", FIRST, hex_of(PAYLOADS["1559"]))


def test_caller_gone_is_withdrawn(signer):
    signer.answers["ui_approveTx"] = lambda p: SILENT
    with signer.connect_http() as caller:
        caller.sendall(http_request(request("account_signRawTransaction", FIRST, hex_of(PAYLOADS["1559"]))))
        question = signer.asked("ui_approveTx")
    until(lambda: "withdrawn: caller gone" in (signer.home / "audit.log").read_text(), what="the withdrawal")
    signer.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"]})
    assert signer.call("account_version") == "6.1.0"
    assert signer.count("ui_onInputRequired") == 0 and signer.count("ui_onApprovedTx") == 0


def test_audit_has_it(signer):
    raw = signer.call("account_signRawTransaction", FIRST, hex_of(PAYLOADS["1559"]))["raw"]
    lines = [line for line in (signer.home / "audit.log").read_text().splitlines() if "msg=SignRawTransaction" in line]
    assert len(lines) == 2 and "type=request" in lines[0] and raw[2:] in lines[1]
