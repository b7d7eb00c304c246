from signer import *
def test_a(bed):
    work = bed.qube("work")
    s = bed.ready()
    assert work.call("account_version") == "6.1.0"
    assert "raw" in work.call("account_signTransaction", transfer(), host="h", origin="o", agent="a")
    print(s.asked("ui_approveTx"))
    print(work.bare(request("account_version")))
def test_b(bed):
    work = bed.qube("work")
    p = bed.attend_later()
    print(work.frame(request("account_version")), bed.log())
    assert work.call("account_version") == "6.1.0"
    assert "raw" in work.call("account_signTransaction", transfer(), host="h", origin="o", agent="a")
    print(bed.log(), bed.ui_starts(), bed.roles())
