"""What the replay drivers share: the lists of named differences, the verdict on a scenario, the command line.

Two lists name steps that are known to differ from the recordings:
  ../vectors/divergences.json  on purpose, because of a named "better"
  ../vectors/not-yet.json      they need what a later version brings
An entry is {"file", "scenario", "step", "reason"}; step is a step's number, or "start", "exit" or "startup_seen". A listed place that
differs counts as passed; one that no longer differs, or that does not exist, is a failure, so that the lists stay honest.
"""
import argparse, collections, json, multiprocessing, os, sys, types

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(os.path.dirname(HERE), "vectors")
RECORDED = os.path.join(VECTORS, "clef-1.17.3")
LISTS = ("divergences.json", "not-yet.json")


def listed():
    """{(file, scenario): {place: "list: reason"}}, and what is wrong with the lists themselves."""
    entries, wrong = collections.defaultdict(dict), []
    for name in LISTS:
        for e in json.load(open(os.path.join(VECTORS, name))):
            key, place = (e["file"], e["scenario"]), str(e["step"])
            if place in entries[key]:
                wrong.append(f"{name}: {e['file']}, {e['scenario']!r}, step {place} is listed twice")
            if not e.get("reason"):
                wrong.append(f"{name}: {e['file']}, {e['scenario']!r}, step {place} has no reason")
            entries[key][place] = f"{name}: {e.get('reason')}"
    return entries, wrong


def scenarios(path):
    return json.load(open(path))


def dangling(entries):
    """Entries that name a file, scenario or step that is not there."""
    wrong = []
    for (file, name), places in entries.items():
        path = os.path.join(RECORDED, file)
        found = [s for s in scenarios(path) if s["name"] == name] if os.path.exists(path) else []
        for place in places:
            if not found or (place.isdigit() and int(place) >= len(found[0]["steps"])) or \
                    (not place.isdigit() and place not in ("start", "exit", "startup_seen")):
                wrong.append(f"listed, but not there: {file}, {name!r}, step {place}")
    return wrong


def problems(found, places):
    """What is wrong with a scenario, given what differs at each place that was compared."""
    out = []
    for place, texts in found.items():
        if place not in places:
            out += texts
        elif not texts:
            out.append(f"step {place} no longer differs: take it off the list ({places[place]})")
    for place in places:
        if place not in found and "start" not in found:
            out.append(f"step {place} was not compared: take it off the list ({places[place]})")
    return out


def options(**more):
    """The settings that run() takes; `more` overrides them."""
    defaults = dict(strict=False, record=False, keep=False, all=False, tmp=None, skipped=0)
    return types.SimpleNamespace(**(defaults | more))


def play_one(job):
    run, binary, scenario, opts = job
    return run(binary, scenario, opts), scenario, opts.skipped


def main(doc, run):
    ap = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("binary")
    ap.add_argument("files", nargs="+")
    ap.add_argument("--only")
    for flag in ("--verbose", "--strict", "--record", "--keep"):
        ap.add_argument(flag, action="store_true")
    ap.add_argument("--all", action="store_true", help="compare the steps marked divergence too")
    ap.add_argument("--raw", action="store_true", help="ignore the lists of named differences")
    ap.add_argument("--jobs", type=int, default=4, help="scenarios at a time")
    ap.add_argument("--tmp", default=None)
    args = ap.parse_args()
    entries = listed()[0] if not args.raw else {}
    passed = failed = skipped = 0
    with multiprocessing.Pool(1 if args.record else args.jobs) as pool:
        for name in args.files:
            todo = scenarios(name)
            opts = options(strict=args.strict, record=args.record, keep=args.keep, all=args.all, tmp=args.tmp)
            jobs = [(run, os.path.abspath(args.binary), s, opts) for s in todo if not args.only or args.only in s["name"]]
            for n, (found, scenario, left_out) in enumerate(pool.imap(play_one, jobs)):
                skipped += left_out
                diffs = problems(found, entries.get((os.path.basename(name), scenario["name"]), {}))
                if args.record:
                    todo[todo.index(jobs[n][2])] = scenario
                elif diffs:
                    failed += 1
                    print(f"FAIL {os.path.basename(name)} {scenario['name']}")
                    for d in diffs if args.verbose else diffs[:5]:
                        print("     " + d)
                else:
                    passed += 1
                    if args.verbose:
                        print(f"ok   {os.path.basename(name)} {scenario['name']}")
                sys.stdout.flush()
            if args.record:
                with open(name, "w") as f:
                    json.dump(todo, f, indent=1, ensure_ascii=False)
                    f.write("\n")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} steps skipped (divergence)" if skipped else ""))
    return 1 if failed else 0
