// Jobs of one checkpoint side by side: a table, and size against quality.
import { axis, number, qualities, sizes } from "./axes.js";
import { all, get } from "./api.js";
import { h, show, table } from "./dom.js";
import { ComparisonFigure } from "./figures.js";
import { bytes, count, duration, jobName, short, significant } from "./format.js";
import { what } from "./page-jobs.js";

// What a job's metrics tell of each axis, before and after.
const size = {
  parameters: (metrics) => metrics.parameters,
  macs: (metrics) => metrics.macs,
  size: (metrics) => metrics.size,
  seconds: (metrics) => metrics.evaluation?.seconds_per_sample,
};
const quality = {
  loss: (metrics) => metrics.evaluation?.loss,
  ssim: (metrics) => metrics.evaluation && { before: 1, after: metrics.evaluation.ssim?.mean },
  mse: (metrics) => metrics.evaluation && { before: 0, after: metrics.evaluation.mse?.mean },
};

/** By what a job was judged: only figures of the same pictures, sampler, steps and seed say something about each other. */
function setting({ request: { dataset, evaluation } }) {
  if (!evaluation) return { key: "", name: "not evaluated" };
  const { samples, sampler, steps, eta, seed, guidance_scale: guidance } = evaluation;
  const parts = [`${samples} samples`, `${sampler} in ${steps} steps`];
  if (eta) parts.push(`eta ${eta}`);
  if (guidance !== 1) parts.push(`guidance ${guidance}`);
  parts.push(`seed ${seed}`, dataset ? `pictures ${dataset.slice(-6)}` : "no pictures");
  return { key: JSON.stringify([samples, sampler, steps, eta, seed, guidance, dataset]), name: parts.join(", ") };
}

/** Jobs by what they were judged by; those that most were judged by come first, and those that were not judged last. */
function settings(jobs) {
  const found = new Map();
  for (const job of jobs) {
    const { key, name } = setting(job);
    if (!found.has(key)) found.set(key, { key, name, jobs: [] });
    found.get(key).jobs.push(job);
  }
  return [...found.values()].sort((a, b) => (a.key === "") - (b.key === "") || b.jobs.length - a.jobs.length);
}

export async function comparePage(main, signal, chosen) {
  const [checkpoints, jobs] = await Promise.all([all("/v1/checkpoints", signal), all("/v1/jobs?status=succeeded", signal)]);
  const used = new Map();
  for (const job of jobs) used.set(job.request.checkpoint, [...(used.get(job.request.checkpoint) ?? []), job]);
  if (used.size === 0) {
    main.append(h("h1", {}, "Compare"), h("p", { class: "quiet" }, "No job has succeeded yet."));
    return "Compare";
  }
  const name = (id) => checkpoints.find((item) => item.id === id)?.name ?? "deleted";
  const select = h("select", { id: "of", onchange: () => { location.hash = `#/compare/${select.value}`; } },
    [...used].map(([id, list]) => h("option", { value: id }, `${name(id)} (${list.length === 1 ? "1 job" : `${list.length} jobs`}, ${id.slice(-6)})`)));
  const id = used.has(chosen) ? chosen : [...used.keys()][0];
  select.value = id;
  const list = used.get(id);
  const metrics = new Map();
  // A few at a time.
  for (let start = 0; start < list.length; start += 4) {
    await Promise.all(list.slice(start, start + 4).map(async (job) => metrics.set(job.id, await get(`/v1/jobs/${job.id}/metrics`, signal))));
  }
  const comparison = new Comparison(list, metrics);
  main.append(h("h1", {}, "Compare"), h("p", { class: "control" }, h("label", { for: "of" }, "Jobs of the checkpoint"), select), comparison.element);
  comparison.update();
  return "Compare";
}

class Comparison {
  constructor(jobs, metrics) {
    this.settings = settings(jobs);
    this.metrics = metrics;
    this.left = new Set();
    this.figure = new ComparisonFigure();
    const [x, xField] = axis("x-axis", "Size by", sizes, () => this.update());
    const [y, yField] = axis("y-axis", "Quality by", qualities, () => this.update());
    const [of, ofField] = axis("setting", "Judged by", this.settings, () => this.update());
    Object.assign(this, { x, y, of });
    this.none = h("p", { class: "quiet" }, "None of the jobs that are shown was evaluated so: there is no quality to show.");
    const isOne = this.settings.length === 1;
    const note = h("p", { class: "note" }, "Jobs are compared where they were judged by the same samples: another sampler, other steps or pictures give other figures.");
    this.element = h("div", {}, h("section", {}, h("div", { class: "controls" }, xField, yField, ofField), isOne ? "" : note, this.none, this.figure.element),
      h("section", {}, h("h2", {}, "Side by side"), this.settings.map((group) => h("div", {}, h("h3", {}, group.name), this.table(group)))));
  }

  table({ name, jobs }) {
    const columns = [{ name: "job" }, { name: "shown" }, { name: "what" }, ...["parameters", "macs", "size", "loss", "SSIM", "seconds per sample", "seconds per step", "took"].map((name) => ({ name, number: true }))];
    return table(`Jobs side by side: ${name}`, columns, jobs.map((job) => {
      const metrics = this.metrics.get(job.id);
      const evaluation = metrics.evaluation;
      return [
        h("a", { href: `#/jobs/${job.id}` }, jobName(job)),
        h("input", { type: "checkbox", checked: true, "aria-label": `Show ${jobName(job)} in the plot`, onchange: (event) => this.toggle(job.id, event.target.checked) }),
        what(job.request), count(metrics.parameters?.after), short(metrics.macs?.after), bytes(metrics.size?.after),
        significant(evaluation?.loss.after, 4), significant(evaluation?.ssim?.mean, 4), significant(evaluation?.seconds_per_sample.after),
        significant(evaluation ? evaluation.seconds_per_sample.after / job.request.evaluation.steps : null),
        duration((new Date(job.finished_at) - new Date(job.started_at)) / 1000),
      ];
    }));
  }

  toggle(id, isShown) {
    if (isShown) this.left.delete(id);
    else this.left.add(id);
    this.update();
  }

  update() {
    const [sizeOf, qualityOf] = [size[this.x.value], quality[this.y.value]];
    const shown = this.settings[this.of.value].jobs.filter((job) => !this.left.has(job.id));
    const points = shown.map((job) => {
      const metrics = this.metrics.get(job.id);
      return { id: job.id, name: jobName(job), x: number(sizeOf(metrics)?.after), y: number(qualityOf(metrics)?.after) };
    });
    // The checkpoint itself, by the first job that measured it so.
    for (const job of shown) {
      const metrics = this.metrics.get(job.id);
      const [x, y] = [number(sizeOf(metrics)?.before), number(qualityOf(metrics)?.before)];
      if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
      points.push({ id: "original", name: "original", x, y, isOriginal: true });
      break;
    }
    const isThere = points.some((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
    show(this.none, !isThere);
    show(this.figure.element, isThere);
    this.figure.update(points, sizes[this.x.value], qualities[this.y.value]);
  }
}
