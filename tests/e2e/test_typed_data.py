"""Typed data (EIP-712): signed as eth-account recovers it, shown in full, and refused with its path when anything about it is wrong."""
import copy
import json
import pathlib

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from signer import FIRST, SECOND, SILENT, THIRD, RpcError, Refusal, approving

VECTORS = {v["name"]: v["document"] for v in json.loads((pathlib.Path(__file__).parents[1] / "vectors" / "typed-data.json").read_text())}
MAIL = VECTORS["Mail of EIP-712"]
BATCH = VECTORS["Permit2 batch"]


def changed(document, **members):
    return copy.deepcopy(document) | members


def with_field(kind, value, name="v", types=None, **domain):
    """A document whose message has one field."""
    return {"types": {"EIP712Domain": [{"name": "name", "type": "string"}], "T": [{"name": name, "type": kind}]} | (types or {}),
            "primaryType": "T", "domain": {"name": "D"} | domain, "message": {name: value}}


def recovered(document, signature):
    return Account.recover_message(encode_typed_data(full_message=copy.deepcopy(document)), signature=signature)


def refused(signer, document, method="account_signTypedData"):
    """The error; nobody was asked."""
    asked = len(signer.seen)
    with pytest.raises(RpcError) as e:
        signer.call(method, FIRST, document)
    assert all(m["method"].startswith("ui_on") for m in signer.seen[asked:])
    return e.value


def flat(nodes):
    """Every value of a tree, in order."""
    for node in nodes or []:
        if isinstance(node["value"], str):
            yield node["value"]
        else:
            yield from flat(node["value"])


@pytest.fixture
def signer(start):
    return start()


@pytest.mark.parametrize("name", VECTORS)
def test_signed_alike_by_every_way(start, name):
    document = VECTORS[name]
    signer = start("--eth-api")
    by_hex = "0x" + json.dumps(document).encode().hex()
    signature = signer.call("account_signTypedData", FIRST, document)
    assert recovered(document, signature) == FIRST
    assert signer.call_socket("account_signTypedData", FIRST, document) == signature
    assert signer.call("account_signData", "data/typed", FIRST, by_hex) == signature
    assert signer.call("eth_signTypedData_v4", FIRST, document) == signature
    assert signer.call("eth_signTypedData_v4", FIRST, json.dumps(document)) == signature
    assert {m["params"][0]["content_type"] for m in signer.seen if m["method"] == "ui_approveSignData"} == {"data/typed"}
    assert not signer.wrong


def test_all_of_a_list_is_shown(signer):
    signer.call("account_signTypedData", FIRST, BATCH)
    asked = signer.asked("ui_approveSignData")["params"][0]
    decoded, message = asked["decoded"], BATCH["message"]
    shown = list(flat(decoded["message"]))
    assert shown == [str(value) for one in message["details"] for value in one.values()] + [message["spender"], message["sigDeadline"]]
    assert [text.split(" (")[0] for text in flat(asked["messages"][1]["value"])] == shown
    assert decoded["domain"] == {name: str(value) for name, value in BATCH["domain"].items()}
    assert decoded["digest"] == asked["hash"] and asked["warnings"] == [] and asked["call_info"] is None


def test_every_number_is_exact(signer):
    """JSON numbers above 2^53 were rounded by Clef."""
    document = with_field("uint256", 2**53 + 1)
    assert recovered(document, signer.call("account_signTypedData", FIRST, document)) == FIRST
    assert list(flat(signer.asked("ui_approveSignData")["params"][0]["decoded"]["message"])) == [str(2**53 + 1)]


def test_a_text_is_shown_as_it_is(signer):
    text = "\u202eevil\n\x1b[31m\0"
    document = with_field("string", text)
    assert recovered(document, signer.call("account_signTypedData", FIRST, document)) == FIRST
    assert list(flat(signer.asked("ui_approveSignData")["params"][0]["messages"][1]["value"])) == [text]


# --- another chain ---

FOREIGN = changed(MAIL, domain=MAIL["domain"] | {"chainId": 137})


@pytest.mark.parametrize("chain", [137, "0x89", 0, 2**256 - 1])
def test_another_chain_is_refused(signer, chain):
    error = refused(signer, changed(MAIL, domain=MAIL["domain"] | {"chainId": chain}))
    number = int(str(chain), 0)
    assert error.code == -32000 and error.message.startswith("validation failed: domain.chainId: expected 1, the chain of this signer, found "
                                                             f"{number}.") and "--advanced" in error.message


@pytest.mark.parametrize("document, warned", [
    (with_field("uint", 1), "types.T.v: the type uint names no width"),
    (with_field("int[2][]", [[1, -1]]), "types.T.v: the type int[2][] names no width"),
    (with_field("P[]", [], types={"P": [{"name": "a", "type": "uint8"}, {"name": "b", "type": "int"}]}), "types.P.b: the type int names no width"),
    (with_field("uint256[]", [1]), None),
    (with_field("string", "uint"), None),
    (with_field("int8", 1, types={"Unused": [{"name": "a", "type": "uint"}]}), None),
], ids=["uint", "arrays", "nested", "uint256", "text", "unused"])
def test_types_without_a_width(signer, document, warned):
    """Signed, as eth-account does; the person is told that others differ, old programs see what they always saw."""
    signature = signer.call("account_signTypedData", FIRST, document)
    if "Unused" not in document["types"]:
        assert recovered(document, signature) == FIRST
    question = signer.asked("ui_approveSignData")["params"][0]
    assert question["call_info"] is None
    assert [(w["level"], w["code"]) for w in question["warnings"]] == ([("warning", "type-alias")] if warned else [])
    assert not warned or question["warnings"][0]["text"].startswith(warned)


def test_another_chain_is_shown_with_advanced(start):
    signer = start("--advanced")
    assert recovered(FOREIGN, signer.call("account_signTypedData", FIRST, FOREIGN)) == FIRST
    asked = signer.asked("ui_approveSignData")["params"][0]
    assert [(w["level"], w["code"]) for w in asked["warnings"]] == [("critical", "foreign-chain")]
    assert [c["type"] for c in asked["call_info"]] == ["CRITICAL"] and "found 137" in asked["call_info"][0]["message"]


def test_the_own_chain_is_the_signers(start):
    signer = start("--chainid", "137")
    assert recovered(FOREIGN, signer.call("account_signTypedData", FIRST, FOREIGN)) == FIRST
    assert "expected 137" in refused(signer, MAIL).message


@pytest.mark.parametrize("flags", [(), ("--advanced",)])
def test_a_chain_that_changes_while_the_person_reads(start, flags):
    signer = start(*flags, ui=approving(ui_approveSignData=lambda p: SILENT))
    caller = signer.later("account_signTypedData", FIRST, MAIL)
    question = signer.asked("ui_approveSignData")
    assert signer.ui_call("clef_setChainId", "0x5")["result"] == "0x5"
    signer.reply(question["id"], {"approved": True})
    with pytest.raises(RpcError, match="the chain of this signer was changed"):
        caller.get()
    assert signer.count("ui_onInputRequired") == 0


# --- what is refused ---

PERSON = {"P": [{"name": "a", "type": "uint8"}, {"name": "b", "type": "address[]"}]}
BAD = {
    "message.v: expected a number from 0 to 2^8 - 1": [with_field("uint8", 256), with_field("uint8", "-1"), with_field("uint8", 1e3)],
    "message.v: expected a number from -2^7 to 2^7 - 1": [with_field("int8", 128), with_field("int8", -129), with_field("int8", "0xff")],
    "message.v: expected a whole number": [with_field("uint256", 1.5), with_field("uint256", None), with_field("uint256", "1e3")],
    "message.v: expected an address": [with_field("address", None), with_field("address", "0x01"), with_field("address", 5)],
    "message.v: expected 4 bytes": [with_field("bytes4", "0x112233"), with_field("bytes4", "0x1122334455"), with_field("bytes4", "11223344")],
    "message.v: expected true or false": [with_field("bool", "true"), with_field("bool", 1), with_field("bool", None)],
    "message.v: expected a list of 2": [with_field("uint8[2]", [1]), with_field("uint8[2]", [1, 2, 3]), with_field("uint8[2]", [])],
    "message.v[1]: expected an object": [with_field("P[]", [{"a": 1, "b": []}, None], types=PERSON), with_field("P[]", [{"a": 1, "b": []}, 7], types=PERSON)],
    "message.v[1].b[2]: expected an address": [with_field("P[]", [{"a": 1, "b": []}, {"a": 1, "b": [FIRST, SECOND, 3]}], types=PERSON)],
    "message.v.b: expected a value": [with_field("P", {"a": 1}, types=PERSON), with_field("P", {"a": 1, "B": []}, types=PERSON)],
    "message.v.c: expected the fields of P and nothing else": [with_field("P", {"a": 1, "b": [], "c": 2}, types=PERSON)],
    "message.x: ": [changed(with_field("uint8", 1), message={"v": 1, "x": 1})],
    "types.T.v: expected an elementary type": [with_field("uint7", 1), with_field("Thing", {}), with_field("uint256 ", 1), with_field("function", 1)],
    "types.T[0]: expected a field's name": [with_field("uint8", 1, name="\u202ea"), with_field("uint8", 1, name="a\0"), with_field("uint8", 1, name="\u200b")],
    "types.": [with_field("uint8", 1, types={"P\u202e": []}), with_field("uint8", 1, types={"string": []}), with_field("uint8", 1, types={"A b": []})],
    "types.N: the types are cyclic": [with_field("uint8", 1, types={"N": [{"name": "n", "type": "N"}]}),
                                      with_field("uint8", 1, types={"N": [{"name": "m", "type": "M"}], "M": [{"name": "n", "type": "N[3]"}]})],
    "primaryType: ": [changed(MAIL, primaryType=""), changed(MAIL, primaryType="N", message={}), changed(MAIL, primaryType="Mail[]"),
                      {k: v for k, v in MAIL.items() if k != "primaryType"}],
    "message: expected an object": [changed(MAIL, message=None), {k: v for k, v in MAIL.items() if k != "message"}],
    "domain: domain is undefined": [changed(MAIL, domain={}), changed(MAIL, domain=None)],
    "domain.app: ": [changed(MAIL, domain=MAIL["domain"] | {"app": "x"})],
    "domain.version: ": [changed(MAIL, domain={k: v for k, v in MAIL["domain"].items() if k != "version"}),
                         changed(MAIL, domain=MAIL["domain"] | {"version": None})],
    "extra: ": [changed(MAIL, extra=1)],
}


@pytest.mark.parametrize("path", BAD)
def test_what_is_wrong_is_named(signer, path):
    for document in BAD[path]:
        error = refused(signer, document)
        assert error.code == -32000 and error.message.startswith(path), (document, error)


@pytest.mark.parametrize("shape", [[], "{}", 5, True, changed(MAIL, types=[]), changed(MAIL, primaryType=1), changed(MAIL, domain=[]),
                                   changed(MAIL, message=[]), changed(MAIL, domain=MAIL["domain"] | {"chainId": "mainnet"})], ids=str)
def test_another_shape_is_a_wrong_argument(signer, shape):
    assert refused(signer, shape).code == -32602


@pytest.mark.parametrize("text", [
    json.dumps(MAIL).replace('"primaryType"', '"message": {}, "primaryType"'),
    json.dumps(MAIL).replace('"Mail": [', '"Mail": [], "Mail": ['),
    json.dumps(MAIL).replace('"contents": "Hello', '"contents": "x", "contents": "Hello'),
    json.dumps(MAIL).replace('"chainId": 1', '"chainId": 5, "chainId": 1'),
    json.dumps(MAIL).replace('{"name": "from", "type": "Person"}', '{"name": "from", "type": "Person", "type": "Person"}'),
], ids=["message", "type", "value", "domain", "field"])
def test_nothing_is_given_twice(signer, text):
    assert text != json.dumps(MAIL)
    body = '{"jsonrpc":"2.0","id":1,"method":"account_signTypedData","params":["%s",%s]}' % (FIRST, text)
    error = json.loads(signer.post(body.encode())[1])["error"]
    assert error["code"] == -32000 and any(word in error["message"] for word in ("twice", "nothing else")), error
    assert signer.count("ui_approveSignData") == 0


def deep(levels):
    """Lists of the type itself within one another."""
    value = []
    for _ in range(levels):
        value = [{"v": value}]
    return with_field("T[]", value)


@pytest.mark.parametrize("document, why", [
    (deep(31), None), (deep(33), "within one another"), (deep(1000), "within one another"),
    (with_field("string", "x" * 200_000), None), (with_field("string", "x" * 1_000_000), "at most 256 KiB"),
    (with_field("uint8[]", [1] * 16_000), None), (with_field("uint8[]", [1] * 20_000), "at most 16384 values"),
    (with_field("uint8" + 9 * "[]", []), "at most 8 brackets"),
    (with_field("uint8", 1, types={f"T{i}": [] for i in range(300)}), "at most 256 types"),
    (with_field("uint8", 1, types={"P": [{"name": f"f{i}", "type": "uint8"} for i in range(300)]}), "at most 256 fields"),
], ids=["deep", "deeper", "deepest", "long", "longer", "list", "longer list", "brackets", "types", "fields"])
def test_limits(signer, document, why):
    if why is None:
        assert len(signer.call("account_signTypedData", FIRST, document)) == 132
    else:
        assert why in refused(signer, document).message
        assert signer.call("account_version")


def test_denied_and_strangers(start):
    signer = start(ui=approving(ui_approveSignData=lambda p: {"approved": False}))
    with pytest.raises(RpcError, match="request denied"):
        signer.call("account_signTypedData", FIRST, MAIL)
    assert signer.asked("ui_showError")["params"][0]["text"] == "request denied"
    with pytest.raises(RpcError, match="unknown account"):
        signer.call("account_signTypedData", "0x" + "11" * 20, MAIL)
    assert signer.count("ui_approveSignData") == 1


def test_the_person_answers_an_error(start):
    def answer(params):
        raise Refusal("closed", 7)

    signer = start(ui=approving(ui_approveSignData=answer))
    with pytest.raises(RpcError) as e:
        signer.call("account_signTypedData", FIRST, MAIL)
    assert (e.value.code, e.value.message) == (7, "closed")


def test_the_audit_log_has_document_and_signature(signer):
    signature = signer.call("account_signTypedData", THIRD, MAIL)
    lines = [line for line in (signer.home / "audit.log").read_text().splitlines() if "SignTypedData" in line]
    assert len(lines) == 2 and THIRD in lines[0] and "Hello, Bob!" in lines[0] and signature[2:] in lines[1]
