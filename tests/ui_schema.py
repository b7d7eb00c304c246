"""Checks the UI channel against docs/ui-protocol.schema.json: what the signer sends, and what the tests' UIs answer."""
import functools
import json
import pathlib

import jsonschema

PATH = pathlib.Path(__file__).resolve().parent.parent / "docs" / "ui-protocol.schema.json"
SCHEMA = json.loads(PATH.read_text())
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
    return len(message["params"]) != 1 and f"{message['method']} has {len(message['params'])} arguments" or problem(name, message["params"][0])


def wrong_answer(method, message):
    """For an answer of the UI to a question."""
    return problem("answer", message) or ("result" in message and problem(f"{method}.result", message["result"])) or None
