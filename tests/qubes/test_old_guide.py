"""The commands of Clef's old guide for Qubes, as they stand there: account_new by curl to the client's port, and by piping the file to the service."""
import json
import subprocess

import pytest

from bed import HERE
from signer import NEW_PASSWORD, approving

FILE = '{"id": 0, "jsonrpc": "2.0","method": "account_new","params": []}\n'


def key_files(bed):
    return {path.name: json.loads(path.read_text()) for path in bed.keystore.iterdir() if not path.name.startswith(".")}


@pytest.fixture
def guide(make_bed):
    """curl() and pipe(): the two commands, run in the client qube beside newaccnt.json. Each gives the whole JSON-RPC answer."""
    class Guide:
        def __init__(self, **settings):
            self.bed = make_bed(keys=False, **settings)
            self.client = self.bed.qube("work")
            (self.bed.home / "newaccnt.json").write_text(FILE)
            self.port = None

        def run(self, command, status=0):
            done = subprocess.run(["sh", "-c", command], env=self.client.env, cwd=self.bed.home, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            assert done.returncode == status, done
            return json.loads(done.stdout)

        def curl(self):
            self.port = self.port or self.client.proxy().port
            return self.run(f"curl -X POST -d @newaccnt.json http://localhost:{self.port}")

        def pipe(self):
            return self.run("cat newaccnt.json | qrexec-client-vm vault qubes.Clefsign")

    return Guide


WAYS = ["curl", "pipe"]


@pytest.mark.parametrize("way", WAYS)
def test_an_approval_makes_a_key_file(guide, way):
    g = guide()
    signer = g.bed.ready()
    answer = getattr(g, way)()
    assert answer["id"] == 0 and answer["jsonrpc"] == "2.0"
    [(name, content)] = key_files(g.bed).items()
    assert name.startswith("UTC--") and name.endswith(content["address"]) and content["crypto"]["kdf"] == "scrypt"
    assert answer["result"].lower() == "0x" + content["address"]
    question = signer.asked("ui_approveNewAccount")
    assert question["params"][0]["meta"]["remote"] == "qube:work" and question["params"][0]["meta"]["scheme"] == "qrexec"
    assert signer.count("ui_approveNewAccount") == 1, "one popup"
    # Once more makes another.
    assert getattr(g, way)()["result"] != answer["result"] and len(key_files(g.bed)) == 2


@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_makes_none(guide, way):
    g = guide()
    g.bed.ready(ui=approving(ui_approveNewAccount=lambda p: {"approved": False}))
    assert "denied" in getattr(g, way)()["error"]["message"]
    assert key_files(g.bed) == {}


@pytest.mark.parametrize("way", WAYS)
def test_from_nothing_with_a_terminal(guide, clef, way):
    """No signer runs: the service starts one, and a terminal with `clef attach`, where a person types what it asks for."""
    g = guide(ui_command=f"{HERE / 'terminal.py'} {{home}}/screen -e {clef} attach %s")
    answer = getattr(g, way)()
    shown = (g.bed.home / "screen").read_bytes().decode()
    [content] = key_files(g.bed).values()
    assert answer["result"].lower() == "0x" + content["address"], (answer, shown, g.bed.log())
    assert "work" in shown and NEW_PASSWORD not in shown


def test_what_the_old_guides_client_said_of_itself_is_a_claim(guide):
    g = guide()
    signer = g.bed.ready()
    g.curl()
    meta = signer.asked("ui_approveNewAccount")["params"][0]["meta"]
    assert meta["local"] == f"localhost:{g.port}" and meta["User-Agent"].startswith("curl/") and meta["Origin"] == ""
