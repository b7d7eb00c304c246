"""Safe (multi-signature wallet) transactions: what is signed is what the contract hashes, checked against eth-account's EIP-712."""
import json

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from signer import FIRST, SECOND, THIRD, RpcError

SAFE = "0x25a6c4BBd32B2424A9c99aEB0584Ad12045382B3"
ZERO = "0x" + 40 * "0"
TRANSFER = "0xa9059cbb" + 24 * "0" + THIRD[2:].lower() + f"{5:064x}"
# What the transaction service hands out besides the transaction.
EXTRAS = {"executionDate": None, "submissionDate": "2020-09-15T21:54:49.617634Z", "modified": "2020-09-15T21:54:49.617634Z", "blockNumber": None,
          "transactionHash": None, "proposer": FIRST, "proposedByDelegate": None, "executor": None, "isExecuted": False, "isSuccessful": None,
          "ethGasPrice": None, "maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasUsed": None, "fee": None, "origin": "{\"name\": \"An app\"}",
          "dataDecoded": None, "confirmationsRequired": 2, "confirmations": [{"owner": SECOND, "signature": "0x00"}], "trusted": True, "signatures": None}
VERSIONS = ["1.3", "1.0", "0.1"]


@pytest.fixture
def signer(start):
    return start("--chainid", "137")


def transaction(**changes):
    return {"safe": SAFE, "to": SECOND, "value": "20000000000000000", "data": None, "operation": 0, "gasToken": ZERO, "safeTxGas": 27845, "baseGas": 0,
            "gasPrice": "0", "refundReceiver": ZERO, "nonce": 5} | changes


def signable(tx, version="1.3", chain=137):
    """The document that a contract of that version hashes, for eth-account."""
    base = "dataGas" if version == "0.1" else "baseGas"
    fields = {"to": "address", "value": "uint256", "data": "bytes", "operation": "uint8", "safeTxGas": "uint256", base: "uint256", "gasPrice": "uint256",
              "gasToken": "address", "refundReceiver": "address", "nonce": "uint256"}
    domain = {"verifyingContract": tx["safe"]} | ({"chainId": chain} if version == "1.3" else {})
    numbers = {name: int(str(tx[name]), 0) for name in ("value", "safeTxGas", "gasPrice", "nonce", "operation")} | {base: int(str(tx["baseGas"]), 0)}
    message = {name: tx[name] for name in ("to", "gasToken", "refundReceiver")} | {"data": bytes.fromhex((tx["data"] or "0x")[2:])} | numbers
    return encode_typed_data(full_message={
        "types": {"EIP712Domain": [{"name": n, "type": "uint256" if n == "chainId" else "address"} for n in ("chainId", "verifyingContract") if n in domain],
                  "SafeTx": [{"name": n, "type": t} for n, t in fields.items()]},
        "primaryType": "SafeTx", "domain": domain, "message": message})


def digest(message):
    return "0x" + keccak(b"\x19" + message.version + message.header + message.body).hex()


def named(tx, version="1.3", chain=137):
    """The transaction with the hash that the service gives for a contract of that version."""
    return tx | {"safeTxHash": digest(signable(tx, version, chain))}


def refused(signer, *params):
    with pytest.raises(RpcError) as e:
        signer.call("account_signGnosisSafeTx", *params)
    assert signer.count("ui_approveSignData") == signer.count("ui_onInputRequired") == 0
    return e.value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tx", [transaction(), transaction(value="0", data=TRANSFER),
                                transaction(operation=1, safeTxGas=2**255, baseGas=2**256 - 1, gasPrice=str(2**128), nonce=2**64 + 5,
                                            gasToken=THIRD, refundReceiver=SECOND)],
                         ids=["plain", "token", "extreme"])
def test_every_version_of_the_contract_gets_its_own_hash(signer, tx, version):
    answer = signer.call("account_signGnosisSafeTx", FIRST, named(tx, version))
    assert Account.recover_message(signable(tx, version), signature=answer["signature"]) == FIRST
    assert answer["contractTransactionHash"] == answer["safeTxHash"] == digest(signable(tx, version))
    assert signer.asked("ui_approveSignData")["params"][0]["hash"] == answer["contractTransactionHash"]
    assert answer["sender"] == FIRST and answer["nonce"] == tx["nonce"]


def test_the_document_of_the_transaction_service(signer):
    """With everything it sends besides, and numbers as texts; and the answer of one owner as it is for the next one."""
    tx = transaction(nonce="5", baseGas="0", safeTxGas="27845")
    answer = signer.call("account_signGnosisSafeTx", FIRST, named(tx) | EXTRAS)
    assert Account.recover_message(signable(tx), signature=answer["signature"]) == FIRST
    second = signer.call("account_signGnosisSafeTx", SECOND, answer)
    assert Account.recover_message(signable(tx), signature=second["signature"]) == SECOND


@pytest.mark.parametrize("chain", [137, "137", "0x89", None])
def test_named_chain(signer, chain):
    tx = named(transaction()) | {"chainId": chain}
    assert signer.call("account_signGnosisSafeTx", FIRST, tx)["chainId"] == "0x89"


@pytest.mark.parametrize("chain", [1, "0x1", 0, 2**64 + 137])
def test_foreign_chain_is_refused(signer, chain):
    error = refused(signer, FIRST, named(transaction(), chain=1) | {"chainId": chain})
    assert error.code == -32000 and "chainId" in error.message


@pytest.mark.parametrize("changes", [{"value": "20000000000000001"}, {"to": THIRD}, {"nonce": 6}, {"nonce": 2**64 + 5}, {"data": "0x00"}, {"operation": 1},
                                     {"gasPrice": "1"}, {"refundReceiver": FIRST}, {"safe": THIRD}, {"safeTxHash": "0x" + 64 * "0"}])
@pytest.mark.parametrize("chain", [{}, {"chainId": 137}])
def test_a_hash_of_something_else_is_refused(signer, changes, chain):
    """Clef ignored the service's hash when the chain was named, and cut the nonce to 64 bits."""
    error = refused(signer, FIRST, named(transaction()) | changes | chain)
    assert error.code == -32000 and "mismatched safeTxHash" in error.message


def test_without_a_hash(signer):
    assert "safeTxHash" in refused(signer, FIRST, transaction()).message
    answer = signer.call("account_signGnosisSafeTx", FIRST, transaction(chainId=137))
    assert Account.recover_message(signable(transaction()), signature=answer["signature"]) == FIRST
    question = signer.asked("ui_approveSignData")["params"][0]
    assert [w["code"] for w in question["warnings"]] == ["no-safe-tx-hash"] and question["decoded"]["hash_given"] is False


def test_delegate_call_is_warned_about(signer):
    tx = transaction(operation=1)
    signer.call("account_signGnosisSafeTx", FIRST, named(tx))
    question = signer.asked("ui_approveSignData")["params"][0]
    assert [(w["level"], w["code"]) for w in question["warnings"]] == [("critical", "delegate-call")]
    assert SECOND in question["warnings"][0]["text"] and question["decoded"]["operation"] == "delegate_call"
    assert question["call_info"] is None  # what old programs know


def test_refund_is_warned_about(signer):
    signer.call("account_signGnosisSafeTx", FIRST, named(transaction(gasPrice="7", gasToken=THIRD, refundReceiver=SECOND)))
    [warning] = signer.asked("ui_approveSignData")["params"][0]["warnings"]
    assert warning["code"] == "gas-refund" and all(word in warning["text"] for word in ("7", THIRD, SECOND))


def test_decoded(signer):
    tx = transaction(value="0", data=TRANSFER)
    signer.call("account_signGnosisSafeTx", FIRST, named(tx, "1.0"))
    decoded = signer.asked("ui_approveSignData")["params"][0]["decoded"]
    assert decoded["kind"] == "safe_transaction" and decoded["version"] == "1.0.0 to 1.2.0" and decoded["chain_id"] is None
    assert (decoded["safe"], decoded["to"], decoded["value"], decoded["nonce"]) == (SAFE, SECOND, "0", "5")
    assert decoded["digest"] == digest(signable(tx, "1.0")) and decoded["domain_hash"] == "0x" + signable(tx, "1.0").header.hex()
    assert decoded["message_hash"] == "0x" + signable(tx, "1.0").body.hex() and decoded["hash_given"] is True
    assert decoded["call"]["signature"] == "transfer(address,uint256)" and decoded["call"]["arguments"][1]["value"] == "5"


@pytest.mark.parametrize("hint", ["transfer(address,uint256)", None])
def test_selector_hint(signer, hint):
    tx = named(transaction(value="0", data=TRANSFER))
    assert signer.call("account_signGnosisSafeTx", FIRST, tx, hint)["data"] == TRANSFER
    assert "transfer(" in signer.asked("ui_approveSignData")["params"][0]["call_info"][0]["message"]


def test_wrong_hint_and_unknown_call_are_refused(signer):
    tx = named(transaction(value="0", data=TRANSFER))
    assert refused(signer, FIRST, tx, "approve(address,uint256)").code == -32000
    assert refused(signer, FIRST, tx, 5).code == -32602
    assert refused(signer, FIRST, named(transaction(data="0x12ab34cd"))).code == -32000


@pytest.mark.parametrize("changes, code, field", [
    ({"operation": 2}, -32000, "operation"), ({"operation": "1"}, -32602, "operation"), ({"value": 5}, -32602, "value"), ({"value": "-1"}, -32000, "value"),
    ({"value": str(2**256)}, -32602, "value"), ({"nonce": 1.5}, -32602, "nonce"), ({"nonce": -1}, -32000, "nonce"), ({"baseGas": "x"}, -32602, "baseGas"),
    ({"safe": "eth:" + SAFE}, -32602, "safe"), ({"to": None}, -32602, "to"), ({"data": "0x1"}, -32602, "data"), ({"safeTxHash": "0x12"}, -32602, "safeTxHash"),
    ({"data": "\u202e0x"}, -32602, "data"), ({"nonce": "5\u200b"}, -32602, "nonce"), ({"maxFee": 1}, -32602, "maxFee"), ({"To": SECOND}, -32602, "To"),
    ({"gasToken": []}, -32602, "gasToken"), ({"nonce": {"nonce": 5}}, -32602, "nonce")])
def test_bad_fields_are_named(signer, changes, code, field):
    error = refused(signer, FIRST, named(transaction()) | changes)
    assert error.code == code and field in error.message


@pytest.mark.parametrize("document, code", [([], -32602), ("x", -32602), (5, -32602), ({}, -32000), (None, -32000), ({"safe": SAFE}, -32000)])
def test_documents_that_are_none(signer, document, code):
    assert refused(signer, FIRST, document).code == code


def test_duplicates_are_refused(signer):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "account_signGnosisSafeTx", "params": [FIRST, named(transaction())]})
    status, text = signer.post(body.replace('"nonce": 5', '"nonce": 6, "nonce": 5').encode())
    assert status == 200 and json.loads(text)["error"]["code"] == -32602 and signer.count("ui_approveSignData") == 0


def test_unknown_account_is_refused_before_anybody_is_asked(signer):
    assert "unknown account" in refused(signer, SAFE, named(transaction())).message


def test_denied(signer):
    signer.answers["ui_approveSignData"] = lambda p: {"approved": False}
    with pytest.raises(RpcError) as e:
        signer.call("account_signGnosisSafeTx", FIRST, named(transaction()))
    assert e.value.code == -32000 and signer.count("ui_onInputRequired") == 0
    assert signer.asked("ui_showError")["params"][0]["text"] == "request denied"


def test_a_chain_that_changes_meanwhile(signer):
    """The person approves what was judged for the old chain: nothing is signed."""
    def change_chain(params):
        assert signer.ui_call("clef_setChainId", "0x1")["result"] == "0x1"
        return {"approved": True}
    signer.answers["ui_approveSignData"] = change_chain
    with pytest.raises(RpcError) as e:
        signer.call("account_signGnosisSafeTx", FIRST, named(transaction()))
    assert "chain id" in e.value.message and signer.count("ui_onInputRequired") == 0


def test_audit_lines(signer):
    tx = named(transaction())
    answer = signer.call("account_signGnosisSafeTx", FIRST, tx, "transfer(address,uint256)")
    lines = [line for line in (signer.home / "audit.log").read_text().splitlines() if "msg=SignGnosisSafeTx" in line]
    assert len(lines) == 2 and tx["safeTxHash"] in lines[0] and "transfer(address,uint256)" in lines[0] and answer["signature"] in lines[1]
