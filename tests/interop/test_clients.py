"""Programs that people really use, driving the signer over both transports: every field of what was signed, and who signed it."""
import pathlib
import subprocess

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes
from web3 import HTTPProvider, IPCProvider, Web3

from signer import FIRST, SECOND, THIRD, RpcError, Refusal, approving, transfer

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture
def signer(start):
    return start("--advanced")  # calldata of every kind is shown, not refused


def place(signer, transport):
    return f"http://127.0.0.1:{signer.port}/" if transport == "http" else str(signer.ipc)


@pytest.mark.parametrize("transport", ["http", "ipc"])
@pytest.mark.parametrize("client", ["ethers", "viem", "web3", "ethereumjs"])
def test_javascript(signer, client, transport):
    done = subprocess.run(["node", str(HERE / f"{client}.mjs"), transport, place(signer, transport)], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr + signer.stderr()
    assert done.stdout.count("\nok ") >= 14 and done.stdout.rstrip().endswith("1..15")


LIST = [{"address": THIRD, "storageKeys": ["0x" + "00" * 31 + "01"]}]
CASES = {
    "legacy": {"gasPrice": "0x3b9aca00"},
    "2930": {"gasPrice": "0x3b9aca00", "accessList": LIST},
    "1559": {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1", "accessList": LIST},
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
    for name in ("nonce", "gas", "value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"):
        assert (int(tx[name], 16) if name in tx else None) == got.get(name), name
    assert HexBytes(got["to"]) == HexBytes(tx.get("to", "0x")) and HexBytes(got["data"]) == HexBytes(tx.get("data", "0x"))
    assert got["chainId"] == 1 if "chainId" in got else got["v"] in (37, 38)
    if "accessList" in tx:
        assert [(HexBytes(e["address"]), [bytes(HexBytes(k)).rjust(32, b"\0") for k in e["storageKeys"]]) for e in got["accessList"]] == \
            [(HexBytes(e["address"]), [HexBytes(k) for k in e["storageKeys"]]) for e in tx["accessList"]]


@pytest.mark.parametrize("text", ["hello", "", "grüße, 世界 🎉", "a\nb\0c"])
def test_web3py_messages(web3, text):
    signature = ask(web3, "account_signData", "text/plain", FIRST, "0x" + text.encode().hex())
    assert Account.recover_message(encode_defunct(text=text), signature=signature) == FIRST
    assert ask(web3, "account_ecRecover", "0x" + text.encode().hex(), signature) == FIRST.lower()


def test_signatures_are_those_of_eth_account(signer):
    """RFC 6979 makes signatures repeatable: both give the same bytes."""
    import json
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
