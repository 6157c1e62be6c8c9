"""What is done with a job that has ended, or shall end, and all of it with a token."""

import hashlib
import json
import os
import subprocess

import plots
from chromium import Failure
from plots import equal
from session import EXAMPLE


def download(run):
    """By the buttons, and by the lines for curl as they stand there."""
    page, folder, job = run.page, run.folder, run.job
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)

    result = run.result = run.api(f"/v1/jobs/{job}")["result"]["checkpoint"]
    content = run.content = run.api(f"/v1/checkpoints/{result}/content")
    page.click(".downloads li:first-child button")
    equal(hashlib.sha256(run.downloaded(f"{result}.tar")).hexdigest(), hashlib.sha256(content).hexdigest(), "the result")
    commands = page.evaluate("[...document.querySelectorAll('.downloads code')].map((code) => code.textContent)")
    os.mkdir(f"{folder}/curl")
    for command in commands:
        subprocess.run(command + " -sSf", shell=True, check=True, cwd=f"{folder}/curl")
    with open(f"{folder}/curl/{result}.tar", "rb") as file:
        equal(file.read() == content, True, "what curl gets")
    equal(len(os.listdir(f"{folder}/curl")), len(commands), "the files that curl gets")
    run.step(f"downloads are right, and all {len(commands)} curl lines do as they are")


def compare(run):
    """The table and the plot of size against quality."""
    page, base, job, checkpoint, metrics = run.page, run.base, run.job, run.checkpoint, run.metrics
    second = run.api("/v1/jobs", {"checkpoint": checkpoint["id"], "name": "magnitude", "pruning": {"method": "magnitude", "ratio": 0.25},
                              "evaluation": {"samples": 4, "steps": 4}})["id"]
    page.open(f"{base}/#/jobs/{second}")
    page.wait("document.querySelector('.badge.succeeded')", 60, "the second job")
    other = run.api(f"/v1/jobs/{second}/metrics")
    page.open(f"{base}/#/compare/{checkpoint['id']}")
    page.wait("document.querySelectorAll('#setting option').length === 2", doing="the comparison")
    # They were judged by other samples, so that they do not stand beside each other. The second, the newer, has no pictures and no held-out loss.
    page.fill("#setting", "1")
    page.wait("document.querySelectorAll('.dot').length === 1", doing="the job that was judged on pictures")
    plots.check_comparison(page, [(job, metrics["parameters"]["after"], metrics["evaluation"]["loss"]["after"]),
                                  ("original", metrics["parameters"]["before"], metrics["evaluation"]["loss"]["before"])], page.whole())
    page.fill("#y-axis", "ssim")
    page.fill("#x-axis", "macs")
    for place, one, data in (("1", job, metrics), ("0", second, other)):
        page.fill("#setting", place)
        plots.check_comparison(page, [(one, data["macs"]["after"], data["evaluation"]["ssim"]["mean"]), ("original", data["macs"]["before"], 1)],
                               page.whole())
    count = run.look_at("compare")
    page.click("tbody tr:last-child input[type=checkbox]")
    page.wait("document.querySelector('.dot')?.closest('[hidden]') !== null", doing="no plot of no job")
    run.expect_quiet()
    run.step(f"the comparison's table and plot are right; {count} texts and controls audited")


def sweep(run):
    """Two ratios as one sweep: its page, its plot, its front, and what can be done with it."""
    page, base, job, checkpoint = run.page, run.base, run.job, run.checkpoint
    dataset = run.api(f"/v1/jobs/{job}")["request"]["dataset"]
    # Several ratios in the form are a sweep.
    page.open(f"{base}/#/new?from={checkpoint['id']}")
    page.wait("document.querySelector('.forecast table')", doing="the forecast")
    page.click("#finetuning")
    for field, value in {"dataset": dataset, "name": "how far", "pruning-method": "magnitude", "pruning-ratio": "0.25, 1.5", "pruning-depth": "false",
                         "evaluation-samples": "4", "evaluation-steps": "4"}.items():
        page.fill(f"#{field}", value)
    page.wait("document.querySelector('.forecast').textContent.includes('the first of the sweep')", doing="the first job's forecast")
    page.click("button[type=submit]")
    page.wait("document.querySelector('#pruning-ratio[aria-invalid]')", doing="what is wrong with a ratio")
    run.expect_quiet("422")
    page.fill("#pruning-ratio", "0.25, 0.5")
    page.click("button[type=submit]")
    made = {"id": page.wait("location.hash.startsWith('#/sweeps/') && location.hash.slice(9)", doing="the sweep's page")}
    page.open(f"{base}/#/sweeps")
    page.wait("document.querySelector('tbody a')?.textContent === 'how far'", doing="the list of sweeps")
    run.look_at("sweeps")
    page.click("tbody a")
    page.wait("document.querySelectorAll('tbody .badge.succeeded').length === 2", 120, "the sweep")
    page.wait("document.querySelector('.title .badge.succeeded') && document.querySelectorAll('.dot').length === 2", doing="the plot")
    points = run.api(f"/v1/sweeps/{made['id']}")["points"]
    plots.check_comparison(page, [(point["job"], point["size"], point["loss"]["after"]) for point in points], page.whole())
    front = sum(point["on_front"] for point in points)
    equal(page.evaluate("document.querySelectorAll('[data-series=front]').length"), int(front > 1), "the line of the front")
    equal(page.evaluate("[...document.querySelectorAll('tbody tr')].filter((row) => row.textContent.includes('on it')).length"), front, "the front in the table")
    page.fill("#x-axis", "macs")
    page.fill("#y-axis", "ssim")
    plots.check_comparison(page, [(point["job"], point["macs"], point["ssim"]) for point in points], page.whole())
    count = run.look_at("sweep")
    result = run.api(f"/v1/jobs/{points[-1]['job']}")["result"]["checkpoint"]
    page.click("tbody tr:last-child .action:last-child button")
    page.wait(f"location.hash === '#/new?from={result}' && document.querySelector('#checkpoint')?.value === '{result}'", doing="a job that goes on from a point")
    page.open(f"{base}/#/sweeps/{made['id']}")
    page.wait("document.querySelector('.title .badge.succeeded')")
    page.click(".actions .danger")
    page.wait("location.hash === '#/sweeps' && !document.querySelector('tbody')", doing="the list without the sweep")
    run.expect_quiet()
    run.step(f"a sweep's page and plot are right; {count} texts and controls audited")


def stop(run):
    """Pause, resume, cancel and delete."""
    page, base, job = run.page, run.base, run.job
    page.open(f"{base}/#/new?from={job}")
    page.wait("document.querySelector('#finetuning-learning_rate')?.value === '0.0005'", doing="the form as it was")
    page.fill("#finetuning-steps", "1000000")
    page.fill("#name", "endless")
    page.click("button[type=submit]")
    endless = page.wait("location.hash.startsWith('#/jobs/job_') && location.hash.slice(7)")
    page.wait("document.querySelector('.phases .now')?.textContent === 'finetuning'", 30)
    page.open(f"{base}/#/jobs")
    page.wait("document.querySelector('tbody progress')", doing="progress in the queue")
    count = len(run.api(f"/v1/jobs/{endless}")["warnings"])
    equal(page.evaluate("document.querySelector('tbody tr .warning').textContent"), "1 warning" if count == 1 else f"{count} warnings", "warnings in the queue")
    count = run.look_at("jobs")
    page.click("tbody a")
    page.wait(f"location.hash === '#/jobs/{endless}' && document.querySelector('.actions .danger')")
    page.click(".actions button:not(.danger)")
    page.wait("document.querySelector('.badge.paused')", 30, "the pause")
    page.click(".actions button:not(.danger)")
    page.wait("document.querySelector('.badge.running')", 30, "going on")
    page.click(".actions .danger")
    page.wait("document.querySelector('.badge.cancelled')", 30, "the cancellation")
    equal(run.api(f"/v1/jobs/{endless}")["status"], "cancelled", "the job")
    page.click(".actions .danger")
    page.wait("location.hash === '#/jobs' && document.querySelectorAll('tbody tr').length === 2", doing="the queue without the job")
    run.expect_quiet()
    run.step(f"paused, resumed, cancelled and deleted from the page; {count} texts and controls audited")


def use_token(run):
    """Everything again once there is a token. The last step: the server asks for it from then on."""
    page, base, job, checkpoint, folder = run.page, run.base, run.job, run.checkpoint, run.folder
    result, content = run.result, run.content
    made = json.loads(subprocess.run(run.token_command, check=True, capture_output=True, text=True).stdout)
    page.open(f"{base}/#/jobs/{job}")
    page.wait("document.querySelector('#token')", doing="the question for a token")
    count = run.look_at("token")
    page.fill("#token", "pruner_wrong")
    page.click("button[type=submit]")
    page.wait("document.querySelector('[role=alert]')?.textContent.includes('not known')")
    run.expect_quiet("401")
    page.fill("#token", made["token"])
    page.click("button[type=submit]")
    page.wait("document.querySelectorAll('.pairs li').length === 10", doing="the job with its samples")
    run.secret = made["token"]
    if any("$PRUNER_TOKEN" not in command for command in page.evaluate("[...document.querySelectorAll('.downloads code')].map((code) => code.textContent)")):
        raise Failure("a curl line has no token")
    os.remove(f"{folder}/{result}.tar")
    page.click(".downloads li:first-child button")
    equal(run.downloaded(f"{result}.tar") == content, True, "the result by token")
    page.open(f"{base}/#/files")
    page.wait("document.querySelectorAll('.zone').length === 2")
    page.drop("section:nth-of-type(1) .zone", [f"{EXAMPLE}/model.tar"])
    page.wait("document.querySelector('.notice.good')")
    third = run.api("/v1/jobs", {"checkpoint": checkpoint["id"], "pruning": {"method": "magnitude"}})["id"]
    page.open(f"{base}/#/jobs/{third}")
    page.wait("document.querySelector('.badge.succeeded')", 30, "a job followed by token")
    run.expect_quiet()
    run.step(f"a token is asked for, checked and used everywhere; {count} texts and controls audited")
