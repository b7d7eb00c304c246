"""Programs that people really use, driving the signer over both transports, by Clef's names and the standard ones: every field of what was signed, and
who signed it."""
import json
import pathlib
import subprocess

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.typed_transactions import TypedTransaction
from eth_keys import keys
from eth_utils import keccak
from hexbytes import HexBytes
from web3 import HTTPProvider, IPCProvider, Web3

from signer import FIRST, SECOND, THIRD, RpcError, Refusal, approving, transfer

HERE = pathlib.Path(__file__).resolve().parent
BUILD_RUST = HERE.parents[1] / "build-rust"
VERSIONED_HASH = "0x01b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1"


@pytest.fixture
def signer(start):
    return start("--advanced", "--eth-api", "--allow-eth-sign")  # calldata of every kind is shown, not refused


def place(signer, transport):
    return f"http://127.0.0.1:{signer.port}/" if transport == "http" else str(signer.ipc)


def play(signer, command, transport, checks):
    """Run a client to its end; it prints a line for each thing that it checked, and at last their number."""
    done = subprocess.run([*command, transport, place(signer, transport)], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr + signer.stderr()
    assert done.stdout.count("ok ") == checks and done.stdout.rstrip().endswith(f"1..{checks}"), done.stdout


@pytest.mark.parametrize("transport", ["http", "ipc"])
@pytest.mark.parametrize("client, checks", [("ethers", 21), ("viem", 21), ("web3", 18), ("ethereumjs", 21)])
def test_javascript(signer, client, checks, transport):
    play(signer, ["node", str(HERE / f"{client}.mjs")], transport, checks)


@pytest.fixture(scope="session")
def alloy():
    """The Rust client. tools/run-tests has built it already; only what changed since is built here."""
    command = ["cargo", "build", "--quiet", "--locked", "--manifest-path", str(HERE / "alloy" / "Cargo.toml"), "--target-dir", str(BUILD_RUST)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return [str(BUILD_RUST / "debug" / "clef-interop-alloy")]


@pytest.mark.timeout(900)  # both tests may wait for one build
@pytest.mark.parametrize("transport", ["http", "ipc"])
def test_alloy(signer, alloy, transport):
    play(signer, alloy, transport, 16)


LIST = [{"address": THIRD, "storageKeys": ["0x" + "00" * 31 + "01"]}]
CASES = {
    "legacy": {"gasPrice": "0x3b9aca00"},
    "2930": {"gasPrice": "0x3b9aca00", "accessList": LIST},
    "1559": {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1", "accessList": LIST},
    "4844 by hashes": {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1", "accessList": LIST, "maxFeePerBlobGas": "0x5",
                       "blobVersionedHashes": [VERSIONED_HASH]},
    "1559, contract creation": {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1", "to": None, "value": "0x0", "data": "0x60806040" + "5b" * 100},
}


@pytest.fixture(params=["http", "ipc"])
def web3(request, signer):
    where = place(signer, request.param)
    return Web3(HTTPProvider(where) if request.param == "http" else IPCProvider(where, timeout=20))


def ask(web3, method, *params):
    answer = web3.provider.make_request(method, list(params))
    assert "error" not in answer, answer
    return answer["result"]


def fields_of(raw):
    """What eth-account reads from a signed transaction."""
    raw = HexBytes(raw)
    if raw[0] > 0x7f:
        names = ("nonce", "gasPrice", "gas", "to", "value", "data", "v")
        return {n: v if n in ("to", "data") else int.from_bytes(v, "big") for n, v in zip(names, rlp.decode(bytes(raw)))}
    return TypedTransaction.from_bytes(raw).as_dict()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_web3py_and_eth_account(web3, case):
    tx = {k: v for k, v in (transfer(nonce="0x9", value="0xde0b6b3a7640000", gas="0x15f90") | {"gasPrice": None, "chainId": "0x1"} | case).items() if v is not None}
    answer = ask(web3, "account_signTransaction", tx)
    assert Account.recover_transaction(answer["raw"]) == FIRST
    assert Web3.to_hex(Web3.keccak(HexBytes(answer["raw"]))) == answer["tx"]["hash"]
    got = fields_of(answer["raw"])
    assert ask(web3, "eth_signTransaction", tx) == answer["raw"]
    for name in ("nonce", "gas", "value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "maxFeePerBlobGas"):
        assert (int(tx[name], 16) if name in tx else None) == got.get(name), name
    assert HexBytes(got["to"]) == HexBytes(tx.get("to", "0x")) and HexBytes(got["data"]) == HexBytes(tx.get("data", "0x"))
    assert got["chainId"] == 1 if "chainId" in got else got["v"] in (37, 38)
    assert [HexBytes(h) for h in got.get("blobVersionedHashes", [])] == [HexBytes(h) for h in tx.get("blobVersionedHashes", [])]
    if "accessList" in tx:
        assert [(HexBytes(e["address"]), [bytes(HexBytes(k)).rjust(32, b"\0") for k in e["storageKeys"]]) for e in got["accessList"]] == \
            [(HexBytes(e["address"]), [HexBytes(k) for k in e["storageKeys"]]) for e in tx["accessList"]]


@pytest.mark.parametrize("text", ["hello", "", "grüße, 世界 🎉", "a\nb\0c"])
def test_web3py_messages(web3, text):
    signature = ask(web3, "account_signData", "text/plain", FIRST, "0x" + text.encode().hex())
    assert Account.recover_message(encode_defunct(text=text), signature=signature) == FIRST
    assert ask(web3, "account_ecRecover", "0x" + text.encode().hex(), signature) == FIRST.lower()
    assert web3.eth.sign(FIRST, text=text) == HexBytes(signature) == HexBytes(ask(web3, "personal_sign", "0x" + text.encode().hex(), FIRST))


def test_web3py_knows_whom_it_talks_to(web3):
    assert web3.is_connected() and web3.client_version.startswith("clef/")
    assert web3.eth.chain_id == 1 and FIRST in web3.eth.accounts


DOCUMENT = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}],
        "Person": [{"name": "name", "type": "string"}, {"name": "wallets", "type": "address[]"}],
        "Mail": [{"name": "from", "type": "Person"}, {"name": "to", "type": "Person[]"}, {"name": "tags", "type": "bytes32[2]"}],
    },
    "primaryType": "Mail", "domain": {"name": "Ether Mail", "chainId": 1, "verifyingContract": THIRD},
    "message": {"from": {"name": "Cow", "wallets": [FIRST]}, "to": [{"name": "Bob", "wallets": [SECOND, THIRD]}, {"name": "Ann", "wallets": []}],
                "tags": ["0x" + "11" * 32, "0x" + "22" * 32]},
}


def test_web3py_typed_data(web3):
    signatures = [ask(web3, "account_signTypedData", FIRST, DOCUMENT), web3.eth.sign_typed_data(FIRST, json.dumps(DOCUMENT)),
                  ask(web3, "eth_signTypedData_v4", FIRST, DOCUMENT),
                  ask(web3, "wallet_sign", {"version": "1.0", "address": FIRST, "request": {"type": "0x01", "data": DOCUMENT}})["signature"]]
    assert len({HexBytes(s) for s in signatures}) == 1
    assert Account.recover_message(encode_typed_data(full_message=DOCUMENT), signature=signatures[0]) == FIRST


def test_web3py_set_code_transaction(web3):
    fields = {"chainId": "0x1", "address": THIRD, "nonce": "0xa"}
    authorization = ask(web3, "eth_signAuthorization", FIRST, fields)
    assert authorization == ask(web3, "account_signAuthorization", FIRST, fields)
    signature = keys.Signature(vrs=[int(authorization[name], 16) for name in ("yParity", "r", "s")])
    digest = keccak(b"\x05" + rlp.encode([1, bytes(HexBytes(THIRD)), 10]))
    assert signature.recover_public_key_from_msg_hash(digest).to_checksum_address() == FIRST
    raw = ask(web3, "eth_signTransaction", transfer(nonce="0x9", chainId="0x1", maxFeePerGas="0x5", maxPriorityFeePerGas="0x1", gasPrice=None,
                                                    authorizationList=[authorization]))
    assert Account.recover_transaction(raw) == FIRST
    [got] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["authorizationList"]
    assert {n: int(got[n]) for n in ("chainId", "nonce", "yParity", "r", "s")} == {n: int(authorization[n], 16) for n in ("chainId", "nonce", "yParity", "r", "s")}
    assert HexBytes(got["address"]) == HexBytes(THIRD)


def test_the_signature_of_an_authorization_is_that_of_eth_account(signer):
    from signer import FIXTURE, PASSWORDS
    key = Account.decrypt(json.loads(next(FIXTURE.glob("*cd2a3d9f*")).read_text()), PASSWORDS[SECOND])
    ours = signer.call("eth_signAuthorization", SECOND, {"chainId": "0x1", "address": THIRD, "nonce": "0xa"})
    theirs = Account.sign_authorization({"chainId": 1, "address": HexBytes(THIRD), "nonce": 10}, key)
    assert [int(ours[n], 16) for n in ("yParity", "r", "s")] == [theirs.y_parity, theirs.r, theirs.s]


def test_signatures_are_those_of_eth_account(signer):
    """RFC 6979 makes signatures repeatable: both give the same bytes."""
    from signer import FIXTURE, PASSWORDS
    key = Account.decrypt(json.loads(next(FIXTURE.glob("*cd2a3d9f*")).read_text()), PASSWORDS[SECOND])
    for nonce in range(8):
        tx = {"to": FIRST, "value": 1, "gas": 21000, "nonce": nonce, "chainId": 1, "maxFeePerGas": 10, "maxPriorityFeePerGas": 1}
        args = {k: hex(v) if isinstance(v, int) else v for k, v in tx.items()} | {"from": SECOND}
        assert HexBytes(signer.call("account_signTransaction", args)["raw"]) == Account.sign_transaction(tx, key).raw_transaction


def test_client_libraries_show_the_refusal(start):
    def refuse(params):
        raise Refusal("not today", -4711)
    signer = start(ui=approving(ui_approveTx=refuse))
    answer = Web3(HTTPProvider(place(signer, "http"))).provider.make_request("account_signTransaction", [transfer()])
    assert answer["error"] == {"code": -4711, "message": "not today"}
    with pytest.raises(RpcError):
        signer.call("account_signTransaction", transfer())
