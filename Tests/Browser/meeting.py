"""Meeting warnings: sending what causes them, and looking at the pages that must show them."""

import re
import time
import urllib.parse

from packing import tar
from plots import equal

# Of every row of the files page, by its identifier, the warnings that can be seen.
LISTED = """Object.fromEntries([...document.querySelectorAll('tbody tr')].map((row) => [
    row.querySelector('code.id').textContent,
    [...row.querySelectorAll('.warnings li')].filter((line) => line.checkVisibility()).map((line) => line.textContent)]))"""


def send(run, collection, name, files, query=""):
    """Uploads an archive; its object."""
    return run.api(f"/v1/{collection}?name={urllib.parse.quote(name)}{query}", tar(files))


def codes_of(item):
    """Of its warnings, in their order."""
    return [warning["code"] for warning in item["warnings"]]


def expect(codes, item, doing):
    """The API tells these among others."""
    equal([code for code in codes if code not in codes_of(item)], [], f"what {doing} is not warned of, but of {codes_of(item)}")


def ended(run, request):
    """Posts a job and waits for its end."""
    job = run.api("/v1/jobs", request)
    while job["status"] in ("queued", "running"):
        time.sleep(0.02)
        job = run.api(f"/v1/jobs/{job['id']}")
    return job


def forecast(run, checkpoint, dataset, codes, fields, met, without=()):
    """The form's forecast tells what a dry run does, these among others, with so much in its fields and some phases switched off."""
    page = run.page
    page.open(f"{run.base}/#/new?from={checkpoint}")
    page.wait("document.querySelector('#dataset')")
    page.fill("#dataset", dataset)
    request = {"checkpoint": checkpoint, "dataset": dataset, "pruning": {}, "finetuning": {}, "evaluation": {}}
    for phase in without:
        page.click(f"#{phase}")
        del request[phase]
    for field, value in fields.items():
        page.fill(f"#{field}", value)
        phase, _, key = field.partition("-")
        request[phase][key] = float(value) if re.fullmatch(r"[\d.]+", value) else value
    expected = run.api("/v1/jobs?dry_run=true", request)
    expect(codes, expected, f"a job on {checkpoint}")
    page.wait("!document.querySelector('.forecast').hasAttribute('aria-busy') && document.querySelector('.forecast .warnings')", doing="the forecast")
    run.check_warnings(".forecast", expected, f"the forecast for {checkpoint}")
    run.expect_quiet()
    met |= {(code, "job") for code in codes_of(expected)}


def listed(run, met):
    """The page of files tells of each what the API does."""
    page = run.page
    page.open(f"{run.base}/#/files")
    everything = {kind: run.api(f"/v1/{kind}s?limit=100")["data"] for kind in ("checkpoint", "dataset")}
    items = [item for some in everything.values() for item in some]
    page.wait(f"document.querySelectorAll('tbody tr').length === {len(items)}", doing="all files")
    shown = page.evaluate(LISTED)
    for item in items:
        equal(shown[item["id"]], [f"{warning['detail']} {warning['code']}" for warning in item["warnings"]], f"the warnings of {item['name']}")
    for kind, some in everything.items():
        for item in some:
            met |= {(code, "result" if item.get("source", {}).get("kind") == "job" else kind) for code in codes_of(item)}
    run.expect_quiet()
