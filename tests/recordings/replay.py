#!/usr/bin/env python3
"""Replay recorded scenarios against a `clef` binary and say what differs.

usage: replay.py BINARY FILE.json ... [--only NAME] [--verbose] [--strict] [--record]

A file holds a list of scenarios (README.md describes the fields). Each one starts the binary with a fresh
directory, plays its steps and compares what came back. Exit status 0 when nothing differs, 1 when something
does, 2 when the arguments are wrong. --strict also compares the text of error messages, which otherwise only
counts as a remark. --record fills in the expectations from the binary instead of comparing. Steps that
../vectors/divergences.json and ../vectors/not-yet.json name must differ; verdict.py says how they count.
"""
import base64, codecs, hashlib, http.client, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time
import glob, random, select
import wire

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clefcrypt
import verdict

FIXTURES = os.path.join(verdict.RECORDED, "fixtures")
PLACE = re.compile(r"^<(any|address|hash|hex|text|number|path|list \d+|re:.*)>$", re.S)
KINDS = {
    "address": re.compile(r"^0x[0-9a-fA-F]{40}$"), "hash": re.compile(r"^0x[0-9a-f]{64}$"),
    "hex": re.compile(r"^0x[0-9a-fA-F]*$"), "text": re.compile(r".", re.S), "path": re.compile(r"^/"),
}


def same(want, got, where, out, strict):
    """Collect differences between a recorded value and an actual one into out."""
    if isinstance(want, str):
        m = PLACE.match(want)
        if m:
            kind = m.group(1)
            if kind == "any":
                return
            if kind.startswith("list "):
                ok = isinstance(got, list) and len(got) == int(kind[5:])
            elif kind == "number":
                ok = isinstance(got, (int, float)) and not isinstance(got, bool)
            elif kind.startswith("re:"):
                ok = isinstance(got, str) and re.search(kind[3:], got, re.S) is not None
            else:
                ok = isinstance(got, str) and KINDS[kind].search(got) is not None
            if not ok:
                out.append(f"{where}: wanted {want}, got {json.dumps(got)[:300]}")
            return
    if isinstance(want, dict) and isinstance(got, dict):
        for k in want:
            if k not in got:
                out.append(f"{where}.{k}: missing, wanted {json.dumps(want[k])[:200]}")
            elif k == "message" and where.endswith("error") and not strict:
                if not (isinstance(got[k], str) and got[k]):
                    out.append(f"{where}.message: wanted a text")
            else:
                same(want[k], got[k], f"{where}.{k}", out, strict)
        for k in got:
            if k not in want and strict:
                out.append(f"{where}.{k}: not recorded, got {json.dumps(got[k])[:200]}")
        return
    if isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            out.append(f"{where}: wanted {len(want)} entries, got {len(got)}: {json.dumps(got)[:300]}")
            return
        for i, (w, g) in enumerate(zip(want, got)):
            same(w, g, f"{where}[{i}]", out, strict)
        return
    if want != got or type(want) is not type(got):
        out.append(f"{where}: wanted {json.dumps(want)[:300]}, got {json.dumps(got)[:300]}")


class Signer:
    """A running binary with its UI channel on stdin and stdout."""

    def __init__(self, binary, scenario, home):
        self.home = home
        self.port = free_port()
        self.ipc = os.path.join(home, scenario.get("ipc_file", "clef.ipc"))
        self.vars, self.close_out = {}, False
        self.events, self.replies, self.ui_id = [], {}, 1000
        self.answers, self.lock, self.dead = [], threading.Lock(), False
        self.binary, self.scenario = binary, scenario
        self.occupied = socket.create_server(("127.0.0.1", self.port)) if scenario.get("occupy_port") else None
        sub = self.sub
        for fixture in scenario.get("fixtures", ["three-keys"]):
            copy_fixture(fixture, home)
        for path, text in scenario.get("files", {}).items():
            write_file(os.path.join(home, sub(path)), text, sub)  # modes follow below
        for d in ("keystore", "config"):
            os.makedirs(os.path.join(home, d), mode=0o700, exist_ok=True)
        for path, target in scenario.get("links", {}).items():
            os.symlink(sub(target), os.path.join(home, path))
        if "vault" in scenario:
            fill_vault(home, scenario["vault"])
        for path, mode in scenario.get("modes", {}).items():
            os.chmod(os.path.join(home, sub(path)), int(mode, 8))
        if scenario.get("unprivileged") and os.getuid() == 0:
            give_away(home)
        self.launch(scenario.get("args", []), scenario.get("startup_ui", []))

    def launch(self, args, startup_ui):
        scenario, home, sub = self.scenario, self.home, self.sub
        base = ["--keystore", home + "/keystore", "--configdir", home + "/config", "--nousb", "--suppress-bootwarn",
                "--stdio-ui", "--loglevel", "3", "--auditlog", home + "/audit.log"]
        if scenario.get("lightkdf", True):
            base += ["--lightkdf"]
        if scenario.get("http", True):
            base += ["--http", "--http.port", str(self.port)]
        if "ipc_file" in scenario:
            pass  # the scenario's own arguments say where
        elif scenario.get("ipc", True):
            base += ["--ipcpath", home]  # the folder that gets clef.ipc
        else:
            base += ["--ipcdisable"]
        self.errlog = open(os.path.join(home, "stderr.txt"), "wb")
        drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if scenario.get("unprivileged") and os.getuid() == 0 else {}
        self.started, self.dead = threading.Event(), False
        with self.lock:
            self.events.clear()
            self.answers = list(startup_ui)
        self.proc = subprocess.Popen([self.binary] + base + [sub(a) for a in args], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=self.errlog, cwd=home, **drop)
        threading.Thread(target=self.read_ui, args=(self.proc,), daemon=True).start()

    def read_ui(self, proc):
        dec, buf = json.JSONDecoder(), ""
        utf8 = codecs.getincrementaldecoder("utf-8")("replace")  # a character may lie across two reads
        fd = proc.stdout.fileno()
        while True:
            if not select.select([fd], [], [], 0.05)[0]:
                if self.close_out:
                    proc.stdout.close()
                    break
                continue
            chunk = os.read(fd, 65536)
            if not chunk:
                break
            buf += utf8.decode(chunk)
            while True:
                buf = buf.lstrip()
                if not buf:
                    break
                try:
                    msg, end = dec.raw_decode(buf)
                except ValueError:
                    break
                buf = buf[end:]
                self.on_ui(msg)
        if proc is self.proc:
            self.dead = True
            self.started.set()

    def on_ui(self, msg):
        if isinstance(msg, list):
            self.replies[msg[0].get("id")] = {"batch": msg}
            return
        if "method" not in msg:
            self.replies[msg.get("id")] = msg
            return
        with self.lock:
            self.events.append({k: v for k, v in msg.items() if k in ("method", "params")} | ({} if "id" in msg else {"notification": True}))
        if msg["method"] == "ui_onSignerStartup":
            self.started.set()
        if "id" not in msg:
            return
        with self.lock:
            answer = self.answers.pop(0) if self.answers else {"error": {"code": -32000, "message": "no answer scripted"}}
        if answer.get("silent"):
            return
        if answer.get("delay"):
            time.sleep(answer["delay"])
        if answer.get("later"):  # answered in so many seconds, other questions meanwhile
            threading.Timer(answer["later"], self.answer_ui, (msg, answer)).start()
            return
        self.answer_ui(msg, answer)

    def answer_ui(self, msg, answer):
        if "close" in answer:
            self.close_ui(answer["close"])
            return
        if "raw" in answer:
            self.write_ui(answer["raw"].replace("${ID}", json.dumps(msg["id"])))
            return
        reply = {"jsonrpc": "2.0", "id": msg["id"]}
        for k in ("result", "error"):
            if k in answer:
                reply[k] = fill(answer[k], msg.get("params"))
        self.write_ui(reply)

    def close_ui(self, which):
        if which == "stdin":
            self.proc.stdin.close()
        else:
            self.close_out = True
            while not self.dead:
                time.sleep(0.01)

    def sub(self, text):
        """Fill in ${DIR}, ${PORT} and what earlier steps saved."""
        text = text.replace("${DIR}", self.home).replace("${PORT}", str(self.port))
        for name, value in self.vars.items():
            text = text.replace("${%s}" % name, value).replace("${%s_HEX}" % name, value[2:].lower())
        return text

    def write_ui(self, msg):
        try:
            data = msg if isinstance(msg, str) else json.dumps(msg)
            self.proc.stdin.write(data.encode() + b"\n")
            self.proc.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def ready(self, http, ipc, limit=30):
        end = time.time() + limit
        self.started.wait(limit)
        while time.time() < end and self.proc.poll() is None:
            ok = True
            if http:
                try:
                    socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                except OSError:
                    ok = False
            if ipc and not os.path.exists(self.ipc):
                ok = False
            if ok:
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGINT)
            try:
                self.proc.wait(5)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        self.errlog.close()


NOBODY = 65534  # scenarios marked "unprivileged" run as this user when the driver is root, so that file modes count


def give_away(home):
    os.chown(home, NOBODY, NOBODY)
    for folder, dirs, files in os.walk(home):
        for name in dirs + files:
            os.chown(os.path.join(folder, name), NOBODY, NOBODY, follow_symlinks=False)


def copy_fixture(fixture, home):
    shutil.copytree(os.path.join(FIXTURES, fixture), home, dirs_exist_ok=True)
    for folder, dirs, files in os.walk(os.path.join(home, "config")):  # version control does not keep these modes
        os.chmod(folder, 0o700)
        for name in files:
            os.chmod(os.path.join(folder, name), 0o400 if name == "masterseed.json" else 0o600)


def write_file(full, text, sub, mode="600"):
    """Text, or {"base64": ...}, or {"repeat": text, "times": n, "before": ..., "after": ...}."""
    os.makedirs(os.path.dirname(full), exist_ok=True)
    if isinstance(text, dict) and "base64" in text:
        data = base64.b64decode(text["base64"])
    elif isinstance(text, dict):
        data = (text.get("before", "") + text["repeat"] * text["times"] + text.get("after", "")).encode()
    else:
        data = sub(text).encode()
    if os.path.lexists(full) and not os.access(full, os.W_OK):
        os.unlink(full)
    with open(full, "wb") as f:
        f.write(data)
    os.chmod(full, int(mode, 8))


def fill_vault(home, want):
    """Put credentials, rule storage and the hash of an attested rule file into the vault of the copied fixture."""
    vault = clefcrypt.Vault(os.path.join(home, "config"), want["password"])
    for domain in ("credentials", "jsstorage", "config"):
        if domain in want:
            vault.write(domain, want[domain])
    if "attest" in want:
        with open(os.path.join(home, want["attest"]), "rb") as f:
            vault.write("config", {"ruleset_sha256": hashlib.sha256(f.read()).hexdigest()})


def fill(value, params):
    """Put parts of the UI request into a scripted answer: "$0.transaction" is params[0].transaction."""
    if isinstance(value, str) and value.startswith("$"):
        cur = params
        for part in value[1:].split("."):
            cur = cur[int(part)] if isinstance(cur, list) else cur.get(part)
        return cur
    if isinstance(value, dict):
        return {k: fill(v, params) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, params) for v in value]
    return value


def free_port():
    """A port below the range the system hands out by itself, so that runs side by side do not meet."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def body_bytes(step, signer):
    if "body_base64" in step:
        return base64.b64decode(step["body_base64"])
    body = step.get("body", "")
    if not isinstance(body, str):
        body = json.dumps(body)
    if "repeat" in step:
        rep = step["repeat"]
        if isinstance(rep, list):  # [[text, times], ...]
            body = "".join(text * times for text, times in rep)
        else:
            body = rep.get("before", "") + rep["text"] * rep["times"] + rep.get("after", "")
    return signer.sub(body).encode()


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def pick(value, path):
    """The part of a value a dotted path names: json.result, messages.0.error."""
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def put(value, path, new):
    """Replace that part of a value; it has to be there."""
    try:
        pick(value, path)
    except (KeyError, IndexError, TypeError):
        raise SystemExit(f"replay: nothing to loosen at {path}: {json.dumps(value)[:300]}")
    *head, last = path.split(".")
    for part in head:
        value = value[int(part)] if isinstance(value, list) else value[part]
    value[int(last) if isinstance(value, list) else last] = new


def play(step, signer, record=False):
    with signer.lock:
        signer.events.clear()
        signer.answers = list(step.get("ui", []))
    got = act(step, signer)
    # a notification may reach the UI after the caller's reply: wait for as many events as were recorded
    recorded = step.get("expect", {}).get("ui_seen", [])
    wanted, end = len(recorded) if isinstance(recorded, list) and not record else 0, time.time() + 2
    while time.time() < end and len(signer.events) < wanted and not signer.dead:
        time.sleep(0.01)
    time.sleep(step.get("settle", 0.2 if record else 0.03))
    with signer.lock:
        got["ui_seen"] = list(signer.events)
    got = scrub(got, signer)
    for name, path in step.get("save", {}).items():
        try:
            signer.vars[name] = str(pick(got, path))
        except (KeyError, IndexError, TypeError):
            signer.vars[name] = "nothing"
    if "only" in step:  # the facts this step is about
        got = {k: v for k, v in got.items() if k in step["only"]}
    return got


def act(step, signer):
    got = {}
    kind = step["do"]
    if kind == "http":
        conn = http.client.HTTPConnection("127.0.0.1", signer.port, timeout=step.get("timeout", 60))
        headers = {k: signer.sub(v) for k, v in step.get("headers", {"Content-Type": "application/json"}).items()}
        try:
            conn.putrequest(step.get("method", "POST"), step.get("path", "/"), skip_host="Host" in headers, skip_accept_encoding=True)
            data = body_bytes(step, signer)
            for k, v in headers.items():
                conn.putheader(k, v)
            if not any(k.lower() in ("content-length", "transfer-encoding") for k in headers):
                conn.putheader("Content-Length", str(len(data)))
            try:
                conn.endheaders(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # an early refusal may still be readable
            resp = conn.getresponse()
            headers = {k.lower(): v for k, v in resp.getheaders()}
            text = wire.body_text(resp.read(), headers)
            got["status"] = resp.status
            got["headers"] = wire.kept(headers, step)
            got["json" if parse(text) is not None else "text"] = parse(text) if parse(text) is not None else text
        except OSError as e:
            got["broken"] = type(e).__name__
        except http.client.HTTPException as e:
            got["broken"] = type(e).__name__
        finally:
            conn.close()
    elif kind == "ipc":
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(step.get("timeout", 30))
        got["messages"] = []
        try:
            s.connect(signer.ipc)
            if "chunks" in step:
                wire.send_pieces(s, step, signer.sub)
            else:
                s.sendall(body_bytes(step, signer))
            wire.read_messages(s, step.get("expect_messages", 1), got)
        except socket.timeout:
            got["timeout"] = True
        except OSError as e:
            got["broken"] = type(e).__name__
        finally:
            s.close()
        if step.get("any_order"):
            got["messages"].sort(key=lambda m: json.dumps(m, sort_keys=True))
    elif kind == "raw":
        try:
            got = wire.play_raw(step, signer.port, signer.sub)
        except OSError as e:
            got["broken"] = type(e).__name__
    elif kind == "together":
        got["parts"] = [None] * len(step["steps"])

        def part(i, sub):
            time.sleep(sub.get("after", 0))
            got["parts"][i] = act(sub, signer)
        threads = [threading.Thread(target=part, args=p) for p in enumerate(step["steps"])]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    elif kind == "exit":  # does it end by itself?
        try:
            got["exit"] = signer.proc.wait(step.get("timeout", 5))
        except subprocess.TimeoutExpired:
            got["exit"] = None
    elif kind == "ui" and "close" in step:
        signer.close_ui(step["close"])
    elif kind == "ui":
        signer.ui_id += 1
        ident = step.get("id", signer.ui_id)
        if "raw" in step:
            signer.write_ui(signer.sub(step["raw"]))
            ident = step.get("id")
        else:
            signer.write_ui({"jsonrpc": "2.0", "id": ident, "method": step["method"], "params": fill_home(step.get("params", []), signer)})
        end = time.time() + step.get("timeout", 15)
        while time.time() < end and ident not in signer.replies and not signer.dead:
            time.sleep(0.01)
        reply = signer.replies.pop(ident, None)
        got["reply"] = None if reply is None else {k: v for k, v in reply.items() if k in ("result", "error", "batch")}
    elif kind == "sleep":
        time.sleep(step["seconds"])
    elif kind == "file":
        path = os.path.join(signer.home, signer.sub(step["path"]))
        if "*" in path:  # the one file that matches
            found = glob.glob(path)
            path = found[0] if len(found) == 1 else f"{path} ({len(found)} found)"
        got["exists"] = os.path.exists(path)
        if got["exists"]:
            got["mode"] = oct(os.stat(path).st_mode & 0o777)
            if "lines" in step:
                got["lines"] = [l for l in open(path, errors="replace").read().splitlines() if re.search(step["lines"], l)]
            elif step.get("content", True) and os.path.isfile(path):
                got["content"] = open(path, errors="replace").read()
                if step.get("json"):
                    got |= wire.decoded(got.pop("content"))
            if os.path.isdir(path):
                got["names"] = sorted(os.listdir(path))
    elif kind == "write":
        write_file(os.path.join(signer.home, step["path"]), step.get("text", ""), signer.sub, step.get("mode", "600"))
    elif kind == "remove":
        path = os.path.join(signer.home, step["path"])
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    elif kind == "rename":
        os.rename(os.path.join(signer.home, step["path"]), os.path.join(signer.home, step["to"]))
    elif kind == "chmod":
        os.chmod(os.path.join(signer.home, step["path"]), int(step["mode"], 8))
    elif kind == "vault":
        vault = clefcrypt.Vault(os.path.join(signer.home, "config"), step.get("password", signer.scenario.get("vault", {}).get("password")))
        got["entries"] = vault.read(step["file"])
        if step.get("json") and got["entries"]:  # entries that hold JSON
            got["entries"] = {k: parse(v) if isinstance(v, str) and parse(v) is not None else v for k, v in got["entries"].items()}
    elif kind == "restart":
        signer.stop()
        signer.launch(step.get("args", signer.scenario.get("args", [])), step.get("startup_ui", signer.scenario.get("startup_ui", [])))
        got["up"] = signer.ready(signer.scenario.get("http", True), signer.scenario.get("ipc", True))
    elif kind == "signal":
        signer.proc.send_signal(getattr(signal, step.get("signal", step.get("name"))))
        try:
            got["exit"] = signer.proc.wait(step.get("timeout", 10))
        except subprocess.TimeoutExpired:
            got["exit"] = None
    else:
        raise SystemExit(f"replay: unknown step {kind}")
    return got


def fill_home(v, signer):
    if isinstance(v, str):
        return signer.sub(v)
    if isinstance(v, list):
        return [fill_home(x, signer) for x in v]
    if isinstance(v, dict):
        return {k: fill_home(x, signer) for k, x in v.items()}
    return v


def scrub(v, signer):
    if isinstance(v, str):
        if len(v) > 50000:  # blobs: recorded by start, length and digest
            return f"{v[:66]}... {len(v)} characters, sha256 {hashlib.sha256(v.encode()).hexdigest()}"
        v = v.replace(signer.home, "${DIR}").replace(f":{signer.port}", ":${PORT}")
        for name, value in signer.vars.items():
            v = re.sub(re.escape(value), "${%s}" % name, v, flags=re.I)
        return v
    if isinstance(v, list):
        return [scrub(x, signer) for x in v]
    if isinstance(v, dict):
        return {k: scrub(x, signer) for k, x in v.items()}
    return v


KEYFILE = r"UTC--\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{9}(Z|[-+]?\d{4})--"  # the fixtures' files are from January 2026
VOLATILE = [
    (re.compile(r"^127\.0\.0\.1:\d+$"), lambda m: "<re:^127\\.0\\.0\\.1:\\d+$>"),
    (re.compile(r"^((?:keystore://)?(?:\$\{DIR\}/keystore/)?)(?!UTC--2026-01-)" + KEYFILE + "([0-9a-f]{40})$"),
     lambda m: f"<re:^{re.escape(m.group(1))}{KEYFILE}[0-9a-f]{{40}}$>"),
]


def loosen_log(line):
    """A line of the audit log, with the time and the caller's port free."""
    parts = re.split(r"((?<=^time=)\S+|127\.0\.0\.1:\d+)", line)
    free = lambda i, p: (r"\S+" if i == 1 else r"127\.0\.0\.1:\d+") if i % 2 else re.escape(p)
    return "<re:^" + "".join(free(i, p) for i, p in enumerate(parts)) + "$>"


def loosen(v):
    """When recording, turn what changes from run to run into placeholders."""
    if isinstance(v, str):
        if v.startswith("time="):
            return loosen_log(v)
        for rx, place in VOLATILE:
            m = rx.match(v)
            if m:
                return place(m)
        return v
    if isinstance(v, list):
        return [loosen(x) for x in v]
    if isinstance(v, dict):
        return {k: loosen(x) for k, x in v.items()}
    return v


def run(binary, scenario, opts):
    """Play one scenario. Returns what differs: {place: [texts]}, place being "start", "exit", "startup_seen" or a step's number."""
    home = tempfile.mkdtemp(prefix="replay-", dir=opts.tmp)
    found, signer = {}, None

    def compare(place, label, want, got, strict):
        same(want, got, label, found.setdefault(place, []), strict)
    try:
        signer = Signer(binary, scenario, home)
        up = signer.ready(scenario.get("http", True), scenario.get("ipc", True)) if scenario.get("starts", True) else True
        if not scenario.get("starts", True):
            try:
                code = signer.proc.wait(30)
            except subprocess.TimeoutExpired:
                code = None
            time.sleep(0.1)
            if opts.record:
                scenario["exit"] = code
            elif not scenario.get("divergence"):
                compare("exit", "exit", scenario.get("exit"), code, opts.strict)
            return found
        if not up:
            tail = open(os.path.join(home, "stderr.txt"), errors="replace").read()[-400:]
            return {"start": [f"did not start: exit {signer.proc.poll()}, {tail!r}"]}
        with signer.lock:
            seen = scrub(list(signer.events), signer)
        if opts.record:
            scenario["startup_seen"] = scenario.get("volatile", {}).get("startup_seen", loosen(seen))
        else:
            compare("startup_seen", "startup_seen", scenario.get("startup_seen", []), seen, opts.strict)
        for i, step in enumerate(scenario["steps"]):
            got = play(step, signer, opts.record)
            if opts.record:
                step["expect"] = loosen(got)
                for path, placeholder in step.get("volatile", {}).items():
                    put(step["expect"], path, placeholder)
            elif (step.get("divergence") or scenario.get("divergence")) and not opts.all:  # recorded, but a successor should do better
                if "better" in step:
                    compare(str(i), f"step {i} {step.get('name', step['do'])}: better", step["better"], got, False)
                else:
                    opts.skipped += 1
            else:
                compare(str(i), f"step {i} {step.get('name', step['do'])}", step.get("expect", {}), got, opts.strict)
        return found
    finally:
        if signer:
            signer.stop()
            if signer.occupied:
                signer.occupied.close()
        if not opts.keep:
            shutil.rmtree(home, ignore_errors=True)


def main():
    return verdict.main(__doc__, run)


if __name__ == "__main__":
    sys.exit(main())
