"""One caller that asks too much: the signer goes on, others are served, and nothing is signed by a mixture of two moments."""
import json

import pytest

from signer import SILENT, RpcError, approving, transfer

LISTING = b'{"jsonrpc":"2.0","id":1,"method":"account_list"}'
WAITING_OF_ONE = 128  # calls of one connection that may wait for a person


def first_reply(sock):
    return json.loads(sock.makefile("rb").readline())


@pytest.fixture
def crowded(start, tmp_path):
    """A signer with 250 accounts whose person never answers."""
    keystore = tmp_path / "many"
    keystore.mkdir(mode=0o700)
    for i in range(1, 251):
        (keystore / f"UTC--2024-01-01T00-00-00.000000000Z--{i:040x}").write_text(json.dumps({"address": f"{i:040x}"}))
    return start("--keystore", str(keystore), ui=approving(ui_approveListing=lambda p: SILENT))


def test_thousands_of_listings_do_not_end_the_signer(crowded):
    callers = [crowded.connect() for _ in range(8)]
    for sock in callers:
        sock.sendall(LISTING * 1000)
    for sock in callers:  # what is too much is refused at once, by name
        assert "too many requests" in first_reply(sock)["error"]["message"]
    assert crowded.call("account_version") == crowded.call_socket("account_version") == "6.1.0"
    assert crowded.proc.poll() is None


def test_one_connection_does_not_take_all_places(crowded):
    greedy, other = crowded.connect(), crowded.connect()
    greedy.sendall(LISTING * (WAITING_OF_ONE + 1))
    assert "too many requests" in first_reply(greedy)["error"]["message"]
    before = crowded.count("ui_approveListing")
    other.sendall(LISTING)
    crowded.asked("ui_approveListing", before + 1)


def test_a_changed_chain_ends_what_was_asked_for_the_old_one(start):
    signer = start(ui=approving(ui_approveTx=lambda p: SILENT))
    waiting = signer.later("account_signTransaction", transfer())
    question = signer.asked("ui_approveTx")
    assert signer.ui_call("clef_setChainId", "0x5")["result"] == "0x5"
    signer.reply(question["id"], {"approved": True, "transaction": question["params"][0]["transaction"]})
    with pytest.raises(RpcError) as e:
        waiting.get()
    assert "chain id was changed" in str(e.value) and signer.count("ui_onInputRequired") == 0


def test_a_forgotten_recipient_does_not_make_a_contract(start):
    def forget(params):
        return {"approved": True, "transaction": {k: v for k, v in params[0]["transaction"].items() if k != "to"}}
    signer = start(ui=approving(ui_approveTx=forget))
    with pytest.raises(RpcError) as e:
        signer.call("account_signTransaction", transfer(data="0xa9059cbb" + "00" * 64))
    assert "has no to" in str(e.value) and signer.count("ui_onInputRequired") == 0
