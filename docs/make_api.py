"""docs/api.md, made from the server's own description of itself, /openapi.json.

    python3 docs/make_api.py .build/release/pruner > docs/api.md      (make docs)

Starts the binary on a free port with a temporary data folder. Needs Python's standard library alone.
"""

import json
import subprocess
import sys
import tempfile
import urllib.request

HEAD = """# The API

*Made by `make docs` from `GET /openapi.json`; do not edit it here. The same document in a form for machines is at that address of every
server, and generators of clients read it.*

Requests and answers are JSON in UTF-8 where nothing else is said. Times are RFC 3339 in UTC with milliseconds, sizes are bytes, durations
are seconds. An unknown field in a request is refused, not ignored, and so is a name that comes twice in one object; names are compared byte
by byte. A body has at most 8 MiB, 200,000 values, and 1000 members an object. Once the server has a token (`pruner token create`), every route but
`/healthz`, `/readyz` and the files of the web page needs `Authorization: Bearer TOKEN`.

Every answer has an `X-Request-Id`, which names the request in the server's log: what the client sent in that field (1 to 128 letters, digits
and `-._~:/+=@`), or a name of the server's.

A refusal is `application/problem+json` (RFC 9457): a [Problem](#problem), whose `code` is stable. Beside the codes that stand with each
route, every route may answer with one of these:
"""


def document(binary):
    """What a server that was just started says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [binary, "serve", "--port", "0", "--data-dir", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            base = server.stdout.readline().removeprefix("listening on ").strip()
            with urllib.request.urlopen(f"{base}/openapi.json") as answer:
                return json.load(answer)
        finally:
            server.terminate()
            server.wait()


def cell(text):
    """Text that does not end its cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def link(schema):
    name = schema["$ref"].rsplit("/", 1)[1]
    return f"[{name}](#{name.lower()})"


def kind(schema):
    """A schema's type in a few words."""
    if "$ref" in schema:
        return link(schema)
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join("null" if word is None else f"`{word}`" for word in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(choice) for choice in schema["anyOf"])
    types = schema.get("type", "anything")
    types = [types] if isinstance(types, str) else types
    return " or ".join(f"list of {kind(schema['items'])}" if t == "array" and "items" in schema else t for t in types)


def bounds(schema):
    """What else a schema asks for, as sentences."""
    said = []
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        # Floats cannot tell this bound from 2⁶³.
        said.append(f"{least:g} to {'2⁶³ - 1' if most > 2**62 else f'{most:.15g}'}.")
    elif least is not None:
        said.append(f"At least {least:g}.")
    if "maxLength" in schema:
        said.append(f"At most {schema['maxLength']} characters.")
    if "maxProperties" in schema:
        said.append(f"At most {schema['maxProperties']} of them.")
    if "minItems" in schema and schema["minItems"] == schema.get("maxItems"):
        said.append(f"{schema['minItems']} of them.")
    if "pattern" in schema:
        said.append(f"Matches `{schema['pattern']}`.")
    if "default" in schema:
        said.append(f"Default `{json.dumps(schema['default'])}`.")
    return said


def told(schema, description=""):
    """Description, bounds and default."""
    description = description or schema.get("description", "")
    return cell(" ".join([description] * bool(description) + bounds(schema)))


def rows(schema, before=""):
    """A line for each property, those of objects within it after it."""
    for name, property in schema.get("properties", {}).items():
        needed = "" if name in schema.get("required", []) else "may be absent"
        yield f"| `{before}{name}` | {cell(kind(property))} | {needed} | {told(property)} |"
        inner, place = property, f"{before}{name}."
        while "items" in inner:
            inner, place = inner["items"], f"{place[:-1]}[]."
        yield from rows(inner, place)


def codes(response, shared):
    """A refusal's own codes, without those of every route."""
    everywhere = shared.get("description", "").split(", ")
    return [code for code in response.get("description", "").split(", ") if code not in everywhere]


def operation(method, path, found, document):
    """One route."""
    shared = document["components"]["responses"]
    yield f"### `{method.upper()} {path}`\n\n{found['summary']}\n"
    parameters = [p for p in found.get("parameters", []) if p["in"] != "path"]
    if parameters:
        yield "| parameter | in | type | |\n|---|---|---|---|"
        for p in parameters:
            needed = "Required. " if p["required"] else ""
            yield f"| `{p['name']}` | {p['in']} | {cell(kind(p['schema']))} | {needed}{told(p['schema'], p.get('description', ''))} |"
        yield ""
    bodies = found.get("requestBody", {}).get("content", {})
    if bodies:
        yield "Body: " + ", ".join(content(type, body) for type, body in bodies.items()) + ".\n"
    refusals = []
    for status, response in found["responses"].items():
        if status.startswith(("2", "3")):
            types = ", ".join(content(type, body) for type, body in response.get("content", {}).items())
            headers = ", ".join(f"`{name}`" for name in response.get("headers", {}) if name != "X-Request-Id")
            yield f"- **{status}** {response['description']}" + (f" {types}." if types else "") + (f" Headers: {headers}." if headers else "")
        elif "$ref" not in response:
            own = codes(response, shared.get(status, {}))
            refusals += [f"{status} {', '.join(own)}"] * bool(own)
    if refusals:
        yield f"- Refused: {'; '.join(refusals).rstrip('.')}."
    yield ""


def content(type, body):
    return f"`{type}`" + (f" ({link(body['schema'])})" if "$ref" in body.get("schema", {}) else "")


def markdown(document):
    """The whole page."""
    lines = [HEAD, "| status | codes |\n|---|---|"]
    lines += [f"| {status} | {response['description']} |" for status, response in document["components"]["responses"].items()]
    lines.append("")
    tags = {}
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            tags.setdefault(found["tags"][0], []).append((method, path, found))
    for tag, operations in tags.items():
        lines.append(f"## {tag.capitalize()}\n")
        for each in operations:
            lines += operation(*each, document)
    lines.append("## Objects\n")
    for name, schema in document["components"]["schemas"].items():
        lines.append(f"### {name}\n")
        fields = list(rows(schema))
        is_null_unsaid = "null" in schema.get("type", "") and "null" not in schema.get("description", "")
        said = [told(schema), "May be null." * is_null_unsaid]
        text = " ".join(filter(None, said)) if fields else ". ".join(filter(None, [kind(schema), told(schema)]))
        lines += [text + "\n"] * bool(text)
        lines += ["| field | type | presence | |\n|---|---|---|---|", *fields, ""] if fields else []
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown(document(sys.argv[1])))
