"""account_signData beyond messages: data for a validator (EIP-191 version 0x00), Clique headers (EIP-225), and content types."""
import json

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_defunct, encode_intended_validator
from eth_utils import keccak

from signer import FIRST, SECOND, THIRD, RpcError

VANITY = bytes(32)


@pytest.fixture
def signer(start):
    return start()


def header(extra=VANITY, base_fee=(), later=(), **changes):
    """The fields of a block header as RLP; changes by position (f7=b"..")."""
    fields = [b"\x11" * 32, b"\x22" * 32, bytes(20), b"\x33" * 32, b"\x44" * 32, b"\x55" * 32, bytes(256), 2, 1337, 30_000_000, 21_000, 1_700_000_000,
              extra, bytes(32), bytes(8), *base_fee, *later]
    for name, value in changes.items():
        fields[int(name[1:])] = value
    return "0x" + rlp.encode(fields).hex()


def refused(signer, *params):
    with pytest.raises(RpcError) as e:
        signer.call("account_signData", *params)
    assert signer.count("ui_approveSignData") == signer.count("ui_onInputRequired") == 0
    return e.value


# --- data/validator ---

@pytest.mark.parametrize("content_type", ["data/validator", "Data/Validator; charset=utf-8"])
@pytest.mark.parametrize("message", ["0x1122", "0x49206167726565", "0x" + "ab" * 100_000])
def test_validator(signer, content_type, message):
    signature = signer.call("account_signData", content_type, FIRST, {"address": SECOND.lower(), "message": message})
    assert Account.recover_message(encode_intended_validator(SECOND, hexstr=message), signature=signature) == FIRST
    question = signer.asked("ui_approveSignData")["params"][0]
    assert question["content_type"] == "data/validator" and question["decoded"]["kind"] == "validator"
    assert question["decoded"]["validator"] == SECOND and question["decoded"]["digest"] == question["hash"]
    assert question["decoded"]["text"] == ("I agree" if message == "0x49206167726565" else None)


@pytest.mark.parametrize("data, field", [
    ("0x1122", "address"), ([SECOND, "0x11"], "address"), (None, "address"), ({}, "address"), ({"address": SECOND}, "message"),
    ({"message": "0x11"}, "address"), ({"address": SECOND, "message": "0x"}, "message"), ({"address": SECOND, "message": ""}, "message"),
    ({"address": SECOND, "message": "0x1"}, "message"), ({"address": SECOND, "message": 5}, "message"), ({"address": "0x12", "message": "0x11"}, "address"),
    ({"address": SECOND + "00", "message": "0x11"}, "address"), ({"address": SECOND[2:], "message": "0x11"}, "address"),
    ({"address": SECOND, "message": "0x11", "nonce": 1}, "nonce"), ({"Address": SECOND, "message": "0x11"}, "Address")])
def test_bad_data_for_a_validator(signer, data, field):
    error = refused(signer, "data/validator", FIRST, data)
    assert error.code == -32000 and field in error.message


def test_duplicates_for_a_validator(signer):
    body = '{"jsonrpc":"2.0","id":1,"method":"account_signData","params":["data/validator","%s",{"address":"%s","address":"%s","message":"0x11"}]}'
    status, text = signer.post((body % (FIRST, SECOND, THIRD)).encode())
    assert status == 200 and json.loads(text)["error"]["code"] == -32000 and signer.count("ui_approveSignData") == 0


# --- application/x-clique-header ---

@pytest.mark.parametrize("data", [header(), header(extra=VANITY + bytes(65)), header(extra=VANITY + b"\xaa" * 40 + bytes(65)), header(base_fee=[7]),
                                  header(f7=2**256, f8=2**64)], ids=["vanity", "seal", "checkpoint", "base fee", "wide numbers"])
def test_clique_header(signer, data):
    """Signed is the RLP as it was given; v is 0 or 1, as a block's seal has it."""
    signature = bytes.fromhex(signer.call("account_signData", "application/x-clique-header", FIRST, data)[2:])
    digest = keccak(bytes.fromhex(data[2:]))
    assert len(signature) == 65 and signature[64] in (0, 1)
    assert Account._recover_hash(digest, signature=signature[:64] + bytes([27 + signature[64]])) == FIRST
    question = signer.asked("ui_approveSignData")["params"][0]
    assert question["hash"] == question["decoded"]["digest"] == "0x" + digest.hex() and question["decoded"]["kind"] == "clique_header"
    assert question["decoded"]["number"] in ("1337", "18446744073709551616") and question["decoded"]["gas_limit"] == "30000000"


@pytest.mark.parametrize("data, field", [
    (header(extra=b""), "extraData"), (header(extra=bytes(31)), "extraData"), (header(f0=bytes(31)), "parentHash"), (header(f2=bytes(21)), "miner"),
    (header(f6=bytes(255)), "logsBloom"), (header(f8=b"\x00\x01"), "number"), (header(f9=2**64), "gasLimit"), (header(f14=bytes(7)), "nonce"),
    (header(f12=[b"a"]), "extraData"), (header(base_fee=[[]]), "baseFeePerGas"), (header(base_fee=[7], later=[bytes(32)]), "withdrawalsRoot"),
    (header(base_fee=[7], later=[bytes(32), 0, 0, bytes(32), bytes(32)]), "withdrawalsRoot"), (header() + "00", "header"), (header()[:-2], "header"),
    ("0x", "header"), ("0xc0", "parentHash"), ("0x83616263", "header"), ("0x0102", "header"), ("0x1", "data"), ("hello", "data"), ("", ""),
    ({"number": "0x1"}, "data"), (5, "data"), (None, "data")])
def test_bad_clique_headers(signer, data, field):
    error = refused(signer, "application/x-clique-header", FIRST, data)
    assert error.code == -32000 and field in error.message


# --- content types ---

@pytest.mark.parametrize("content_type", ["text/html", "text/validator", "data/validators", "application/clique", "*/*", "image/png", "text", "", "text/plain;a",
                                          "text/plain\u202e", "data/plain, data/typed"])
def test_what_is_no_content_type_of_ours_is_not_signed(signer, content_type):
    """Clef signed every unknown type as text/plain."""
    assert refused(signer, content_type, FIRST, "0x1122").code == -32000


@pytest.mark.parametrize("content_type", ["text/plain", "data/plain", "TEXT/Plain; charset=utf-8"])
def test_messages(signer, content_type):
    signature = signer.call("account_signData", content_type, FIRST, "0x" + "I♥SF".encode().hex())
    assert Account.recover_message(encode_defunct(text="I♥SF"), signature=signature) == FIRST
    assert signer.call("account_ecRecover", "0x" + "I♥SF".encode().hex(), signature) == FIRST.lower()


def test_one_content_is_never_signed_as_another(signer):
    """A message that looks like the other kinds gets a prefix of its own."""
    data = header()
    plain = signer.call("account_signData", "text/plain", FIRST, data)
    clique = signer.call("account_signData", "application/x-clique-header", FIRST, data)
    assert plain[:130] != clique[:130]
