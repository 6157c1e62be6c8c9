"""Every warning as a user meets it: something that causes it is sent, and the page that lists it must show its sentence and its code.

docs/troubleshooting.md says which codes there are and what each is told of; all of that must be met here, and nothing else.
"""

import re

from harmed import harmed
from meeting import codes_of, ended, expect, forecast, listed, send
from plots import equal
from warned_checkpoints import WEIGHTS, checkpoints, pipeline
from warned_datasets import datasets
from warned_jobs import EVALUATION, FORECASTS, JOBS


def documented():
    """(code, kind) of the table in docs/troubleshooting.md."""
    with open("docs/troubleshooting.md", encoding="utf-8") as file:
        section = file.read().split("\n## Warnings\n")[1].split("\n## ")[0]
    return {(code, kind) for code, kinds in re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", section, flags=re.M) for kind in kinds.split(", ")}


def warned(run):
    """Everything that is told of checkpoints, datasets, jobs and their results."""
    before = existing(run)
    met = set()
    known = bring(run)
    for codes, checkpoint, dataset, fields in FORECASTS:
        forecast(run, known[checkpoint], known[dataset], codes, fields, met)
    jobs(run, known, met)
    narrower(run, known)
    listed(run, met)
    count = run.look_at("warnings")
    for collection, identifiers in existing(run).items():
        for identifier in identifiers - before[collection]:
            run.api(f"/v1/{collection}/{identifier}", method="DELETE")
    harmed(run, met)
    wanted = documented()
    equal(sorted(wanted - met), [], "warnings that are met nowhere")
    # A result is a checkpoint, too.
    told = {(code, "checkpoint") if kind == "result" and (code, kind) not in wanted else (code, kind) for code, kind in met}
    equal(sorted(told - wanted), [], "warnings that docs/troubleshooting.md does not say")
    run.step(f"all {len({code for code, _ in wanted})} warnings are shown where they are met; {count} texts and controls audited")


def existing(run):
    """The identifiers of all there is. Jobs come first, as they hold the others."""
    return {collection: {item["id"] for item in run.api(f"/v1/{collection}?limit=100")["data"]} for collection in ("jobs", "checkpoints", "datasets")}


def bring(run):
    """Uploads every row; identifiers by name."""
    known = {}
    for collection, rows in (("checkpoints", checkpoints(known)), ("datasets", datasets())):
        for name, codes, files, query in rows:
            made = send(run, collection, name, files, query)
            expect(codes, made, name)
            known[name] = made["id"]
    return known


def narrower(run, known):
    """A result whose configuration somebody has replaced by the original's."""
    job = ended(run, {"checkpoint": known["pipeline"], "pruning": {"method": "magnitude", "ratio": 0.5, "widths": "free"}})
    weights = run.api(f"/v1/checkpoints/{job['result']['checkpoint']}/files/{WEIGHTS}")
    expect(["widths_taken"], send(run, "checkpoints", "narrower", pipeline({WEIGHTS: weights})), "a narrower network")


def jobs(run, known, met):
    """What is known of jobs once they have run, on their pages and in their reports."""
    page = run.page
    for codes, finetuning in JOBS:
        job = ended(run, {"checkpoint": known["pipeline"], "dataset": known["pictures"], "finetuning": finetuning, "evaluation": EVALUATION})
        expect(codes, job, "fine-tuning")
        page.open(f"{run.base}/#/jobs/{job['id']}")
        page.wait("document.querySelector('.pairs li')", doing="the job and its sample")
        run.check_warnings("main", job, "the job")
        page.open(f"{run.base}/v1/jobs/{job['id']}/report.html")
        page.wait("document.documentElement.classList.contains('ready')", doing="the report")
        run.check_warnings("main", job, "the report")
        run.expect_quiet()
        met |= {(code, "job") for code in codes_of(job)}
