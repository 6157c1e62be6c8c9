"""The page of a job that has ended, and its report: all they show against the metrics."""

import base64
import io
import json

from PIL import Image

import plots
from chromium import Failure
from plots import equal


def check_plots(run):
    """Every plot as it stands now, in shapes and pixels."""
    page, metrics = run.page, run.metrics
    picture = page.whole()
    plots.check_scoring(page, metrics, picture)
    plots.check_widths(page, metrics, picture)
    plots.check_layers(page, metrics, picture)
    plots.check_finetuning(page, metrics, picture)
    plots.check_scores(page, metrics, page.whole)


def picture_of(run, stage, index):
    """One picture of a grid, as the server has it."""
    grid = Image.open(io.BytesIO(run.api(f"/v1/jobs/{run.job}/files/samples_{stage}.png"))).convert("RGB")
    columns = 4
    side = (grid.width - 2) // columns - 2
    left, top = 2 + (index % columns) * (side + 2), 2 + (index // columns) * (side + 2)
    return grid.crop((left, top, left + side, top + side))


def check_samples(run):
    """Every picture of the page, pixel by pixel, and its SSIM."""
    found = run.page.evaluate("""[...document.querySelectorAll('.pairs li')].map((item) => ({
        text: item.querySelector('span').textContent,
        sides: [...item.querySelectorAll('canvas')].map((canvas) => {
            const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return { width, height, data: btoa(String.fromCharCode(...data)) };
        }),
    }))""")
    equal(len(found), 10, "pictures")
    for index, item in enumerate(found):
        for stage, side in zip(("before", "after"), item["sides"]):
            shown = Image.frombytes("RGBA", (side["width"], side["height"]), base64.b64decode(side["data"])).convert("RGB")
            equal(shown.tobytes(), run.grids[stage][index].tobytes(), f"picture {index} {stage}")
        plots.close(float(item["text"].removeprefix("SSIM ")), run.metrics["evaluation"]["ssim"]["per_sample"][index], 5.1e-4, f"SSIM of picture {index}")


def check_slider(run):
    """What the slider shows at either end."""
    page = run.page
    cut = page.evaluate("'#' + document.querySelector('input[type=range]').id")
    for value, stage in (("100", "before"), ("0", "after")):
        page.fill(cut, value)
        box = page.evaluate("(() => { const box = document.querySelector('.pair').getBoundingClientRect(); return [box.x + scrollX, box.y + scrollY, box.width, box.height]; })()")
        shot = page.whole()
        wanted = run.grids[stage][0]
        off = 0
        for row in range(4, wanted.height - 4, 4):
            for column in range(4, wanted.width - 4, 4):
                at = (int(box[0] + (column + 0.5) / wanted.width * box[2]), int(box[1] + (row + 0.5) / wanted.height * box[3]))
                off += max(abs(a - b) for a, b in zip(shot.getpixel(at), wanted.getpixel((column, row)))) > 4
        if off > 1:
            raise Failure(f"the slider at {value} does not show {stage}: {off} pixels differ")


def show(run):
    """The job's page, wide, narrow and dark, by pointer and keyboard."""
    page, job, title = run.page, run.job, run.title
    equal(page.evaluate("document.querySelector('h1').textContent"), title, "the name is text")
    run.check_warnings("main", run.api(f"/v1/jobs/{job}"), "the job")
    metrics = run.metrics = run.api(f"/v1/jobs/{job}/metrics")
    count = run.look_at("job")

    check_plots(run)
    page.look(390, 844, False, True)
    page.wait_for_drawing()
    check_plots(run)
    page.look(1280, 900, True)
    page.wait_for_drawing()
    check_plots(run)
    page.look()
    run.step(f"every plot is right, wide, narrow and dark, in shapes and pixels; {count} texts and controls audited")

    # Every number of the table.
    rows = page.evaluate("[...document.querySelectorAll('.results section:first-child tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
    table = {row[0]: row[1:] for row in rows}
    equal(table["parameters"][0], f"{metrics['parameters']['before']:,}", "parameters before")
    equal(table["parameters"][2], f"{metrics['parameters']['after']:,}", "parameters after")
    equal(table["multiply-accumulates"][2], f"{metrics['macs']['after']:,}", "macs after")
    plots.close(float(table["SSIM to the original"][2]), metrics["evaluation"]["ssim"]["mean"], 1e-4, "SSIM")
    plots.close(float(table["loss on held-out pictures"][1]), metrics["evaluation"]["loss"]["pruned"], 1e-4, "loss of the pruned one")

    # By keyboard, and read out.
    page.evaluate("document.querySelector('svg.drawing').focus()")
    page.press("End", virtual=35)
    last = metrics["scoring"]["losses"][-1]
    text = page.evaluate("document.querySelector('output.readout').textContent")
    if not text.startswith(f"timestep {last['timestep']}: loss "):
        raise Failure(f"the plot reads {text}")
    page.press("ArrowLeft", virtual=37)
    if not page.evaluate("document.querySelector('output.readout').textContent").startswith(f"timestep {metrics['scoring']['losses'][-2]['timestep']}: "):
        raise Failure("the arrow does not go back")
    page.click("figure.plot details summary")
    equal(page.wait("document.querySelectorAll('figure.plot details[open] tbody tr').length"), len(metrics["scoring"]["losses"]), "rows of numbers")
    page.click("figure.plot details summary")

    run.grids = {stage: [picture_of(run, stage, index) for index in range(10)] for stage in ("before", "pruned", "after")}
    check_samples(run)
    check_slider(run)
    equal(page.evaluate("[...document.querySelectorAll('.grids img')].map((image) => image.naturalWidth > 0)"), [True] * 3, "the grids")
    run.expect_quiet()
    run.step("the table, the keyboard, every sample and the slider are right")


def report(run):
    """The report that curl has brought, opened from the disk."""
    page, job, folder = run.page, run.job, run.folder
    run.expect_quiet()
    page.requests.clear()
    page.open(f"file://{folder}/curl/{job}.html")
    page.wait("document.documentElement.classList.contains('ready')", doing="the report")
    check_plots(run)
    check_samples(run)
    check_slider(run)
    run.check_warnings("main", run.api(f"/v1/jobs/{job}"), "the report")
    equal(json.loads(page.evaluate("[...document.querySelectorAll('main pre')].at(-1).textContent")), run.api(f"/v1/jobs/{job}")["request"], "the request")
    equal([url for url in page.requests if not url.startswith(("file://", "data:", "about:"))], [], "requests of the report")
    equal(page.errors, [], "the console")
    count = run.look_at("report")
    page.requests.clear()
    run.step(f"the report, opened from the disk, shows the same; {count} texts and controls audited")
