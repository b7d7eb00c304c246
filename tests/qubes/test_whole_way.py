"""dapp -> clef-proxy -> qrexec -> qubes.Clefsign -> signer -> a person -> signature -> test chain, with the libraries that dapps are made of."""
import contextlib
import http.client
import json
import pathlib
import subprocess
import urllib.request

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from bed import CHAIN
from signer import FIRST, SECOND, THIRD, RpcError, approving, free_port, request, result_of, until

INTEROP = pathlib.Path(__file__).resolve().parents[1] / "interop"
COUNT, DENIED = 12, (1004, 1007, 1012)  # transactions at once; the values of those that the person denies


class Chain:
    """anvil, whose first account is FIRST: a block for each transaction, or one when mine() is called."""

    def __init__(self, home, *args):
        [binary] = INTEROP.glob("node_modules/@foundry-rs/anvil-*/bin/anvil")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.proc = subprocess.Popen([binary, "--silent", "--host", "127.0.0.1", "--port", str(self.port), *args], cwd=home, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, 20, "the test chain")

    def _answers(self):
        with contextlib.suppress(OSError):
            return self.call("eth_chainId") == hex(CHAIN)

    def call(self, method, *params):
        body = json.dumps(request(method, *params)).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body, {"Content-Type": "application/json"}), timeout=20) as answer:
            return result_of(json.load(answer))

    def count(self, address, block="latest"):
        return int(self.call("eth_getTransactionCount", address, block), 16)

    def close(self):
        self.proc.terminate()
        self.proc.wait()


@pytest.fixture
def chain(tmp_path):
    one = Chain(tmp_path)
    yield one
    one.close()


def denying(*values):
    """A person who denies transactions of these values and approves the rest."""
    def approve(params):
        transaction = params[0]["transaction"]
        return {"approved": int(transaction["value"], 16) not in values, "transaction": transaction}
    return approving(ui_approveTx=approve)


# --- libraries ---

@pytest.mark.parametrize("library, checks", [("ethers", 11), ("viem", 10)])
def test_libraries_send_real_transactions(bed, chain, library, checks):
    signer = bed.ready(ui=denying(*DENIED))
    proxy = bed.qube("work").proxy("--upstream", chain.url)
    before = chain.count(FIRST)
    done = subprocess.run(["node", str(INTEROP / f"dapp_{library}.mjs"), proxy.url, str(COUNT), ",".join(map(str, DENIED))], capture_output=True, text=True,
                          timeout=100, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr + proxy.stderr() + signer.stderr()
    assert done.stdout.count("ok ") == checks and done.stdout.rstrip().endswith(f"1..{checks}"), done.stdout
    # Nothing waits behind a gap, and everything that the person approved has arrived.
    approved = signer.count("ui_approveTx") - len(DENIED)
    assert chain.count(FIRST) == chain.count(FIRST, "pending") == before + approved, "the libraries have waited for each"
    assert {m["params"][0]["meta"]["remote"] for m in signer.seen if m["method"].startswith("ui_approve")} == {"qube:work"}


def test_two_dapps_and_one_account(bed, chain):
    """Two programs beside one proxy, and many at once from each: one row of nonces."""
    bed.ready(ui=denying(3))
    proxy = bed.qube("work").proxy("--upstream", chain.url)
    before = chain.count(FIRST)
    sent = [proxy.later("eth_sendTransaction", {"from": FIRST, "to": THIRD, "value": hex(i % 10 + 1)}) for i in range(20)]
    hashes = []
    for i, call in enumerate(sent):
        if i % 10 + 1 == 3:
            with pytest.raises(RpcError) as e:
                call.get(60)
            assert e.value.code == 4001
        else:
            hashes.append(call.get(60))
    until(lambda: all(chain.call("eth_getTransactionReceipt", h) for h in hashes), 10, "all of them to be mined")
    assert sorted(int(chain.call("eth_getTransactionByHash", h)["nonce"], 16) for h in hashes) == list(range(before, before + 18))


def test_another_sender_uses_the_account_meanwhile(bed, chain):
    """What was sent past the proxy counts, too."""
    bed.ready()
    proxy = bed.qube("work").proxy("--upstream", chain.url)
    for i in range(3):
        tx = proxy.call("eth_sendTransaction", {"from": FIRST, "to": THIRD, "value": "0x1"})
        assert int(chain.call("eth_getTransactionByHash", tx)["nonce"], 16) == 2 * i
        chain.call("eth_sendTransaction", {"from": FIRST, "to": THIRD, "value": "0x2"})
    until(lambda: chain.count(FIRST) == 6, 5, "all of them to be mined")


# --- what the person sees ---

def test_the_person_sees_what_is_known_and_what_is_claimed(bed):
    signer = bed.ready()
    proxy = bed.qube("work").proxy("--origins", "https://app.example")
    headers = {"Origin": "https://app.example", "User-Agent": "Browser/1.0", "X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3", "X-Real-IP": "10.1.2.3"}
    proxy.call("personal_sign", "0x68656c6c6f", FIRST, headers=headers)
    question = signer.asked("ui_approveSignData")
    assert question["params"][0]["meta"] == {"remote": "qube:work", "local": f"127.0.0.1:{proxy.port}", "scheme": "qrexec", "User-Agent": "Browser/1.0",
                                             "Origin": "https://app.example"}
    assert question["params"][0]["peer"]["qube"] == "work"
    assert "10.1.2.3" not in json.dumps(signer.seen)


def test_qubes_are_told_apart(bed):
    signer = bed.ready()
    for name in ("work", "personal", "disp1234", "a.b_c-d"):
        proxy = bed.qube(name).proxy()
        proxy.call("account_list")
        assert signer.seen[-1]["params"][0]["meta"]["remote"] == f"qube:{name}"


def test_on_one_machine_by_the_socket(start, make_bed):
    """The same proxy beside a signer on the same machine: no qube, no qrexec."""
    signer = start(http=False)
    proxy = make_bed().qube("work").proxy(signer=f"unix:{signer.ipc}")
    signature = proxy.call("personal_sign", "0x68656c6c6f", FIRST, headers={"User-Agent": "Browser/1.0"})
    assert Account.recover_message(encode_defunct(text="hello"), signature=signature) == FIRST
    meta = signer.asked("ui_approveSignData")["params"][0]["meta"]
    assert (meta["scheme"], meta["remote"], meta["User-Agent"], meta["local"]) == ("ipc", "NA", "Browser/1.0", f"127.0.0.1:{proxy.port}")


# --- a page in a browser ---

PAGE = "https://app.example"
FETCH = {"Origin": PAGE, "Referer": PAGE + "/", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "User-Agent": "Mozilla/5.0",
         "Content-Type": "application/json"}
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def test_a_page_that_is_allowed(bed):
    signer = bed.ready()
    proxy = bed.qube("work").proxy("--origins", f"http://localhost:3000,{PAGE}")
    status, headers, _ = proxy.post(None, PREFLIGHT, method="OPTIONS", plain=True)
    assert status in (200, 204) and headers["access-control-allow-origin"] == PAGE
    assert "POST" in headers["access-control-allow-methods"] and "content-type" in headers["access-control-allow-headers"].lower()
    assert "origin" in headers.get("vary", "").lower()
    status, headers, text = proxy.post(request("eth_requestAccounts"), FETCH)
    assert status == 200 and headers["access-control-allow-origin"] == PAGE and FIRST.lower() in text.lower()
    assert signer.asked("ui_approveListing")["params"][0]["meta"]["Origin"] == PAGE


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil", "http://app.example", "https://app.example:444", "null", PAGE + "/", "https://APP.example."])
def test_a_page_that_is_not_allowed(bed, origin):
    signer = bed.ready()
    proxy = bed.qube("work").proxy("--origins", PAGE)
    status, headers, _ = proxy.post(None, PREFLIGHT | {"Origin": origin}, method="OPTIONS", plain=True)
    assert status >= 400 and "access-control-allow-origin" not in headers
    for content in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        status, headers, _ = proxy.post(request("account_list"), FETCH | {"Origin": origin, "Content-Type": content})
        assert status in (403, 415) and "access-control-allow-origin" not in headers
    assert not [m for m in signer.seen if m["method"].startswith("ui_approve")]


def test_a_name_that_is_rebound(bed):
    signer = bed.ready()
    proxy = bed.qube("work").proxy()
    for headers in ({"Host": "evil.example"}, {"Host": f"evil.example:{proxy.port}", "Content-Type": "application/x-www-form-urlencoded"}):
        assert proxy.post(request("account_list"), headers)[0] == 403
    assert not [m for m in signer.seen if m["method"].startswith("ui_approve")]


# --- the standard methods, one by one ---

def refused(proxy, method, *params):
    with pytest.raises(RpcError) as e:
        proxy.call(method, *params)
    return e.value


def test_accounts(bed):
    signer = bed.ready(ui=approving(ui_approveListing=lambda p: {"accounts": p[0]["accounts"][:1]}))
    proxy = bed.qube("work").proxy()
    [account] = proxy.call("eth_requestAccounts")
    assert account.lower() in (FIRST.lower(), SECOND.lower(), THIRD.lower())
    assert [a.lower() for a in proxy.call("eth_accounts")] == [account.lower()]
    assert all(m["params"][0]["meta"]["remote"] == "qube:work" for m in signer.seen if m["method"] == "ui_approveListing")


def test_accounts_that_the_person_keeps(bed):
    bed.ready(ui=approving(ui_approveListing=lambda p: {"accounts": None}))
    proxy = bed.qube("work").proxy()
    assert refused(proxy, "eth_requestAccounts").code == 4001


DOCUMENT = {
    "types": {"EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}], "Note": [{"name": "text", "type": "string"}]},
    "primaryType": "Note", "domain": {"name": "Bed", "chainId": CHAIN}, "message": {"text": "grüße"},
}


def test_messages_and_documents(bed):
    bed.ready()
    proxy = bed.qube("work").proxy()
    for text in ("hello", "", "grüße 🎉"):
        signature = proxy.call("personal_sign", "0x" + text.encode().hex(), FIRST)
        assert Account.recover_message(encode_defunct(text=text), signature=signature) == FIRST
    for document in (DOCUMENT, json.dumps(DOCUMENT)):
        signature = proxy.call("eth_signTypedData_v4", FIRST, document)
        assert Account.recover_message(encode_typed_data(full_message=DOCUMENT), signature=signature) == FIRST


def test_a_denial_has_its_code(bed):
    bed.ready(ui=approving(ui_approveSignData=lambda p: {"approved": False}, ui_approveTx=lambda p: {"approved": False, "transaction": p[0]["transaction"]}))
    proxy = bed.qube("work").proxy()
    assert refused(proxy, "personal_sign", "0x00", FIRST).code == 4001
    assert refused(proxy, "eth_signTypedData_v4", FIRST, DOCUMENT).code == 4001


def test_without_a_node_it_says_so(bed):
    signer = bed.ready()
    proxy = bed.qube("work").proxy()
    for method, params in (("eth_sendTransaction", [{"from": FIRST, "to": SECOND, "value": "0x1"}]), ("eth_blockNumber", []), ("eth_getBalance", [FIRST, "latest"])):
        assert "--upstream" in str(refused(proxy, method, *params)), method
    assert signer.count("ui_approveTx") == 0


def test_wallet_methods(bed, chain):
    bed.ready()
    proxy = bed.qube("work").proxy("--upstream", chain.url)
    assert proxy.call("wallet_switchEthereumChain", {"chainId": hex(CHAIN)}) is None
    assert refused(proxy, "wallet_switchEthereumChain", {"chainId": "0x1"}).code == 4902
    assert proxy.call("wallet_getCapabilities", FIRST)[hex(CHAIN)]["atomic"]["status"] == "unsupported"
    assert refused(proxy, "wallet_sendCalls", {"version": "2.0.0", "calls": []}).code == 4200
    assert proxy.call("eth_chainId") == hex(CHAIN) and int(proxy.call("eth_blockNumber"), 16) >= 0


def test_a_node_of_another_chain(bed, tmp_path):
    """The signer signs for one chain; a node of another one gets nothing."""
    bed.ready("--chainid", "5")
    chain = Chain(tmp_path)
    try:
        proxy = bed.qube("work").proxy("--upstream", chain.url)
        error = refused(proxy, "eth_sendTransaction", {"from": FIRST, "to": SECOND, "value": "0x1"})
        assert "chain" in error.message and chain.count(FIRST, "pending") == 0
    finally:
        chain.close()


def test_what_the_person_changed_is_not_sent(bed, chain):
    """The proxy compares what came back with what was asked: another value is not broadcast."""
    bed.ready(ui=approving(ui_approveTx=lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"value": "0x9"}}))
    proxy = bed.qube("work").proxy("--upstream", chain.url)
    assert refused(proxy, "eth_sendTransaction", {"from": FIRST, "to": SECOND, "value": "0x1"}).message
    assert chain.count(FIRST, "pending") == 0
    bed.signer.answers["ui_approveTx"] = approving()["ui_approveTx"]
    proxy.call("eth_sendTransaction", {"from": FIRST, "to": SECOND, "value": "0x1"})
    until(lambda: chain.count(FIRST) == 1, 5, "it to be mined")


def test_keep_alive_and_many_connections(bed):
    bed.ready()
    proxy = bed.qube("work").proxy()
    connections = [http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20) for _ in range(8)]
    for round_ in range(3):
        for i, connection in enumerate(connections):
            connection.request("POST", "/", json.dumps(request("account_version", number=round_ * 100 + i)), {"Content-Type": "application/json"})
        for i, connection in enumerate(connections):
            assert json.loads(connection.getresponse().read()) == {"jsonrpc": "2.0", "id": round_ * 100 + i, "result": "6.1.0"}


def test_batches(bed, chain):
    bed.ready()
    proxy = bed.qube("work").proxy("--upstream", chain.url)
    batch = [request("account_version", number=1), request("eth_chainId", number="two"), request("nonsense_method", number=3), {"jsonrpc": "2.0", "method": "account_version"},
             request("personal_sign", "0x68656c6c6f", FIRST, number=4)]
    status, _, text = proxy.post(batch)
    answers = {a["id"]: a for a in json.loads(text)}
    assert status == 200 and set(answers) == {1, "two", 3, 4}
    assert answers[1]["result"] == "6.1.0" and answers["two"]["result"] == hex(CHAIN) and "error" in answers[3]
    assert Account.recover_message(encode_defunct(text="hello"), signature=answers[4]["result"]) == FIRST
