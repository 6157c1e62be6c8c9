// What a job has measured: the table of sizes and quality, the plots and the samples. It grows while the job runs.
import { freshId, h, show, table } from "./dom.js";
import { LayersFigure } from "./figure-layers.js";
import { FinetuningFigure, ScoresFigure, ScoringFigure, WidthsFigure } from "./figures.js";
import { bytes, change, count, duration, share, significant } from "./format.js";
import { Samples } from "./samples.js";

/** The rows of the table of what changed; those that are not known yet are left out. */
export function summaryRows(metrics) {
  const rows = [];
  const add = (name, values, write) => {
    if (!values || (values.before === null && values.after === null)) return;
    const shown = ["before", "pruned", "after"].map((key) => (Number.isFinite(values[key]) ? write(values[key]) : "–"));
    rows.push([name, ...shown, change(values.before, values.after)]);
  };
  add("parameters", metrics.parameters, count);
  add("multiply-accumulates", metrics.macs, count);
  add("size of the files", metrics.size, bytes);
  add("activation memory of a sample", metrics.activation_memory, bytes);
  const evaluation = metrics.evaluation;
  if (evaluation) {
    add("loss on held-out pictures", evaluation.loss, (value) => significant(value, 4));
    add("seconds per sample", evaluation.seconds_per_sample, (value) => significant(value));
    const foretold = evaluation.seconds_per_sample.predicted;
    if (foretold !== null && foretold !== undefined) rows.push(["seconds per sample, foretold", "", "", significant(foretold), ""]);
    if (Number.isFinite(evaluation.ssim?.mean)) rows.push(["SSIM to the original", "1", "–", significant(evaluation.ssim.mean, 4), "–"]);
    if (Number.isFinite(evaluation.mse?.mean)) rows.push(["mean squared error to the original", "0", "–", significant(evaluation.mse.mean), "–"]);
    for (const [key, name] of [["mind", "MIND"], ["mind_pixels", "MIND of pixels"], ["kid", "KID"], ["frechet", "Fréchet distance"], ["fid", "FID"]]) {
      add(`${name} to the reference`, evaluation[key], (value) => significant(value, 4));
    }
  }
  return rows;
}

const columns = [{ name: "" }, ...["before", "pruned", "after", "change"].map((name) => ({ name, number: true }))];

/** What a target asked for and what came of it, in words; empty where there was none. */
function targetText(target) {
  const names = { macs: ["multiply-accumulates", count], parameters: ["parameters", count], size: ["bytes of weights", bytes], seconds_per_sample: ["seconds per sample", significant], activation_memory: ["activation memory", bytes] };
  const rise = target?.loss_increase;
  const limits = Object.entries(names).filter(([key]) => target?.[key])
    .map(([key, [name, write]]) => `${name} at most ${write(target[key].limit)}, and ${write(target[key].after)} are left`);
  if (rise) limits.push(`a loss at most ${share(rise.limit)} above the original's right after the cut, and it is ${share(rise.after)} above`);
  return limits.length > 0 ? `Asked for: ${limits.join("; ")}.` : "";
}

/** Which layers went as a whole, in words; empty where none did. */
function leftOutText(modules) {
  return modules?.length > 0 ? `Left out: ${modules.join(", ")}, without which the cut loses less than with fewer channels alone.` : "";
}

/** What the distances between sets were taken of, and what that does to them; empty where there are none. */
function distanceText(evaluation) {
  const figure = ["mind", "kid", "frechet", "fid"].map((key) => evaluation?.[key]).find((one) => one);
  if (!figure) return "";
  const { n, reference_n: references, extractor } = figure;
  const source = extractor.name === "inception" ? `of the extractor ${extractor.id}, whose file has SHA-256 ${extractor.digest}` : `of the original's ${extractor.layer} at timestep ${extractor.timestep}`;
  const other = references === null ? "the pictures of the statistics, which do not tell how many they are of," : `${count(references)} pictures,`;
  const few = Math.min(n, references ?? n) < 5000 ? " Of so few they are larger than they would be of many, but for KID, which is only less sure." : "";
  return `Distances are between ${count(n)} samples of each stage and ${other} by features ${source}.${few} `
    + "They can be compared with each other, and with none of another number of samples or pictures, or by other features.";
}

const trialColumns = [{ name: "multiply-accumulates left", number: true }, { name: "loss on held-out pictures", number: true }, { name: "foretold", number: true }, { name: "rise", number: true }, { name: "chosen" }];

/** The cuts that were tried, the widest first. */
function trialRows({ macs, trials }) {
  return [...trials].sort((one, other) => (other.macs ?? 0) - (one.macs ?? 0)).map((trial) => [
    trial.macs === null ? "no such cut" : `${count(trial.macs)} (${share(trial.macs / macs)})`, significant(trial.loss, 4), significant(trial.predicted, 4),
    trial.increase === null ? "–" : share(trial.increase), trial.chosen ? "this one" : "",
  ]);
}

export class Results {
  constructor() {
    this.summary = h("div");
    this.timing = h("p", { class: "note" });
    this.target = h("p", { class: "note" });
    this.distances = h("p", { class: "note" });
    this.trials = h("div");
    this.scoring = new ScoringFigure();
    this.widths = new WidthsFigure();
    this.scores = new ScoresFigure(freshId("group"));
    this.layers = new LayersFigure();
    this.finetuning = new FinetuningFigure();
    this.samples = new Samples();
    this.sections = {
      summary: h("section", {}, h("h2", {}, "What changed"), this.summary, this.distances, this.target, this.timing),
      scoring: h("section", {}, h("h2", {}, "Scoring"), this.scoring.element),
      search: h("section", {}, h("h2", {}, "Cuts that were tried"), this.trials),
      groups: h("section", {}, h("h2", {}, "Pruning"), this.widths.element, this.scores.element),
      reconstruction: h("section", {}, h("h2", {}, "Reconstruction"), this.layers.element),
      finetuning: h("section", {}, h("h2", {}, "Fine-tuning"), this.finetuning.element),
      samples: h("section", {}, h("h2", {}, "Samples"), this.samples.element),
    };
    this.element = h("div", { class: "results" }, Object.values(this.sections));
    for (const section of Object.values(this.sections)) show(section, false);
  }

  /** Shows a job's metrics, as many as there are. */
  update(metrics) {
    this.metrics = metrics;
    const rows = summaryRows(metrics);
    show(this.sections.summary, rows.length > 0);
    this.summary.replaceChildren(table("What changed", columns, rows));
    const times = Object.entries(metrics.timing ?? {}).filter(([, seconds]) => Number.isFinite(seconds))
      .map(([phase, seconds]) => `${phase} ${duration(seconds)}`);
    if (metrics.peak_memory) times.push(`memory at most ${bytes(metrics.peak_memory)}`);
    this.timing.textContent = times.join(" · ");
    this.distances.textContent = distanceText(metrics.evaluation);
    show(this.distances, this.distances.textContent !== "");
    this.target.textContent = [targetText(metrics.target), leftOutText(metrics.left_out)].filter(Boolean).join(" ");
    show(this.target, this.target.textContent !== "");
    this.part("search", metrics.search?.trials.length > 0, () => this.trials.replaceChildren(table("Cuts that were tried", trialColumns, trialRows(metrics.search))));
    this.part("scoring", metrics.scoring?.losses.length > 0, () => this.scoring.update(metrics.scoring));
    this.part("groups", metrics.groups?.length > 0, () => {
      this.widths.update(metrics.groups);
      show(this.scores.element, metrics.groups.some((group) => group.scores));
      this.scores.update(metrics.groups);
    });
    this.part("reconstruction", metrics.reconstruction?.layers.length > 0, () => this.layers.update(metrics.reconstruction));
    this.part("finetuning", metrics.finetuning?.losses.length > 0, () => this.finetuning.update(metrics.finetuning));
  }

  /** Adds points that came since. */
  extend(points) {
    for (const section of ["scoring", "finetuning"]) {
      const losses = this.metrics?.[section]?.losses;
      if (!losses || !points[section]) continue;
      const place = (point) => point.timestep ?? point.batch ?? point.step;
      const last = losses.length > 0 ? place(losses[losses.length - 1]) : -1;
      losses.push(...points[section].filter((point) => place(point) > last));
      this.part(section, losses.length > 0, () => this[section].update(this.metrics[section]));
    }
  }

  part(name, isThere, update) {
    show(this.sections[name], isThere);
    if (isThere) update();
  }

  /** Shows the grids. */
  updateSamples(images, samples, evaluation) {
    show(this.sections.samples, Object.keys(images).length > 0);
    // A grid has the first 64.
    this.samples.update(images, Math.min(samples, 64), evaluation?.ssim?.per_sample, evaluation?.conditions);
  }
}
