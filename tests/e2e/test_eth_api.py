"""The standard names (--eth-api): what they answer, the same approvals and audit as Clef's, errors with the codes of EIP-1193."""
import json
import threading

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_intended_validator, encode_typed_data

from signer import FIRST, SECOND, SILENT, THIRD, Refusal, RpcError, approving, read_json, request, transfer, until

REJECTED, UNAUTHORIZED, UNSUPPORTED, DISCONNECTED, CAPABILITY, PARAMS, METHOD = 4001, 4100, 4200, 4901, 5700, -32602, -32601
NOBODY = "0x" + "11" * 20
MAIL = {
    "types": {"EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
              "Mail": [{"name": "to", "type": "address[]"}, {"name": "amount", "type": "uint64"}]},
    "primaryType": "Mail", "domain": {"name": "Test", "chainId": 1}, "message": {"to": [FIRST, SECOND], "amount": 7},
}
FEES = {"gasPrice": None, "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1"}


@pytest.fixture
def signer(start):
    return start("--eth-api", "--allow-eth-sign")


@pytest.fixture(params=["http", "socket"])
def call(request, signer):
    return signer.call if request.param == "http" else signer.call_socket


def refused(call, code, *args):
    with pytest.raises(RpcError) as e:
        call(*args)
    assert e.value.code == code, e.value
    return e.value.message


def deny_all(signer):
    no = lambda p: {"approved": False}
    signer.answers |= {"ui_approveListing": lambda p: {"accounts": None}, "ui_approveTx": no, "ui_approveSignData": no}


def wallet_sign(kind="0x45", data=None, **changes):
    return {"version": "1.0", "address": FIRST, "request": {"type": kind, "data": data or {"message": "hello"}}} | changes


SIGNING = {  # every method that signs, with arguments in order
    "personal_sign": ["0x68656c6c6f", FIRST],
    "eth_sign": [FIRST, "0x68656c6c6f"],
    "eth_signTypedData": [FIRST, MAIL],
    "eth_signTypedData_v4": [FIRST, json.dumps(MAIL)],
    "eth_signTransaction": [transfer()],
    "eth_signAuthorization": [FIRST, {"chainId": "0x1", "address": THIRD, "nonce": "0x1"}],
    "wallet_sign": [wallet_sign()],
}


# --- off by default ---

@pytest.mark.parametrize("method", ["eth_accounts", "eth_chainId", "personal_sign", "wallet_sign", "health_status", "eth_sendTransaction"])
def test_without_the_flag_the_names_do_not_exist(start, method):
    signer = start()
    assert "--eth-api" in refused(signer.call, METHOD, method)
    assert "--eth-api" not in refused(signer.call, METHOD, "eth_getBalance")
    assert signer.call("rpc_modules") == {"account": "1.0", "rpc": "1.0"}


def test_modules(call):
    assert call("rpc_modules") == {n: "1.0" for n in ("account", "eth", "health", "personal", "rpc", "wallet", "web3")}


def test_the_ui_cannot_call_them(signer):
    assert signer.ui_call("eth_chainId")["error"]["code"] == METHOD


def test_eth_sign_has_a_flag_of_its_own(start):
    signer = start("--eth-api")
    assert "--allow-eth-sign" in refused(signer.call, UNSUPPORTED, "eth_sign", *SIGNING["eth_sign"])
    assert not [m for m in signer.seen if "id" in m]
    assert signer.call("personal_sign", *SIGNING["personal_sign"])


def test_allow_eth_sign_alone_makes_no_sense(start):
    signer = start("--allow-eth-sign", wait=False)
    assert signer.wait_end() == 1 and "--eth-api" in signer.stderr()


# --- answers ---

def test_what_asks_nobody(call, signer):
    assert call("eth_chainId") == "0x1"
    assert call("health_status") == call("web3_clientVersion")
    assert call("health_status").startswith("clef/")
    assert not [m for m in signer.seen if "id" in m]


def test_chain_id_follows_the_signer(start):
    signer = start("--eth-api", "--chainid", "11155111")
    assert signer.call("eth_chainId") == "0xaa36a7"
    assert signer.ui_call("clef_setChainId", "0x5")["result"] == "0x5"
    assert signer.call("eth_chainId") == "0x5" and list(signer.call("wallet_getCapabilities")) == ["0x5"]


@pytest.mark.parametrize("method", ["eth_accounts", "eth_requestAccounts"])
def test_accounts_are_those_that_the_person_shows(call, signer, method):
    assert call(method) == [FIRST.lower(), SECOND.lower(), THIRD.lower()]
    signer.answers["ui_approveListing"] = lambda p: {"accounts": p[0]["accounts"][1:2]}
    assert call(method) == [SECOND.lower()]
    signer.answers["ui_approveListing"] = lambda p: {"accounts": []}
    assert call(method) == []


@pytest.mark.parametrize("text", ["hello", "", "grüße 🎉"])
def test_messages(call, text):
    data = "0x" + text.encode().hex()
    signature = call("personal_sign", data, FIRST)
    assert Account.recover_message(encode_defunct(text=text), signature=signature) == FIRST
    assert call("personal_sign", data.upper().replace("0X", "0x"), FIRST.lower(), "a password") == signature
    assert call("eth_sign", FIRST, data) == call("account_signData", "text/plain", FIRST, data) == signature
    if text:
        assert call("wallet_sign", wallet_sign(data={"message": text}))["signature"] == signature


def test_eth_sign_never_signs_a_bare_hash(call):
    digest = "0x" + "ab" * 32
    signature = call("eth_sign", FIRST, digest)
    assert Account.recover_message(encode_defunct(hexstr=digest), signature=signature) == FIRST
    assert Account._recover_hash(bytes.fromhex("ab" * 32), signature=signature) != FIRST


@pytest.mark.parametrize("form", [lambda d: d, json.dumps])
@pytest.mark.parametrize("method", ["eth_signTypedData", "eth_signTypedData_v4"])
def test_typed_data(call, signer, method, form):
    signature = call(method, FIRST, form(MAIL))
    assert Account.recover_message(encode_typed_data(full_message=MAIL), signature=signature) == FIRST
    assert signature == call("account_signTypedData", FIRST, MAIL) == call("wallet_sign", wallet_sign("0x01", MAIL))["signature"]
    questions = [m["params"][0] for m in signer.seen if m["method"] == "ui_approveSignData"]
    assert len(questions) == 3 and all(q["content_type"] == "data/typed" and q["raw_data"] == questions[0]["raw_data"] for q in questions)


def test_data_for_a_validator(call):
    signature = call("wallet_sign", wallet_sign("0x00", {"validator": THIRD, "data": "0xdeadbeef"}))["signature"]
    assert Account.recover_message(encode_intended_validator(THIRD, hexstr="0xdeadbeef"), signature=signature) == FIRST
    assert signature == call("account_signData", "data/validator", FIRST, {"address": THIRD, "message": "0xdeadbeef"})


@pytest.mark.parametrize("tx", [transfer(), transfer(accessList=[]), transfer(**FEES), transfer(chainId="0x1", data="0x", input="0x"),
                                transfer(**FEES, maxFeePerBlobGas="0x5", blobVersionedHashes=["0x01" + "22" * 31])])
def test_transaction_is_one_hex_text(call, signer, tx):
    tx = {k: v for k, v in tx.items() if v is not None}
    raw = call("eth_signTransaction", tx)
    assert Account.recover_transaction(raw) == FIRST
    assert call("account_signTransaction", tx)["raw"] == raw
    assert signer.asked("ui_onApprovedTx")["params"][0]["raw"] == raw


def test_what_clients_send_as_null_is_absent(call):
    """The OP stack's client sends every member, null where it has nothing; a recipient is in lower case."""
    tx = {"from": FIRST.lower(), "to": SECOND.lower(), "gas": "0x5208", "gasPrice": None, "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1", "value": "0x0",
          "nonce": "0x0", "data": None, "input": "0x", "accessList": None, "chainId": "0x1", "blobVersionedHashes": None, "maxFeePerBlobGas": None}
    assert call("eth_signTransaction", tx).startswith("0x02")
    creation = tx | {"to": None, "input": "0x60806040" + "5b" * 100}
    assert call("eth_signTransaction", creation).startswith("0x02")


def test_recipient_in_one_case_carries_no_checksum(signer):
    """As EIP-55 has it, on these names alone; the person sees it spelt with its checksum."""
    for to in (SECOND.lower(), "0x" + SECOND[2:].upper(), SECOND):
        assert signer.call("eth_signTransaction", transfer(to=to))
    assert all(m["params"][0]["transaction"]["to"] == SECOND for m in signer.seen if m["method"] == "ui_approveTx")
    assert "checksum" in refused(signer.call, -32000, "eth_signTransaction", transfer(to=SECOND.swapcase().replace("X", "x")))
    assert "checksum" in refused(signer.call, -32000, "account_signTransaction", transfer(to=SECOND.lower()))


def test_authorization(start):
    signer, fields = start("--eth-api", "--advanced"), {"chainId": "0x1", "address": THIRD, "nonce": "0x1"}
    answer = signer.call("eth_signAuthorization", FIRST, fields)
    assert answer == signer.call_socket("account_signAuthorization", FIRST, fields)
    assert set(answer) == {"chainId", "address", "nonce", "yParity", "r", "s"}
    refused(signer.call, DISCONNECTED, "eth_signAuthorization", FIRST, fields | {"chainId": "0x5"})


@pytest.mark.parametrize("arguments, chains", [([], ["0x1"]), ([FIRST], ["0x1"]), ([None], ["0x1"]), ([NOBODY], ["0x1"]), ([FIRST, ["0x1", "0x5"]], ["0x1"]),
                                               ([FIRST, ["0x5"]], []), ([FIRST, []], []), ([FIRST, None], ["0x1"])])
def test_capabilities(call, arguments, chains):
    assert call("wallet_getCapabilities", *arguments) == {c: {"atomic": {"status": "unsupported"}} for c in chains}


@pytest.mark.parametrize("changes", [{"version": "1"}, {"capabilities": {}}, {"capabilities": {"x": {"optional": True, "y": 1}}}, {"address": FIRST.lower()}])
def test_wallet_sign_takes(call, changes):
    assert call("wallet_sign", wallet_sign(**changes))["signature"] == call("personal_sign", "0x68656c6c6f", FIRST)


# --- refusals ---

@pytest.mark.parametrize("method", SIGNING)
def test_denied(start, method):
    signer = start("--eth-api", "--allow-eth-sign", "--advanced")
    deny_all(signer)
    refused(signer.call, REJECTED, method, *SIGNING[method])
    assert signer.count("ui_onInputRequired") == signer.count("ui_onApprovedTx") == 0


@pytest.mark.parametrize("method", ["eth_accounts", "eth_requestAccounts"])
def test_denied_listing(call, signer, method):
    deny_all(signer)
    refused(call, REJECTED, method)
    refused(call, -32000, "account_list")  # Clef's name keeps Clef's code


@pytest.mark.parametrize("method, arguments", [
    ("personal_sign", ["0x00", NOBODY]), ("eth_sign", [NOBODY, "0x00"]), ("eth_signTypedData_v4", [NOBODY, MAIL]),
    ("eth_signTransaction", [transfer(**{"from": NOBODY})]), ("wallet_sign", [wallet_sign(address=NOBODY)])])
def test_unknown_account(call, signer, method, arguments):
    assert refused(call, UNAUTHORIZED, method, *arguments) == "unknown account"
    assert not [m for m in signer.seen if "id" in m], "the person was asked"


def test_unknown_account_by_clefs_name(call):
    refused(call, -32000, "account_signTransaction", transfer(**{"from": NOBODY}))


def test_another_chain(call, signer):
    refused(call, DISCONNECTED, "eth_signTransaction", transfer(chainId="0x5"))
    refused(call, -32000, "account_signTransaction", transfer(chainId="0x5"))
    assert signer.count("ui_approveTx") == 0


@pytest.mark.parametrize("method, advice", [
    ("eth_sendTransaction", "eth_signTransaction"), ("wallet_sendCalls", "account_bulkSignTransactions"), ("wallet_switchEthereumChain", "--chainid"),
    ("wallet_addEthereumChain", "--chainid"), ("wallet_getCallsStatus", "node"), ("eth_signTypedData_v3", "eth_signTypedData_v4"),
    ("personal_unlockAccount", "approves"), ("personal_newAccount", "account_new"), ("personal_ecRecover", "account_ecRecover"),
    ("personal_sendTransaction", "eth_sendRawTransaction")])
def test_what_a_signer_does_not_do(call, method, advice):
    assert advice in refused(call, UNSUPPORTED, method, {"any": "thing"})


@pytest.mark.parametrize("method", ["eth_getBalance", "eth_blockNumber", "net_version", "eth_Accounts", "eth_", "wallet_", "eth_sign\n"])
def test_unknown_method(call, method):
    refused(call, METHOD, method)


def test_error_of_the_ui_goes_to_the_caller(signer):
    def refuse(params):
        raise Refusal("out to lunch", -4711)
    signer.answers |= {"ui_approveTx": refuse, "ui_approveSignData": refuse, "ui_approveListing": refuse}
    for method in ("eth_signTransaction", "personal_sign", "eth_accounts"):
        assert refused(signer.call, -4711, method, *SIGNING.get(method, [])) == "out to lunch"


def test_wrong_password(signer):
    signer.answers["ui_onInputRequired"] = lambda p: {"text": "not the password"}
    for method in ("eth_signTransaction", "personal_sign", "wallet_sign"):
        refused(signer.call, -32000, method, *SIGNING[method])


def test_time_is_up(start):
    signer = start("--eth-api", ui=approving(ui_approveSignData=lambda p: SILENT), timeout=1)
    refused(signer.call, -32002, "personal_sign", *SIGNING["personal_sign"])


def without(tx, *names):
    return {k: v for k, v in tx.items() if k not in names}


@pytest.mark.parametrize("method, arguments, said", [
    ("eth_accounts", [1], "too many arguments"),
    ("eth_chainId", [None], "too many arguments"),
    ("personal_sign", [], "missing value for required argument 0"),
    ("personal_sign", ["0x00"], "missing value for required argument 1"),
    ("personal_sign", ["0x00", FIRST, "", ""], "too many arguments"),
    ("personal_sign", ["hello", FIRST], "argument 0"),
    ("personal_sign", ["", FIRST], "argument 0"),
    ("personal_sign", ["0x0", FIRST], "argument 0"),
    ("personal_sign", ["0xzz", FIRST], "argument 0"),
    ("personal_sign", [None, FIRST], "argument 0"),
    ("personal_sign", [["0x00"], FIRST], "argument 0"),
    ("personal_sign", [FIRST, "0x68656c6c6f"], "argument 1"),
    ("personal_sign", ["0x00", FIRST[:-1]], "argument 1"),
    ("personal_sign", ["0x00", None], "argument 1"),
    ("eth_sign", ["0x68656c6c6f", FIRST], "argument 0"),
    ("eth_sign", [FIRST, "hello"], "argument 1"),
    ("eth_sign", [FIRST, 5], "argument 1"),
    ("eth_signTypedData", [FIRST], "missing value for required argument 1"),
    ("eth_signTypedData", [MAIL, FIRST], "argument 0"),
    ("eth_signTypedData", [FIRST, "{"], "typed data"),
    ("eth_signTypedData", [FIRST, "[]"], ""),
    ("eth_signTypedData_v4", [FIRST, 5], ""),
    ("eth_signTypedData_v4", [FIRST, json.dumps(MAIL) + " {}"], ""),
    ("eth_signTransaction", [], "missing value for required argument 0"),
    ("eth_signTransaction", [transfer(), "transfer()"], "too many arguments"),
    ("eth_signTransaction", [None], "from"),
    ("eth_signTransaction", ["0x00"], "object"),
    ("eth_signTransaction", [[]], "object"),
    ("eth_signTransaction", [without(transfer(), "nonce")], "nonce"),
    ("eth_signTransaction", [without(transfer(), "gas")], "gas"),
    ("eth_signTransaction", [without(transfer(), "from")], "from"),
    ("eth_signTransaction", [transfer(nonce=None)], "nonce"),
    ("eth_signTransaction", [transfer(gas=21000)], "gas"),
    ("eth_signTransaction", [without(transfer(), "gasPrice")], "gasPrice"),
    ("eth_signTransaction", [without(transfer(), "gasPrice") | {"maxFeePerGas": "0x5"}], "maxPriorityFeePerGas"),
    ("eth_signTransaction", [transfer(gasLimit="0x5208")], "gasLimit"),
    ("eth_signTransaction", [transfer(type="0x2")], "type"),
    ("eth_signTransaction", [without(transfer(**FEES), "gasPrice") | {"blobs": ["0x00"]}], "blobs"),
    ("eth_signTransaction", [without(transfer(**FEES), "gasPrice") | {"commitments": []}], "commitments"),
    ("eth_signTransaction", [without(transfer(**FEES), "gasPrice") | {"proofs": []}], "proofs"),
    ("eth_signAuthorization", [FIRST], "missing value"),
    ("eth_signAuthorization", [{"address": THIRD}, FIRST], "argument 0"),
    ("wallet_getCapabilities", ["0x12"], "argument 0"),
    ("wallet_getCapabilities", [FIRST, "0x1"], "argument 1"),
    ("wallet_getCapabilities", [FIRST, [1]], "argument 1"),
    ("wallet_getCapabilities", [FIRST, ["0x" + "f" * 65]], "argument 1"),
    ("wallet_sign", ["hello"], "argument 0"),
    ("wallet_sign", [without(wallet_sign(), "version")], "version"),
    ("wallet_sign", [without(wallet_sign(), "request")], "request"),
    ("wallet_sign", [without(wallet_sign(), "address")], "address"),
    ("wallet_sign", [wallet_sign(version="2.0")], "version"),
    ("wallet_sign", [wallet_sign(version=1)], "version"),
    ("wallet_sign", [wallet_sign(address="0x12")], "address"),
    ("wallet_sign", [wallet_sign(extra=1)], "extra"),
    ("wallet_sign", [wallet_sign(request={"type": "0x45"})], "request.data"),
    ("wallet_sign", [wallet_sign(request={"type": "0x45", "data": {"message": "x"}, "chainId": 1})], "chainId"),
    ("wallet_sign", [wallet_sign("0x46")], "request.type"),
    ("wallet_sign", [wallet_sign(data={"message": 5})], "request.data.message"),
    ("wallet_sign", [wallet_sign(data={"message": "x", "hash": "0x00"})], "hash"),
    ("wallet_sign", [wallet_sign("0x00", {"validator": "0x12", "data": "0x00"})], "request.data.validator"),
    ("wallet_sign", [wallet_sign("0x00", {"validator": THIRD, "data": "0x"})], "request.data.data"),
    ("wallet_sign", [wallet_sign("0x01", ["x"])], "request.data"),
    ("wallet_sign", [wallet_sign(capabilities=[])], "capabilities"),
])
def test_bad_arguments(call, signer, method, arguments, said):
    assert said in refused(call, PARAMS, method, *arguments)
    assert not [m for m in signer.seen if "id" in m], "the person was asked"


def test_arguments_that_are_no_list(signer):
    answer = json.loads(signer.post({"jsonrpc": "2.0", "id": 1, "method": "personal_sign", "params": {"data": "0x00"}})[1])
    assert answer["error"]["code"] == PARAMS


def test_capability_that_is_demanded(call, signer):
    assert "capabilities.pay" in refused(call, CAPABILITY, "wallet_sign", wallet_sign(capabilities={"pay": {"url": "x"}}))
    assert signer.count("ui_approveSignData") == 0


def test_member_given_twice(signer):
    body = json.dumps(request("wallet_sign", wallet_sign())).replace('"version"', '"version": "1.0", "version"')
    assert json.loads(signer.post(body.encode())[1])["error"]["code"] in (PARAMS, -32700, -32600)
    body = json.dumps(request("eth_signTransaction", transfer())).replace('"nonce"', '"nonce": "0x5", "nonce"')
    assert json.loads(signer.post(body.encode())[1])["error"]["code"] in (PARAMS, -32700, -32600)
    assert not [m for m in signer.seen if "id" in m]


@pytest.mark.parametrize("text", ["‮evil", "\u0000", "\x1b[31m"])
def test_hostile_texts_are_shown_as_they_were_sent(signer, text):
    signature = signer.call("wallet_sign", wallet_sign(data={"message": text}))["signature"]
    assert Account.recover_message(encode_defunct(text=text), signature=signature) == FIRST


# --- batches, audit ---

@pytest.mark.parametrize("transport", ["http", "socket"])
def test_batch_mixes_both_kinds(signer, transport):
    batch = [request("eth_chainId", number=1), request("personal_sign", "0x00", FIRST, number=2), request("account_version", number=3),
             request("eth_sendTransaction", {}, number=4), request("nonsense", number=5)]
    if transport == "http":
        answers = json.loads(signer.post(batch)[1])
    else:
        with signer.connect() as s:
            s.sendall(json.dumps(batch).encode())
            answers = read_json(s)
    assert [a["id"] for a in answers] == [1, 2, 3, 4, 5]
    assert answers[0]["result"] == "0x1" and answers[1]["result"] and answers[2]["result"] == "6.1.0"
    assert [a["error"]["code"] for a in answers[3:]] == [UNSUPPORTED, METHOD]


def test_caller_gone_withdraws(signer):
    signer.answers["ui_approveSignData"] = lambda p: SILENT
    with signer.connect() as s:
        s.sendall(json.dumps(request("personal_sign", "0x00", FIRST)).encode())
        question = signer.asked("ui_approveSignData")["id"]
    signer.asked("ui_withdraw")
    signer.reply(question, {"approved": True})
    assert signer.call("eth_chainId") == "0x1" and signer.count("ui_onInputRequired") == 0


def test_audit_names_are_clefs_and_say_which_method(start):
    signer = start("--eth-api", "--allow-eth-sign", "--advanced")
    for method, arguments in SIGNING.items():
        signer.call(method, *arguments)
    signer.call("eth_accounts")
    signer.call("personal_sign", "0x00", FIRST, "secret password")
    lines = [line for line in (signer.home / "audit.log").read_text().splitlines() if "msg=Configured" not in line]
    asked = [line for line in lines if "type=request" in line]
    names = {"personal_sign": "SignData", "eth_sign": "SignData", "wallet_sign": "SignData", "eth_signTypedData": "SignTypedData",
             "eth_signTypedData_v4": "SignTypedData", "eth_signTransaction": "SignTransaction", "eth_signAuthorization": "SignAuthorization",
             "eth_accounts": "List"}
    for method, name in names.items():
        assert any(f"msg={name} " in line and f"method={method} " in line + " " for line in asked), (method, asked)
    assert len(lines) == 2 * len(asked) and all("error=<nil>" in line for line in lines if "type=response" in line)
    assert not any("secret password" in line for line in lines)


def test_many_callers_at_once(signer):
    answers = []
    threads = [threading.Thread(target=lambda n=n: answers.append(signer.call("eth_signTransaction", transfer(nonce=hex(n))))) for n in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert len(set(answers)) == 12 and all(Account.recover_transaction(raw) == FIRST for raw in answers)
