"""UI protocol 7.1: what docs/ui-protocol.md promises a UI beyond Clef's protocol, and that page itself."""
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
from eth_account import Account

import ui_schema
from signer import FIRST, SECOND, THIRD, RpcError, approving, request, transfer

ROOT = pathlib.Path(__file__).resolve().parents[2]
ID = re.compile(r"^r-([0-9a-f]{8})-([1-9][0-9]*)$")


@pytest.fixture
def signer(start):
    return start(timeout=60)


@pytest.fixture
def silent(start):
    """A signer whose person does not answer by themselves."""
    return start(ui=approving(ui_approveTx=None, ui_approveSignData=None, ui_approveListing=None, ui_approveNewAccount=None, ui_onInputRequired=None), timeout=60)


def question(signer, method, count=1):
    return signer.asked(method, count)["params"][0]


class TestQuestions:
    def test_the_first_message_says_the_version(self, signer):
        info = signer.asked("ui_onSignerStartup")["params"][0]["info"]
        assert (info["intapi_version"], info["ui_protocol"], info["chain_id"]) == ("7.0.1", "7.1", "0x1")

    def test_the_chain_of_the_first_message(self, start):
        assert start("--chainid", "11155111").asked("ui_onSignerStartup")["params"][0]["info"]["chain_id"] == "0xaa36a7"

    def test_ids_are_never_the_same(self, start):
        ids = []
        for home in (None, None):
            signer = start()
            for _ in range(3):
                signer.call("account_list")
            ids.append([m["params"][0]["request_id"] for m in signer.seen if m["method"] == "ui_approveListing"])
        assert all(ID.match(i) for run in ids for i in run) and len(set(ids[0] + ids[1])) == 6
        assert {ID.match(i)[1] for i in ids[0]}.isdisjoint({ID.match(i)[1] for i in ids[1]})

    def test_the_password_belongs_to_its_request(self, signer):
        signer.call("account_signTransaction", transfer())
        asked, password = question(signer, "ui_approveTx"), question(signer, "ui_onInputRequired")
        assert asked["request_id"] == password["request_id"] and asked["expires_at"] == password["expires_at"]

    def test_each_attempt_at_a_password_belongs_to_its_request(self, signer):
        passwords = iter(["weak", "long enough now"])
        signer.answers["ui_onInputRequired"] = lambda p: {"text": next(passwords)}
        signer.call("account_new")
        ids = {m["params"][0]["request_id"] for m in signer.seen if m["method"] in ("ui_approveNewAccount", "ui_onInputRequired")}
        assert signer.count("ui_onInputRequired") == 2 and len(ids) == 1

    def test_expiry_is_that_of_the_request(self, silent):
        before = time.time()
        silent.later("account_signTransaction", transfer())
        assert 58 <= question(silent, "ui_approveTx")["expires_at"] - before <= 62

    def test_without_a_limit_nothing_expires(self, start):
        signer = start("--request-timeout", "0")
        signer.call("account_list")
        assert question(signer, "ui_approveListing")["expires_at"] is None

    def test_what_the_ui_calls_for_does_not_expire(self, signer):
        signer.ui_call("clef_new")
        assert question(signer, "ui_onInputRequired")["expires_at"] is None

    def test_peer_of_the_socket_and_none_of_http(self, signer):
        signer.call_socket("account_list")
        signer.call("account_list")
        peers = [m["params"][0]["peer"] for m in signer.seen if m["method"] == "ui_approveListing"]
        assert peers == [{"uid": os.getuid(), "pid": os.getpid()}, None]

    def test_chain_follows_the_ui(self, signer):
        signer.ui_call("clef_setChainId", "0x5")
        signer.call("account_list")
        assert question(signer, "ui_approveListing")["chain_id"] == "0x5"

    def test_warnings_say_the_same_as_call_info(self, start):
        signer = start("--advanced")
        odd = transfer(to=SECOND.lower(), data="0xabababab01")
        del odd["gasPrice"]
        signer.call("account_signTransaction", odd)
        asked = question(signer, "ui_approveTx")
        assert [w["text"] for w in asked["warnings"]] == [m["message"] for m in asked["call_info"]]
        assert [(w["level"], w["code"]) for w in asked["warnings"]] == [
            ("warning", "invalid-checksum"), ("critical", "no-gas-price"), ("warning", "calldata-length"), ("warning", "unknown-method")]

    def test_nothing_to_warn_of(self, signer):
        signer.call("account_signTransaction", transfer())
        asked = question(signer, "ui_approveTx")
        assert asked["warnings"] == [] and asked["call_info"] is None

    def test_decoded_transaction(self, signer):
        tx = transfer(to=THIRD, value=hex(10**18), data="0xa9059cbb" + SECOND[2:].lower().zfill(64) + hex(2**255)[2:].zfill(64))
        signer.call("account_signTransaction", tx)
        decoded = question(signer, "ui_approveTx")["decoded"]
        assert decoded["action"] == "call" and decoded["value"] == str(10**18) and decoded["max_cost"] == str(10**18 + 21000 * 10**9)
        assert decoded["call"]["signature"] == "transfer(address,uint256)"
        assert [a["value"] for a in decoded["call"]["arguments"]] == [SECOND, str(2**255)]

    def test_decoded_creation_with_access_list(self, start):
        signer = start("--advanced")
        tx = transfer(data="0x" + "60" * 50, value="0x0", maxFeePerGas="0x2", maxPriorityFeePerGas="0x1",
                      accessList=[{"address": SECOND, "storageKeys": ["0x" + "00" * 32] * 3}])
        del tx["to"], tx["gasPrice"]
        signer.call("account_signTransaction", tx)
        decoded = question(signer, "ui_approveTx")["decoded"]
        assert (decoded["action"], decoded["to"], decoded["call"], decoded["data_bytes"]) == ("creation", None, None, 50)
        assert decoded["access_list"] == {"addresses": 1, "storage_keys": 3} and decoded["type"] == "0x2"

    @pytest.mark.parametrize("data, text", [("hello", "hello"), ("zwölf\n", "zwölf\n"), ("\x1b[2J", None), ("a\u202eb", None)])
    def test_decoded_message(self, signer, data, text):
        signer.call("account_signData", "text/plain", FIRST, "0x" + data.encode().hex())
        assert question(signer, "ui_approveSignData")["decoded"] == {"kind": "message", "text": text, "bytes": len(data.encode())}


class TestWithdrawals:
    def test_timeout(self, start):
        signer = start(ui=approving(ui_approveTx=None), timeout=1)
        with pytest.raises(RpcError):
            signer.call("account_signTransaction", transfer())
        asked = signer.asked("ui_approveTx")
        assert signer.asked("ui_withdraw")["params"] == [{"id": asked["id"], "request_id": asked["params"][0]["request_id"], "reason": "timeout"}]

    def test_caller_gone(self, silent):
        with silent.connect() as s:
            s.sendall(json.dumps(request("account_signTransaction", transfer())).encode())
            asked = silent.asked("ui_approveTx")
        told = silent.asked("ui_withdraw")["params"][0]
        assert told == {"id": asked["id"], "request_id": asked["params"][0]["request_id"], "reason": "caller gone"}

    def test_password_prompt(self, start):
        signer = start(ui=approving(ui_onInputRequired=None), timeout=1)
        with pytest.raises(RpcError):
            signer.call("account_signTransaction", transfer())
        prompt = signer.asked("ui_onInputRequired")
        told = signer.asked("ui_withdraw")["params"][0]
        assert told["id"] == prompt["id"] and told["request_id"] == prompt["params"][0]["request_id"]
        signer.reply(prompt["id"], {"text": "password123"})
        time.sleep(0.3)
        assert signer.count("ui_onApprovedTx") == 0 and signer.count("ui_withdraw") == 1

    def test_an_approval_that_crosses_the_withdrawal_signs_nothing(self, silent):
        with silent.connect() as s:
            s.sendall(json.dumps(request("account_signTransaction", transfer())).encode())
            asked = silent.asked("ui_approveTx")
        silent.asked("ui_withdraw")
        silent.reply(asked["id"], {"approved": True, "transaction": asked["params"][0]["transaction"]})
        assert silent.call("account_version") and silent.count("ui_onInputRequired") == 0

    def test_the_end_of_the_signer(self, silent):
        waiting = silent.later("account_list")
        asked = silent.asked("ui_approveListing")
        silent.proc.send_signal(2)
        told = silent.asked("ui_withdraw")["params"][0]
        assert told["id"] == asked["id"] and told["reason"] == "signer ending"
        with pytest.raises(RpcError):
            waiting.get()

    def test_an_answered_question_is_not_withdrawn(self, signer):
        signer.call("account_list")
        signer.call("account_signTransaction", transfer())
        assert signer.count("ui_withdraw") == 0


class TestPendingAndCancel:
    def pending(self, signer):
        return signer.ui_call("clef_pending")["result"]

    def test_nothing_waits(self, signer):
        assert self.pending(signer) == []

    def test_what_waits_the_oldest_first(self, silent):
        before = int(time.time())
        silent.later("account_signTransaction", transfer())
        first = silent.asked("ui_approveTx")
        with silent.connect() as s:
            s.sendall(json.dumps(request("account_list")).encode())
            second = silent.asked("ui_approveListing")
            one, two = self.pending(silent)
        assert (one["method"], one["state"], one["question"]) == ("account_signTransaction", "asked", first["id"])
        assert one["request_id"] == first["params"][0]["request_id"] and one["meta"] == first["params"][0]["meta"] and one["peer"] is None
        assert (two["method"], two["question"], two["peer"]) == ("account_list", second["id"], second["params"][0]["peer"])
        assert before <= one["since"] <= one["since"] + 60 == one["expires_at"]

    def test_states(self, silent):
        silent.later("account_signTransaction", transfer())
        asked = silent.asked("ui_approveTx")
        silent.reply(asked["id"], {"approved": True, "transaction": asked["params"][0]["transaction"]})
        prompt = silent.asked("ui_onInputRequired")
        [one] = self.pending(silent)
        assert (one["state"], one["question"]) == ("approved", prompt["id"])

    @pytest.mark.parametrize("method, params, asks", [
        ("account_signTransaction", [transfer()], "ui_approveTx"), ("account_list", [], "ui_approveListing"),
        ("account_new", [], "ui_approveNewAccount"), ("account_signData", ["text/plain", FIRST, "0x00"], "ui_approveSignData")], ids=lambda v: v if isinstance(v, str) else "")
    def test_cancel(self, silent, method, params, asks):
        waiting = silent.later(method, *params)
        asked = silent.asked(asks)
        name = asked["params"][0]["request_id"]
        assert silent.ui_call("clef_cancel", name)["result"] is True
        with pytest.raises(RpcError) as e:
            waiting.get()
        assert e.value.code == -32000 and e.value.message == "cancelled by the person"
        assert silent.asked("ui_withdraw")["params"] == [{"id": asked["id"], "request_id": name, "reason": "cancelled"}]
        assert self.pending(silent) == []
        assert "error" in silent.ui_call("clef_cancel", name)

    def test_cancel_at_the_password(self, silent):
        waiting = silent.later("account_signTransaction", transfer())
        asked = silent.asked("ui_approveTx")
        silent.reply(asked["id"], {"approved": True, "transaction": asked["params"][0]["transaction"]})
        prompt = silent.asked("ui_onInputRequired")
        silent.ui_call("clef_cancel", prompt["params"][0]["request_id"])
        assert silent.asked("ui_withdraw")["params"][0]["id"] == prompt["id"]
        silent.reply(prompt["id"], {"text": "password123"})
        with pytest.raises(RpcError):
            waiting.get()
        assert silent.count("ui_onApprovedTx") == 0

    def test_cancel_of_a_standard_name_has_its_code(self, start):
        signer = start("--eth-api", ui=approving(ui_approveSignData=None))
        waiting = signer.later("personal_sign", "0x68656c6c6f", FIRST)
        signer.ui_call("clef_cancel", question(signer, "ui_approveSignData")["request_id"])
        with pytest.raises(RpcError) as e:
            waiting.get()
        assert e.value.code == 4001 and "cancelled by the person" in e.value.message

    def test_cancel_is_in_the_audit_log(self, silent):
        waiting = silent.later("account_signTransaction", transfer())
        silent.ui_call("clef_cancel", question(silent, "ui_approveTx")["request_id"])
        with pytest.raises(RpcError):
            waiting.get()
        assert 'error="cancelled by the person"' in (silent.home / "audit.log").read_text()

    def test_the_uis_own_call_can_be_cancelled(self, silent):
        silent.write_ui({"jsonrpc": "2.0", "id": 77, "method": "clef_new", "params": []})
        name = question(silent, "ui_onInputRequired")["request_id"]
        silent.ui_call("clef_cancel", name)
        with silent.changed:
            assert silent.changed.wait_for(lambda: 77 in silent.replies, 10)
        assert silent.replies[77]["error"]["message"] == "cancelled by the person"

    @pytest.mark.parametrize("name", ["r-00000000-1", "", "1", "r-" + "9" * 4096, "\u202e"])
    def test_unknown_ids(self, signer, name):
        assert signer.ui_call("clef_cancel", name)["error"]["code"] == -32000

    @pytest.mark.parametrize("params", [[], [None], [1], [["x"]], ["a", "b"]], ids=str)
    def test_wrong_arguments(self, signer, params):
        assert signer.ui_call("clef_cancel", *params)["error"]["code"] == -32602

    def test_callers_cannot(self, signer):
        for method in ("clef_pending", "clef_cancel"):
            with pytest.raises(RpcError) as e:
                signer.call(method, *(["r-00000000-1"] if method == "clef_cancel" else []))
            assert e.value.code == -32601

    def test_many_at_once(self, silent):
        waiting = [silent.later("account_signTransaction", transfer(nonce=hex(n))) for n in range(40)]
        silent.asked("ui_approveTx", 40)
        names = [one["request_id"] for one in self.pending(silent)]
        assert len(set(names)) == 40
        for name in names:
            silent.ui_call("clef_cancel", name)
        for one in waiting:
            with pytest.raises(RpcError):
                one.get()
        assert self.pending(silent) == [] and silent.count("ui_withdraw") == 40


FULL = transfer(maxFeePerGas="0x5", maxPriorityFeePerGas="0x1", chainId="0x1", data="0xa9059cbb" + SECOND[2:].lower().zfill(64) + "0" * 64,
                accessList=[{"address": SECOND, "storageKeys": ["0x" + "11" * 32]}])
del FULL["gasPrice"]


class TestNoChange:
    @pytest.fixture
    def fixed(self, start):
        return start("--no-change", "--advanced")

    def test_an_approval_is_an_approval(self, fixed):
        for tx in (transfer(), FULL, transfer(data="0x"), transfer(to=SECOND.lower())):
            assert Account.recover_transaction(fixed.call("account_signTransaction", tx)["raw"]) == FIRST

    def test_the_same_in_other_words(self, fixed):
        """What is compared is what it means."""
        fixed.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {
            "to": p[0]["transaction"]["to"].lower(), "input": p[0]["transaction"]["data"], "type": "0x2"}}
        assert fixed.call("account_signTransaction", FULL)["raw"]

    @pytest.mark.parametrize("field, value", [("gas", "0x5209"), ("nonce", "0x1"), ("value", "0x2"), ("to", THIRD), ("from", SECOND), ("data", "0x"),
                                              ("data", None), ("maxFeePerGas", "0x6"), ("maxPriorityFeePerGas", "0x2"), ("chainId", None), ("accessList", []),
                                              ("accessList", [{"address": SECOND, "storageKeys": ["0x" + "12" * 32]}]),
                                              ("accessList", [{"address": THIRD, "storageKeys": ["0x" + "11" * 32]}])])
    def test_any_change_is_refused(self, fixed, field, value):
        fixed.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {field: value}}
        with pytest.raises(RpcError) as e:
            fixed.call("account_signTransaction", FULL)
        assert e.value.code == -32000 and fixed.count("ui_onInputRequired") == 0

    @pytest.mark.bad_answers
    @pytest.mark.parametrize("field", sorted(set(FULL) - {"gasPrice"}))
    def test_nothing_may_be_left_out(self, fixed, field):
        fixed.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": {k: v for k, v in p[0]["transaction"].items() if k != field}}
        with pytest.raises(RpcError) as e:
            fixed.call("account_signTransaction", FULL)
        assert e.value.code == -32000 and fixed.count("ui_onInputRequired") == 0

    def test_the_error_says_what_changed(self, fixed):
        fixed.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"gasPrice": "0x1"}}
        with pytest.raises(RpcError) as e:
            fixed.call("account_signTransaction", transfer())
        assert e.value.message == "changed by the user interface (gasPrice), and the signer runs with --no-change"

    def test_without_the_flag_the_person_may_edit(self, start):
        signer = start(ui=approving(ui_approveTx=lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"gas": "0x6000"}}))
        assert signer.call("account_signTransaction", transfer())["tx"]["gas"] == "0x6000"


# ---- the page, the schema, gendoc and the source say the same ----

def blocks(text):
    """(heading, JSON) of each example."""
    for part in re.split(r"^###? ", text, flags=re.M)[1:]:
        heading = part.splitlines()[0]
        for block in re.findall(r"```json\n(.*?)```", part, re.S):
            yield heading, json.loads(block)


@pytest.fixture(scope="module")
def gendoc(clef):
    text = subprocess.run([clef, "gendoc"], capture_output=True, text=True, check=True).stdout
    return {part.splitlines()[0]: part for part in re.split(r"^### ", text, flags=re.M)[1:]}


def methods(prefix):
    return {name[:-7] for name in ui_schema.SCHEMA["$defs"] if name.endswith(".params") and name.startswith(prefix)}


class TestPage:
    def test_the_schema_is_one(self):
        ui_schema.jsonschema.Draft202012Validator.check_schema(ui_schema.SCHEMA)

    def test_every_example_is_right(self):
        method, count = None, 0
        for heading, message in blocks(ui_schema.PAGE):
            count += 1
            if "method" not in message:
                assert ui_schema.wrong_answer(method, message) is None, (heading, ui_schema.wrong_answer(method, message))
                continue
            method = message["method"]
            assert heading == method or heading in ("Passwords",)
            wrong = ui_schema.problem("call_by_ui", message) if method.startswith("clef_") else ui_schema.wrong_from_signer(message)
            assert not wrong, (heading, wrong)
        assert count >= 35

    def test_every_method_has_its_section(self):
        headings = set(re.findall(r"^### (\w+)$", ui_schema.PAGE, re.M))
        assert headings == methods("ui_") | methods("clef_")

    def test_calls_are_those_of_gendoc(self, gendoc):
        assert {h for h in gendoc if h.startswith("clef_")} == methods("clef_")
        for name in methods("clef_"):
            section = re.search(rf"^### {name}\n(.*?)(?=^##)", ui_schema.PAGE, re.M | re.S)[1]
            told = gendoc[name].split("\n", 1)[1].split("\n## ")[0].strip()
            assert section.strip().startswith(told), name

    def test_gendoc_tells_of_every_message(self, gendoc):
        text = "".join(gendoc.values())
        assert {m for m in methods("ui_") if f"`{m}`" in text} == methods("ui_")

    GENDOC = {"SignDataRequest": "ui_approveSignData.params", "SignTxRequest": "ui_approveTx.params", "BulkRequest": "ui_approveBulkTransactions.params",
              "NewAccountRequest": "ui_approveNewAccount.params", "UserInputRequest": "ui_onInputRequired.params", "ListRequest": "ui_approveListing.params",
              "StartupInfo": "ui_onSignerStartup.params", "WithdrawnQuestion": "ui_withdraw.params", "PendingRequests": "clef_pending.result",
              "OnApproved - SignTransactionResult": "ui_onApprovedTx.params", "Message": "ui_showInfo.params", "SignDataResponse - approve": "ui_approveSignData.result",
              "SignDataResponse - deny": "ui_approveSignData.result", "SignTxResponse - approve": "ui_approveTx.result", "SignTxResponse - deny": "ui_approveTx.result",
              "BulkResponse": "ui_approveBulkTransactions.result", "NewAccountResponse": "ui_approveNewAccount.result", "UserInputResponse": "ui_onInputRequired.result",
              "UserInputResponse - by descriptor": "ui_onInputRequired.result", "UserInputResponse - cancelled": "ui_onInputRequired.result", "ListResponse": "ui_approveListing.result"}

    def test_gendocs_data_fit_the_schema(self, gendoc):
        assert {h for h in gendoc if "Example:" in gendoc[h]} == set(self.GENDOC)
        for heading, name in self.GENDOC.items():
            value = json.loads(re.search(r"```json\n(.*?)```", gendoc[heading], re.S)[1])
            assert ui_schema.problem(name, value) is None, (heading, ui_schema.problem(name, value))

    # kebab-case texts in the source that are no codes of warnings
    OTHERS = {"content-type", "list-without-asking"}

    def test_every_warning_of_the_source_is_in_the_table_with_its_level(self):
        found, levels = set(), {}
        for path in [p for folder in ("core", "decode", "eth") for p in (ROOT / "src" / folder).glob("*.c")]:
            text = path.read_text()
            text = re.sub(r"\b([A-Z_]+)\b", lambda m: (re.search(rf'#define {m[1]} +("[a-z0-9-]+")$', text, re.M) or m)[1], text)
            found |= set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', text))
            for level, code in re.findall(r'VALIDATION_(INFO|WARNING|CRITICAL),\s*"([a-z0-9-]+)"', text):
                levels.setdefault(code, set()).add(level.lower())
        assert found - self.OTHERS == set(ui_schema.LEVELS)
        assert {code: {ui_schema.LEVELS[code]} for code in levels} == levels

    def test_reasons_of_withdrawals_are_those_of_the_source(self):
        source = "".join(p.read_text() for p in (ROOT / "src" / "core").glob("*.c") if not p.name.startswith("ui_test"))
        used = set(re.findall(r'request_(?:recall|withdraw)\(\w+, "([^"]+)"\)', source))
        listed = set(re.findall(r"^\| `([a-z ]+)` \|", ui_schema.PAGE.split("### ui_withdraw")[1].split("### ")[0], re.M)) - {"reason"}
        assert used - {"the user interface was detached"} == listed


class TestChecks:
    """What checks every test must be able to find something."""

    def wrong(self, **changes):
        message = next(m for _, m in blocks(ui_schema.PAGE) if m.get("method") == "ui_approveTx")
        return ui_schema.wrong_from_signer(message | {"params": [message["params"][0] | changes]})

    @pytest.mark.parametrize("changes", [{"request_id": "17"}, {"expires_at": "soon"}, {"peer": {}}, {"unknown": 1}, {"warnings": [{"level": "high"}]}, {"chain_id": 1},
                                         {"warnings": [{"level": "info", "code": "no-such-code", "text": ""}]},
                                         {"warnings": [{"level": "info", "code": "zero-recipient", "text": ""}]},
                                         {"decoded": {"kind": "unknown"}}, {"decoded": {"kind": "message", "text": "x"}}, {"transaction": {}}], ids=str)
    def test_wrong_questions_are_found(self, changes):
        assert self.wrong() is None and self.wrong(**changes)

    def test_wrong_envelopes_are_found(self):
        message = next(m for _, m in blocks(ui_schema.PAGE) if m.get("method") == "ui_approveTx")
        for broken in (message | {"params": []}, message | {"more": 1}, {k: v for k, v in message.items() if k != "id"}, message | {"method": "ui_unheardOf"}):
            assert ui_schema.wrong_from_signer(broken)

    @pytest.mark.parametrize("method, result", [("ui_approveTx", {"approved": True}), ("ui_approveTx", True), ("ui_approveListing", {"accounts": "all"}),
                                                ("ui_onInputRequired", {"text": 5}), ("ui_approveSignData", {})])
    def test_wrong_answers_are_found(self, method, result):
        assert ui_schema.wrong_answer(method, {"jsonrpc": "2.0", "id": 1, "result": result})

    def test_a_test_whose_ui_misbehaves_fails(self, clef, tmp_path):
        from signer import Signer
        signer = Signer(clef, tmp_path, ui=approving(ui_approveListing=lambda p: {"accounts": 5}))
        with pytest.raises(RpcError):
            signer.call("account_list")
        signer.close()
        assert signer.wrong and "ui_approveListing.result" in signer.wrong[0]
