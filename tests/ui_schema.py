"""Checks the UI channel against docs/ui-protocol.schema.json: what the signer sends, and what the tests' UIs answer."""
import functools
import json
import pathlib
import re

import jsonschema

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
SCHEMA = json.loads((DOCS / "ui-protocol.schema.json").read_text())
PAGE = (DOCS / "ui-protocol.md").read_text()
# The table of warnings: every code that may be sent stands there, with its level.
LEVELS = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (info|warning|critical|any)(?: †)? \|", PAGE, re.M))
# Listings of a large keystore and the like would take seconds each.
LARGEST = 1 << 20


@functools.cache
def validator(name):
    """The validator of one of the schema's definitions."""
    assert name in SCHEMA["$defs"], f"the schema does not define {name}"
    return jsonschema.Draft202012Validator({"$ref": f"{SCHEMA['$id']}#/$defs/{name}"}, registry=registry())


@functools.cache
def registry():
    import referencing
    return referencing.Registry().with_resource(SCHEMA["$id"], referencing.Resource.from_contents(SCHEMA))


def problem(name, value):
    """What is wrong with the value, in one line, or None."""
    error = jsonschema.exceptions.best_match(validator(name).iter_errors(value))
    return error and f"{name}: {error.json_path}: {error.message[:400]}"


def is_defined(name):
    return name in SCHEMA["$defs"]


def wrong_from_signer(message, method=None):
    """For a question, a notification, or the answer to the UI's call of `method`."""
    if "method" not in message:
        return problem("answer", message) or ("result" in message and method and problem(f"{method}.result", message["result"])) or None
    name = f"{message['method']}.params"
    if not is_defined(name):
        return f"the schema does not know {message['method']}"
    shape = {k: v for k, v in message.items() if k != "params"}
    if shape.keys() - {"jsonrpc", "id", "method"} or message["jsonrpc"] != "2.0" or ("id" in message) != is_defined(f"{message['method']}.result"):
        return f"the envelope of {message['method']}: {shape}"
    if len(message["params"]) != 1:
        return f"{message['method']} has {len(message['params'])} arguments"
    return problem(name, message["params"][0]) or wrong_warning(message["params"][0])


def wrong_warning(params):
    """A warning whose code is not documented, or not with this level."""
    for part in [params] + params.get("transactions", []):
        for warning in part.get("warnings", []):
            if LEVELS.get(warning["code"]) not in (warning["level"], "any"):
                return f"the table of warnings in docs/ui-protocol.md has no {warning['level']} {warning['code']}"
    return None


def wrong_answer(method, message):
    """For an answer of the UI to a question."""
    return problem("answer", message) or ("result" in message and problem(f"{method}.result", message["result"])) or None
