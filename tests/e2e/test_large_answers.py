"""A user interface may answer with 64 MiB: more than some message between the processes takes. Refused is the request, the signer goes on."""
import json

import pytest

from signer import SECOND, Refusal, RpcError, request, transfer

MB = 1024 * 1024


@pytest.fixture
def signer(start):
    signer = start("--advanced", "--allow-bulk")
    yield signer
    assert signer.proc.poll() is None
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"]}
    assert signer.call("account_signTransaction", transfer())["tx"]["to"] == SECOND.lower()


def test_a_transaction_larger_than_keys_takes(signer):
    for size in (6 * MB - 65536, 6 * MB, 7 * MB):
        signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"data": "0x" + "00" * size}}
        with pytest.raises(RpcError, match="expected at most 6225920 bytes to be signed") as error:
            signer.call("account_signTransaction", transfer())
        assert error.value.code == -32000
    signer.answers["ui_approveTx"] = lambda p: {"approved": True, "transaction": p[0]["transaction"] | {"data": "0x" + "00" * 9 * MB}}
    with pytest.raises(RpcError, match="too large"):
        signer.call("account_signTransaction", transfer())
    assert signer.count("ui_onInputRequired") == 0


def test_an_error_with_more_data_than_a_reply_takes(signer):
    refusal = Refusal("no", -32099)
    refusal.error["data"] = "x" * (49 * MB)

    def refuse(params):
        raise refusal
    signer.answers["ui_approveTx"] = refuse
    body = json.loads(signer.post(json.dumps(request("account_signTransaction", transfer())).encode())[1])
    assert body["error"] == {"code": -32099, "message": "no"}
    refusal.error["data"] = "little"
    body = json.loads(signer.post(json.dumps(request("account_signTransaction", transfer())).encode())[1])
    assert body["error"] == {"code": -32099, "message": "no", "data": "little"}
