"""The form for a job, and the job's page while it runs."""

from datetime import datetime

from audit import audit
from chromium import Failure
from plots import equal


def ask(run):
    """The fields, their mistakes and the forecast."""
    page, base, checkpoint, dataset = run.page, run.base, run.checkpoint, run.dataset
    page.open(f"{base}/#/new?from={checkpoint['id']}")
    page.wait("document.querySelector('.forecast table')", doing="the forecast")

    def forecast_says(request):
        expected = run.api("/v1/jobs?dry_run=true", request)
        page.wait("!document.querySelector('.forecast').hasAttribute('aria-busy')", doing="the forecast")
        text = page.evaluate("document.querySelector('.forecast').innerText")
        for part in (f"{expected['parameters']['after']:,}", f"{expected['parameters']['before']:,}"):
            if part not in text:
                raise Failure(f"the forecast does not say {part}: {text}")
        rows = page.evaluate("[...document.querySelectorAll('.forecast table')[1].querySelectorAll('tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
        equal("timestep_table" in [warning["code"] for warning in expected["warnings"]], True, "a narrower first block is warned of")
        run.check_warnings(".forecast", expected, "the forecast")
        widths = expected["block_out_channels"]
        equal([[int(row[1]), int(row[2])] for row in rows], [list(pair) for pair in zip(widths["before"], widths["after"])], "widths of the forecast")

    forecast_says({"checkpoint": checkpoint["id"], "dataset": dataset["id"], "pruning": {"method": "magnitude"}})
    count = run.look_at("new")
    run.expect_quiet()
    page.fill("#pruning-ratio", "0.99")
    page.wait("document.querySelector('#pruning-ratio[aria-invalid]')")
    equal(page.evaluate("document.querySelector('#pruning-ratio-wrong').textContent"), "must be between 0 and 0.95", "what is wrong")
    audit(page, "new, with a mistake")
    run.expect_quiet("422")
    page.fill("#pruning-ratio", "0.5")
    page.wait("!document.querySelector('[aria-invalid]') && document.querySelector('.forecast table')")
    forecast_says({"checkpoint": checkpoint["id"], "pruning": {"method": "magnitude", "ratio": 0.5}})
    # How much goes may be said by what is left.
    page.fill("#pruning-target", "macs")
    equal(page.evaluate("document.querySelector('#pruning-ratio').closest('.field').hidden"), True, "the ratio is hidden")
    page.fill("#pruning-percent", "60")
    forecast_says({"checkpoint": checkpoint["id"], "pruning": {"method": "magnitude", "target": {"macs": {"fraction": 0.6}}}})
    audit(page, "new, with a target")
    page.fill("#pruning-percent", "2")
    page.wait("document.querySelector('#pruning-percent[aria-invalid]')")
    equal(page.evaluate("document.querySelector('#pruning-percent-wrong').textContent"), "must be between 0.05 and 1", "what is wrong")
    run.expect_quiet("422")
    page.fill("#pruning-target", "")
    page.wait("!document.querySelector('[aria-invalid]') && document.querySelector('.forecast table')")
    equal(page.evaluate("document.querySelector('#pruning-percent').closest('.field').hidden"), True, "the share is hidden")
    # Fields that a method has no use for go.
    page.fill("#pruning-method", "magnitude")
    equal(page.evaluate("document.querySelector('#pruning-threshold').closest('.field').hidden"), True, "the threshold is hidden")
    # Which timesteps are scored is the recipe's matter where nobody says.
    page.evaluate("window.plain = fetch, window.posted = [], window.fetch = (...asked) => (posted.push(asked[1]?.body ?? ''), plain(...asked)), 0")
    page.fill("#pruning-method", "diff-pruning")
    page.wait("posted.some((body) => body.includes('diff-pruning'))", doing="the forecast's request")
    equal(page.evaluate("posted.some((body) => body.includes('timesteps'))"), False, "timesteps are told")
    title = run.title = '<b>bold</b> & "quoted" </script>'
    for field, value in {"name": title, "pruning-timesteps-stride": "20", "finetuning-steps": "60", "finetuning-learning_rate": "0.0005",
                         "finetuning-ema_decay": "0.99", "evaluation-samples": "10", "evaluation-steps": "10"}.items():
        page.fill(f"#{field}", value)
    run.step(f"the forecast follows the fields; mistakes are marked; {count} texts and controls audited")


def watch(run):
    """Events reach the page while the job uses every core."""
    page = run.page
    # When the page shows a phase or a count, by the clock that the server's times come from.
    page.evaluate("""(() => {
        window.shown = [];
        window.lengths = new Set();
        new MutationObserver(() => {
            const phase = document.querySelector('.phases .now')?.textContent;
            if (phase && window.shown.at(-1)?.phase !== phase) window.shown.push({ phase, at: Date.now() });
            const line = document.querySelector('[data-series=smoothed]')?.getAttribute('d').length;
            if (line) window.lengths.add(line);
        }).observe(document.getElementById('main'), { subtree: true, childList: true, attributes: true, characterData: true });
    })()""")
    page.click("button[type=submit]")
    job = run.job = page.wait("location.hash.startsWith('#/jobs/job_') && location.hash.slice(7)")
    page.wait("document.querySelector('.phases .now')?.textContent === 'finetuning' && document.querySelector('[data-series=smoothed]')", 120, "fine-tuning")
    if run.shots:
        page.whole(f"{run.shots}/running-light-1280.png")
    audit(page, "running")
    page.wait("document.querySelector('.badge.succeeded')", 240, "the end of the job")
    page.wait("document.querySelectorAll('.pairs li').length === 10", doing="the samples")
    events = run.api(f"/v1/jobs/{job}/events")["data"]
    times = {event["data"]["phase"]: event["created_at"] for event in events if event["event"] == "phase"}
    lag = {}
    for shown in page.evaluate("window.shown"):
        lag[shown["phase"]] = shown["at"] / 1000 - datetime.fromisoformat(times[shown["phase"]].replace("Z", "+00:00")).timestamp()
    for phase in ("scoring", "finetuning", "evaluating"):
        if phase not in lag:
            raise Failure(f"{phase} was never shown: {lag}")
    # The middle one: a neighbour's load may hold up one.
    worst, middle = max(lag.values()), sorted(lag.values())[len(lag) // 2]
    if middle > 1:
        raise Failure(f"events were shown late: {lag}")
    drawn = page.evaluate("window.lengths.size")
    if drawn < 4:
        raise Failure(f"the loss was drawn {drawn} times while it ran")
    run.expect_quiet()
    run.step(f"the job ran; a phase was shown {worst * 1000:.0f} ms after it began at the latest; the loss was drawn {drawn} times")
