// Sweeps: jobs that differ in how much they cut, as one plot of size against quality.
import { axis, number, qualities, sizes } from "./axes.js";
import { get, post, save, send } from "./api.js";
import { h, show, table } from "./dom.js";
import { ComparisonFigure } from "./figures.js";
import { bytes, count, percents, short, significant, time } from "./format.js";
import { action, badge, isLive } from "./notices.js";
import { howMuch } from "./page-jobs.js";

// What a point tells of each axis.
const size = { size: (point) => point.size, parameters: (point) => point.parameters, macs: (point) => point.macs, seconds: (point) => point.seconds_per_sample };
const quality = { loss, ssim: (point) => point.ssim };
const chosen = (choices, told) => Object.fromEntries(Object.keys(told).map((key) => [key, choices[key]]));

/** The loss at the stage that the job has come to. */
function loss(point) {
  return point.loss.after ?? point.loss.pruned;
}

const name = (sweep) => sweep.name || sweep.id;

/** A page that is read anew every other second while it is looked at, and as long as `isOver` does not say that nothing will change. */
async function watch(signal, failed, refresh) {
  let isOver = await refresh();
  const timer = setInterval(() => {
    if (document.hidden || isOver) return;
    refresh().then((over) => { isOver = over; }, failed);
  }, 2000);
  signal.addEventListener("abort", () => clearInterval(timer));
}

export async function sweepsPage(main, signal, failed) {
  const list = h("div");
  main.append(h("h1", {}, "Sweeps"), h("p", { class: "note" }, "A sweep is a job for every one of several ratios; what the first of them scores serves all. ",
    "One is posted by the form for a job, with several ratios, by pruner sweep, or to /v1/sweeps."), list);
  let shown = "";
  await watch(signal, failed, async () => {
    const page = await get("/v1/sweeps?limit=100", signal);
    const text = JSON.stringify(page.data);
    if (text !== shown) {
      shown = text;
      const columns = [{ name: "sweep" }, { name: "status" }, { name: "done" }, { name: "jobs", number: true }, { name: "posted" }];
      list.replaceChildren(page.data.length === 0 ? h("p", { class: "quiet" }, "None yet.") : table("Sweeps", columns, page.data.map((sweep) => [
        h("a", { href: `#/sweeps/${sweep.id}` }, name(sweep)), badge(sweep.status), percents(sweep.progress), count(sweep.jobs.length), time(sweep.created_at),
      ]), { isCards: true }));
    }
    return false;
  });
  return "Sweeps";
}

export async function sweepPage(main, signal, id, failed) {
  const page = new SweepPage(main, signal, id);
  await watch(signal, failed, () => page.refresh());
  return name(page.sweep);
}

class SweepPage {
  constructor(main, signal, id) {
    Object.assign(this, { signal, id });
    this.heading = h("h1", {});
    this.status = h("span", {});
    this.about = h("p", { class: "lead" });
    this.controls = h("div", { class: "actions" });
    this.figure = new ComparisonFigure([["key-after", "a job's result"], ["key-raw", "the front: none is both smaller and better"]]);
    this.none = h("p", { class: "quiet" }, "No job has been evaluated yet: there is no quality to show.");
    const [x, xField] = axis("x-axis", "Size by", chosen(sizes, size), () => this.draw());
    const [y, yField] = axis("y-axis", "Quality by", chosen(qualities, quality), () => this.draw());
    Object.assign(this, { x, y });
    this.plot = h("div", {}, h("div", { class: "controls" }, xField, yField), this.figure.element);
    this.points = h("section");
    main.append(h("div", { class: "title" }, this.heading, this.status), this.about, this.controls, h("section", {}, this.none, this.plot), this.points);
  }

  /** Reads the sweep anew; whether nothing of it will change. */
  async refresh() {
    const sweep = await get(`/v1/sweeps/${this.id}`, this.signal);
    const text = JSON.stringify(sweep);
    if (text !== this.shown) {
      this.shown = text;
      this.show(sweep);
    }
    return !isLive(sweep.status);
  }

  show(sweep) {
    this.sweep = sweep;
    this.heading.textContent = name(sweep);
    this.status.replaceChildren(badge(sweep.status));
    this.about.replaceChildren(h("code", { class: "id" }, sweep.id), ` · ${percents(sweep.progress)} done · posted ${time(sweep.created_at)}`);
    this.showControls(sweep);
    this.showPoints(sweep);
    this.draw();
  }

  showControls({ status, jobs, request }) {
    if (status === this.state) return;
    this.state = status;
    const act = (name, verb, attributes) => action(name, attributes ?? {}, async () => {
      await post(`/v1/sweeps/${this.id}/${verb}`);
      await this.refresh();
    });
    this.controls.replaceChildren(...(isLive(status) ? [
      act("Pause", "pause"), act("Resume", "resume"), act("Cancel", "cancel", { class: "danger" }),
    ] : [
      h("a", { class: "button", href: `#/compare/${request.checkpoint}` }, "Compare with other jobs"),
      action("Delete", { class: "danger" }, async () => {
        if (!confirm(`Delete this sweep and its ${jobs.length} jobs? The checkpoints they made stay.`)) return;
        await send("DELETE", `/v1/sweeps/${this.id}`);
        location.hash = "#/sweeps";
      }),
    ]));
  }

  showPoints({ points }) {
    const columns = [{ name: "job" }, { name: "status" }, ...["parameters", "macs", "size", "loss", "SSIM", "seconds per sample"].map((name) => ({ name, number: true })), { name: "front" }, { name: "do" }];
    this.points.replaceChildren(h("h2", {}, "The jobs"), table("The jobs of the sweep", columns, points.map((point) => [
      h("a", { href: `#/jobs/${point.job}` }, howMuch(point)), badge(point.status), count(point.parameters), short(point.macs), bytes(point.size),
      significant(loss(point), 4), significant(point.ssim, 4), significant(point.seconds_per_sample), point.on_front ? "on it" : "",
      point.status === "succeeded" ? h("span", { class: "actions" }, this.verbs(point)) : "",
    ]), { isCards: true }));
  }

  /** What can be done with a point that is picked. */
  verbs(point) {
    const act = (name, detail, use) => action(name, { class: "small", "aria-label": `${detail} ${howMuch(point)}` }, async () => {
      use((await get(`/v1/jobs/${point.job}`, this.signal)).result.checkpoint);
    });
    return [
      act("Download", "Download the result of", (result) => save(`/v1/checkpoints/${result}/content`, `${result}.tar`)),
      act("Go on from it", "A new job that begins with the result of", (result) => { location.hash = `#/new?from=${result}`; }),
    ];
  }

  draw() {
    const [x, y] = [this.x.value, this.y.value];
    const points = this.sweep.points.map((point) => ({ id: point.job, name: howMuch(point), x: number(size[x](point)), y: number(quality[y](point)) }))
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
    show(this.none, points.length === 0);
    show(this.plot, points.length > 0);
    // By what is shown, which need not be what the sweep tells its front by.
    const better = (one, other) => (qualities[y].isLess ? one <= other : one >= other);
    const isBeaten = (point) => points.some((other) => other.x <= point.x && better(other.y, point.y) && (other.x < point.x || other.y !== point.y));
    this.figure.update(points.map((point) => ({ ...point, isOnFront: !isBeaten(point) })), sizes[x], qualities[y]);
  }
}
