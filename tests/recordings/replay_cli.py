#!/usr/bin/env python3
"""Replay recorded command-line sessions against a `clef` binary and say what differs.

usage: replay_cli.py BINARY FILE.json ... [--only NAME] [--verbose] [--strict] [--record]

The companion of replay.py for everything that is not a running signer with a UI: sub-commands, prompts on a
terminal, exit codes, files written. A scenario is a fresh folder in which the binary is run one or more times
(README.md describes the fields). Exit status as for replay.py. --strict also compares error texts and complains
about files that were not recorded. --record fills in the expectations; the regular expressions in `has` and `not`
are written by hand and are checked in either mode.
"""
import fcntl, http.client, json, os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile
import termios, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clefcrypt
import verdict
from replay import NOBODY, copy_fixture, fill_vault, free_port, give_away, loosen, same, write_file

PROMPT = re.compile(r"^(Password: |Repeat password: |> )", re.M)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|[\x07\r]")
ADDRESS_AT_END = re.compile(r"^(?P<time>UTC--\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{9}Z--)(?P<addr>[0-9a-f]{40})$")
TIME_RE = r"UTC--\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{9}Z--"
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


class Folder:
    """The scenario's folder and what is known about it."""

    def __init__(self, scenario, home, recording):
        self.home, self.port, self.vars, self.recording = home, free_port(), {}, recording
        for fixture in scenario.get("fixtures", []):
            copy_fixture(fixture, home)
        for path, text in scenario.get("files", {}).items():
            write_file(os.path.join(home, path), text, self.sub)  # modes follow below
        for path in scenario.get("dirs", ["home"]):
            os.makedirs(os.path.join(home, path), mode=0o700, exist_ok=True)
        os.makedirs(os.path.join(home, "home"), mode=0o700, exist_ok=True)
        for path, target in scenario.get("links", {}).items():
            os.symlink(self.sub(target), os.path.join(home, path))
        if "vault" in scenario:
            fill_vault(home, scenario["vault"])
        self.own_seed = os.path.exists(os.path.join(home, "config", "masterseed.json"))
        keys = os.path.join(home, "keystore")
        asked = [{k: v for k, v in s.items() if k != "expect"} for s in scenario["steps"]]
        plain = {k: v for k, v in scenario.items() if k != "steps"}
        self.known = json.dumps([plain, asked, sorted(os.listdir(keys)) if os.path.isdir(keys) else []]).lower()
        for path, mode in scenario.get("modes", {}).items():
            os.chmod(os.path.join(home, path), int(mode, 8))
        self.demote = scenario.get("unprivileged") and os.getuid() == 0
        if self.demote:
            give_away(home)

    def sub(self, text):
        text = text.replace("${DIR}", self.home).replace("${PORT}", str(self.port))
        for name, value in self.vars.items():
            text = text.replace("${%s}" % name, value)
        return text

    def scrub(self, text):
        return text.replace(self.home, "${DIR}").replace(f":{self.port}", ":${PORT}")

    def snapshot(self):
        seen = {}
        for folder, dirs, files in os.walk(self.home):
            for name in dirs + files:
                full = os.path.join(folder, name)
                info = os.lstat(full)
                data = None
                if os.path.isfile(full) and not os.path.islink(full):
                    data = open(full, "rb").read() if os.access(full, os.R_OK) else b"(not readable)"
                seen[os.path.relpath(full, self.home)] = (oct(info.st_mode & 0o777), data, os.path.isdir(full))
        return seen

    def describe(self, path, entry):
        mode, data, folder = entry
        out = {"mode": mode if path != "audit.log" or not self.recording else "<re:^0o6[04][04]$>"}
        if folder:
            out["folder"] = True
        elif data is not None:
            try:
                out["json"] = self.shape(json.loads(data))
            except ValueError:
                out["empty"] = not data
        return out

    def shape(self, v, name=""):
        """What a written JSON file looks like, with random values as patterns."""
        if isinstance(v, dict):
            return {k: self.shape(x, k) for k, x in v.items()}
        if not isinstance(v, str) or not self.recording:
            return v
        if UUID.match(v):
            return "<re:" + UUID.pattern + ">"
        if name in ("iv", "c") and not re.fullmatch("[0-9a-f]{32}", v):
            return "<re:^[A-Za-z0-9+/]{%d}=*$>" % len(v.rstrip("="))
        if re.fullmatch("[0-9a-f]{32,}", v) and v not in self.known:
            return "<re:^[0-9a-f]{%d}$>" % len(v)
        return v

    def shape_http(self, v):
        if isinstance(v, dict):
            return {k: self.shape_http(x) for k, x in v.items()}
        if isinstance(v, list):
            return [self.shape_http(x) for x in v]
        random = self.recording and isinstance(v, str) and re.fullmatch("0x[0-9a-f]{40}", v) and v[2:] not in self.known
        return "<address>" if random else v

    def loose_path(self, path):
        """A recorded path: literal, or <re:...> where it holds a time, a random address or a random vault name."""
        parts, loose = [], False
        for part in path.split("/"):
            m = ADDRESS_AT_END.match(part)
            if m:
                loose = True
                parts.append(TIME_RE + (m["addr"] if m["addr"] in self.known else "[0-9a-f]{40}"))
            elif re.fullmatch("[0-9a-f]{20}", part) and not self.own_seed:
                loose = True
                parts.append("[0-9a-f]{20}")
            else:
                parts.append(re.escape(part) if not re.fullmatch(r"[\w./-]+", part) else part.replace(".", r"\."))
        return "<re:^" + "/".join(parts) + "$>" if loose else path


class Screen:
    """Runs the binary once with a scripted person at the keyboard."""

    def __init__(self, binary, step, folder):
        self.step, self.folder = step, folder
        self.out, self.err, self.http, self.threads = bytearray(), bytearray(), [], []
        stdin, stdout = step.get("stdin", "tty"), step.get("stdout", "tty" if step.get("stdin", "tty") == "tty" else "pipe")
        self.master = slave = None
        if "tty" in (stdin, stdout):
            self.master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        ends = {"tty": slave, "pipe": subprocess.PIPE, "null": subprocess.DEVNULL, "closed": subprocess.DEVNULL}
        env = {"HOME": folder.home + "/home", "PATH": os.environ.get("PATH", ""), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        env.update({k: folder.sub(v) for k, v in step.get("env", {}).items()})
        env = {k: v for k, v in env.items() if v is not None}
        closed, tty = [fd for fd, how in ((0, stdin), (1, stdout)) if how == "closed"], slave is not None and stdin == "tty"

        def prepare():
            os.setsid()
            if tty:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for fd in closed:
                os.close(fd)

        drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if folder.demote else {}
        self.proc = subprocess.Popen([binary] + [folder.sub(a) for a in step.get("args", [])], stdin=ends[stdin], stdout=ends[stdout],
                                     stderr=subprocess.PIPE, cwd=os.path.join(folder.home, step.get("cwd", ".")), env=env,
                                     preexec_fn=prepare, **drop)
        if slave is not None:
            os.close(slave)
        if self.proc.stdin:
            try:
                self.proc.stdin.write(folder.sub(step.get("input", "")).encode())
                self.proc.stdin.flush()
                if not step.get("keep_open"):
                    self.proc.stdin.close()
            except BrokenPipeError:
                pass

    def sources(self):
        found = {self.proc.stderr.fileno(): self.err}
        if self.proc.stdout:
            found[self.proc.stdout.fileno()] = self.out
        if self.master is not None:
            found[self.master] = self.out
        return found

    def text(self):
        return ESCAPES.sub("", self.out.decode("utf-8", "replace"))

    def play(self):
        todo, pos, answered, end = list(self.step.get("answers", [])), 0, 0, time.time() + self.step.get("timeout", 60)
        live = self.sources()
        while live and time.time() < end:
            for fd in select.select(list(live), [], [], 0.02)[0]:
                try:
                    chunk = os.read(fd, 65536)
                except OSError:  # the terminal's other end is gone
                    chunk = b""
                live[fd].extend(chunk)
                if not chunk:
                    del live[fd]
            if todo:
                m = re.compile(todo[0]["prompt"], re.M).search(self.text(), pos)
                ready = not todo[0].get("after_http") or all(self.http)
                if m and ready and self.quiet():
                    pos = m.end()
                    answered += 1
                    self.act(todo.pop(0))
            if self.proc.poll() is not None and (self.master in live or not live):
                time.sleep(0.05)  # take what is left on the terminal
                while live and select.select(list(live), [], [], 0)[0]:
                    for fd in select.select(list(live), [], [], 0)[0]:
                        try:
                            chunk = os.read(fd, 65536)
                        except OSError:
                            chunk = b""
                        live[fd].extend(chunk)
                        if not chunk:
                            del live[fd]
                break
        try:
            code = self.proc.wait(max(0.1, end - time.time()))
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            code = "still running"
        for t in self.threads:
            t.join(10)
        if self.master is not None:
            os.close(self.master)
        return code, answered

    def quiet(self):
        time.sleep(0.06)  # let the program change the terminal's mode after it printed the prompt
        return True

    def act(self, answer):
        if "send" in answer:
            data = self.folder.sub(answer["send"]).encode() + (b"" if answer.get("raw") else b"\n")
            os.write(self.master, data) if self.master is not None else self.proc.stdin.write(data)
            if self.master is None:
                self.proc.stdin.flush()
        if "signal" in answer:
            self.proc.send_signal(getattr(signal, answer["signal"]))
        if "http" in answer:
            slot = {}
            self.http.append(slot)
            t = threading.Thread(target=self.post, args=(answer["http"], slot), daemon=True)
            self.threads.append(t)
            t.start()

    def post(self, body, slot):
        conn = http.client.HTTPConnection("127.0.0.1", self.folder.port, timeout=40)
        try:
            conn.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
            resp = conn.getresponse()
            slot.update(status=resp.status, json=json.loads(resp.read()))
        except (OSError, ValueError, http.client.HTTPException) as e:
            slot["broken"] = type(e).__name__
        finally:
            conn.close()


def run_step(binary, step, folder, diffs, where):
    before = folder.snapshot()
    screen = Screen(binary, step, folder)
    code, answered = screen.play()
    after = folder.snapshot()
    out, err = folder.scrub(screen.text()), folder.scrub(screen.err.decode("utf-8", "replace"))
    for stream, text in (("stdout", out), ("stderr", err)):
        for pattern in step.get(stream + "_has", []):
            if not re.search(pattern, text, re.M):
                diffs.append(f"{where}: {stream} lacks /{pattern}/, it holds {text[-500:]!r}")
        for pattern in step.get(stream + "_not", []):
            if re.search(pattern, text, re.M):
                diffs.append(f"{where}: {stream} holds /{pattern}/")
    for answer in step.get("answers", []):
        if answer.get("hidden") and answer["send"] in out + err:
            diffs.append(f"{where}: the answer to {answer['prompt']!r} was echoed")
    for name, pattern in step.get("capture", {}).items():
        m = re.search(pattern, out + err, re.M)
        folder.vars[name] = m.group(1) if m else ""
    got = {"exit": code, "prompts": [p.strip() for p in PROMPT.findall(out)], "answered": answered,
           "stdout": "some" if out.strip() else "none", "stderr": "some" if err.strip() else "none"}
    if code not in (0, "still running") and err.strip():
        got["error"] = [l for l in err.splitlines() if l.strip()][-1][:400]
        if folder.recording and re.search(TIME_RE, got["error"]):
            got["error"] = "<re:: " + re.escape(got["error"].rsplit(": ", 1)[-1]) + "$>"
    got["files"] = {folder.loose_path(p): folder.describe(p, e) for p, e in sorted(after.items()) if before.get(p) != e}
    got["gone"] = sorted(p for p in before if p not in after)
    if screen.http:
        got["http"] = [folder.shape_http(r) for r in screen.http]
    return got, {p: folder.describe(p, e) for p, e in after.items() if before.get(p) != e}


def compare(want, got, real_files, where, diffs, strict):
    want, got = dict(want), dict(got)
    wanted, got_files = want.pop("files", {}), got.pop("files", {})
    if not strict:  # texts are free, and so is chatter; but a failure must be told on stderr where Clef did
        silent = got["exit"] != 0 and want.get("stderr") == "some" and got["stderr"] == "none" if "exit" in got else False
        if silent:
            diffs.append(f"{where}: failed without a word on stderr")
        for name in ("error", "stdout", "stderr"):
            want.pop(name, None)
            got.pop(name, None)
    same(want, got, where, diffs, strict)
    left = dict(real_files)
    for path, facts in wanted.items():
        rx = re.compile(path[4:-1]) if path.startswith("<re:") else None
        hits = [p for p in left if (rx.search(p) if rx else p == path)]
        if not hits:
            diffs.append(f"{where}: file {path} was not written; changed: {sorted(left)}")
            continue
        same(facts, left.pop(hits[0]), f"{where} file {hits[0]}", diffs, strict)
    if strict and left:
        diffs.append(f"{where}: files written but not recorded: {sorted(left)}")


def other_step(step, folder):
    path = os.path.join(folder.home, folder.sub(step["path"])) if "path" in step else None
    kind = step["do"]
    if kind == "write":
        write_file(path, step.get("text", ""), folder.sub, step.get("mode", "600"))
    elif kind == "chmod":
        os.chmod(path, int(step["mode"], 8))
    elif kind == "remove":
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    elif kind == "vault":  # the entries of a vault file, decrypted with the master password
        vault = clefcrypt.Vault(os.path.join(folder.home, "config"), step["password"], folder.sub(step["seed"]) if "seed" in step else None)
        return {"entries": vault.read(step["file"])}
    elif kind == "key":  # whose key the only (or matching) file of a keystore folder holds
        names = [n for n in sorted(os.listdir(path)) if re.search(step.get("match", ""), n)]
        pairs = [clefcrypt.open_key_file(os.path.join(path, n), step["password"]) for n in names]
        return {"count": len(pairs), "inside_is_the_stated_address": all(a == b for a, b in pairs),
                "named_after_it": all(n.endswith(a) for n, (a, _) in zip(names, pairs))} | (
                {"address": [a for a, _ in pairs]} if step.get("addresses") else {})
    else:
        raise SystemExit(f"replay_cli: unknown step {kind}")
    return {}


def run(binary, scenario, opts):
    """Play one scenario. Returns what differs: {number of the step: [texts]}."""
    home = os.path.realpath(tempfile.mkdtemp(prefix="replay-cli-", dir=opts.tmp))
    differs = {}
    try:
        folder = Folder(scenario, home, opts.record)
        for i, step in enumerate(scenario["steps"]):
            where = f"step {i} {step.get('name', step.get('do', 'run'))}"
            found, real_files = [], {}
            if step.get("do", "run") == "run":
                got, real_files = run_step(binary, step, folder, found, where)
            else:
                got = other_step(step, folder)
            if opts.record:
                step["expect"] = loosen(got)
            elif step.get("divergence") or scenario.get("divergence"):
                opts.skipped += 1
                continue
            else:
                compare(step.get("expect", {}), got, real_files, where, found, opts.strict)
            differs[str(i)] = found
        return differs
    finally:
        if not opts.keep:
            for path, _, _ in os.walk(home):
                os.chmod(path, 0o700)
            shutil.rmtree(home, ignore_errors=True)


def main():
    return verdict.main(__doc__, run)


if __name__ == "__main__":
    sys.exit(main())
