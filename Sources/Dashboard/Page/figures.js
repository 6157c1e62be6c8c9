// The five plots of a job's measurements. The page and the report show the same.
import { h, s } from "./dom.js";
import { count, significant } from "./format.js";
import { Figure, axes, barRows, legend, line, range, smoothed } from "./plots.js";

const plotHeight = (width) => Math.round(Math.min(340, Math.max(220, width * 0.42)));

/** Loss per timestep: which timesteps counted, and the threshold that ended them. Of an autoencoder per batch of pictures. */
export class ScoringFigure extends Figure {
  constructor() {
    super("Loss per timestep", "The loss at each timestep that was tried; of an autoencoder or a generator at each batch. The shaded part counts; what comes after the loss falls below the threshold does not.", {
      draw: (width) => this.plot(width),
      numbers: () => ({
        caption: `Loss per ${this.point}`,
        columns: [{ name: this.point, number: true }, { name: "loss", number: true }, { name: "of the largest", number: true }, { name: "counts" }],
        rows: this.losses.map((row) => [count(row[this.point]), significant(row.loss, 5), significant(row.relative), row.kept ? "yes" : "no"]),
      }),
      controls: [legend([["key-line", "loss"], ["key-band", "timesteps that count"], ["key-threshold", "threshold"]])],
    });
    this.losses = [];
  }

  /** What scoring goes over. */
  get point() {
    return this.losses.some((row) => row.batch !== undefined) ? "batch" : "timestep";
  }

  update(scoring) {
    this.scoring = scoring;
    this.losses = scoring.losses;
    this.render();
  }

  plot(width) {
    const height = plotHeight(width);
    const { losses, point } = this;
    const { method, threshold } = this.scoring;
    // The metrics tell the largest when scoring has ended.
    const largest = losses.reduce((most, row) => Math.max(most, row.loss), 0);
    // There is none while it is still to be chosen.
    const limit = method !== "taylor" && threshold > 0 ? threshold * largest : null;
    const xs = losses.map((row) => row[point]);
    const xRange = [Math.min(0, xs[0] ?? 0), Math.max(1, xs[xs.length - 1] ?? 1)];
    const { nodes, x, y, inner } = axes(width, height, {
      xRange, yRange: range(losses.map((row) => row.loss), { includes: limit === null ? [0] : [0, limit] }), xLabel: point, yLabel: "loss",
    });
    const kept = losses.filter((row) => row.kept);
    const rejected = losses.filter((row) => !row.kept);
    if (kept.length > 0) {
      const [from, to] = [x(kept[0][point]), x(kept[kept.length - 1][point])];
      nodes.unshift(s("rect", { class: "band", x: from, y: inner.top, width: Math.max(1, to - from), height: inner.bottom - inner.top }));
    }
    if (limit !== null && losses.length > 0) {
      nodes.push(s("line", { class: "threshold", x1: inner.left, x2: inner.right, y1: y(limit), y2: y(limit), "data-value": limit }));
    }
    nodes.push(line(losses.map((row) => ({ x: row[point], y: row.loss })), x, y, { class: "series", "data-series": "loss" }));
    for (const row of rejected.slice(0, 1)) {
      nodes.push(s("circle", { class: "rejected", cx: x(row[point]), cy: y(row.loss), r: 4, [`data-${point}`]: row[point] }));
    }
    const stops = losses.map((row) => ({
      x: x(row[point]), y: y(row.loss), isColumn: true,
      text: `${point} ${row[point]}: loss ${significant(row.loss, 4)}, ${significant(row.relative * 100)} % of the largest, ${row.kept ? "counts" : "does not count"}`,
    }));
    const summary = losses.length === 0 ? `No ${point} yet.` :
      `${count(kept.length)} of ${count(losses.length)} points count; the largest loss is ${significant(largest)}${limit === null ? "" : `, the threshold ${significant(limit)}`}.`;
    return { nodes, height, stops, summary };
  }
}

/** Width per layer before and after. */
export class WidthsFigure extends Figure {
  constructor() {
    super("Width per layer", "Channels of every group of layers that are cut together: all of the bar before, the filled part after.", {
      draw: (width) => this.plot(width),
      numbers: () => ({
        caption: "Width per layer",
        columns: [{ name: "group" }, { name: "before", number: true }, { name: "after", number: true }, { name: "members", number: true }],
        rows: this.groups.map((group) => [group.name, count(group.width.before), count(group.width.after), group.members ? count(group.members.length) : "–"]),
      }),
      controls: [legend([["key-after", "kept"], ["key-before", "removed"]])],
    });
    this.groups = [];
  }

  update(groups) {
    this.groups = groups;
    this.render();
  }

  plot(width) {
    const rows = this.groups.map(({ name, width: { before, after } }) => ({
      name, before, after, label: before === after ? `${before}` : `${before} → ${after}`, text: `${before} channels before, ${after} after`,
    }));
    const widest = rows.reduce((most, row) => Math.max(most, row.before), 1);
    const [before, after] = ["before", "after"].map((key) => this.groups.reduce((sum, group) => sum + group.width[key], 0));
    return {
      ...barRows(width, rows, { attribute: "data-group", room: 92, largest: widest }),
      summary: `${count(this.groups.length)} groups; ${count(before)} channels before, ${count(after)} after.`,
    };
  }
}

/** How the scores of one group are spread, and which channels were kept. */
export class ScoresFigure extends Figure {
  constructor(id) {
    const select = h("select", { id, onchange: () => { this.chosen = select.value; this.render(); } });
    super("Scores of a group", "Every channel's importance, divided by the group's mean. Norm groups and heads lose alike, so a kept channel may score lower than a removed one elsewhere.", {
      draw: (width) => this.plot(width),
      numbers: () => ({
        caption: "Scores of a group",
        columns: [{ name: "channel", number: true }, { name: "score", number: true }, { name: "kept" }],
        rows: this.channels().map((channel) => [count(channel.index), significant(channel.score, 4), channel.isKept ? "yes" : "no"]),
      }),
      controls: [
        h("p", { class: "control" }, h("label", { for: id }, "Group"), select),
        legend([["key-after", "kept"], ["key-removed", "removed"]]),
      ],
    });
    this.groups = [];
  }

  update(groups) {
    this.groups = groups.filter((group) => group.scores);
    const names = this.groups.map((group) => group.name);
    // The first of which something was removed says more than one that stayed whole.
    if (!names.includes(this.chosen)) this.chosen = (this.groups.find((group) => group.width.after < group.width.before) ?? this.groups[0])?.name;
    const options = [...this.selectBox.options].map((option) => option.value);
    if (options.join() !== names.join()) this.selectBox.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
    this.selectBox.value = this.chosen ?? "";
    this.render();
  }

  get selectBox() { return this.element.querySelector("select"); }

  channels() {
    const group = this.groups.find((candidate) => candidate.name === this.chosen);
    if (!group) return [];
    const kept = new Set(group.kept);
    return group.scores.map((score, index) => ({ index, score, isKept: kept.has(index) }));
  }

  plot(width) {
    const height = plotHeight(width);
    const channels = this.channels();
    const scores = channels.map((channel) => channel.score);
    const [low, high] = range(scores, { air: 0 });
    const binCount = Math.min(24, Math.max(6, Math.round(Math.sqrt(scores.length) * 1.6)));
    const bins = Array.from({ length: binCount }, (_, index) => ({
      from: low + ((high - low) * index) / binCount, to: low + ((high - low) * (index + 1)) / binCount, kept: 0, removed: 0,
    }));
    for (const channel of channels) {
      const index = Math.min(binCount - 1, Math.floor(((channel.score - low) / (high - low)) * binCount));
      bins[index][channel.isKept ? "kept" : "removed"] += 1;
    }
    const most = bins.reduce((largest, bin) => Math.max(largest, bin.kept + bin.removed), 1);
    const { nodes, x, y, inner } = axes(width, height, {
      xRange: [low, high], yRange: [0, most * 1.08], xLabel: "score", yLabel: "channels",
    });
    const stops = [];
    for (const bin of bins) {
      const [left, right] = [x(bin.from) + 0.5, x(bin.to) - 0.5];
      const wide = Math.max(1, right - left);
      const data = { "data-from": bin.from, "data-to": bin.to };
      nodes.push(
        s("rect", { class: "bar-after", x: left, width: wide, y: y(bin.kept), height: inner.bottom - y(bin.kept), "data-value": bin.kept, ...data }),
        s("rect", { class: "bar-removed", x: left, width: wide, y: y(bin.kept + bin.removed), height: y(bin.kept) - y(bin.kept + bin.removed), "data-value": bin.removed, ...data }));
      stops.push({
        x: (left + right) / 2, y: y(bin.kept + bin.removed), isColumn: true,
        text: `scores ${significant(bin.from)} to ${significant(bin.to)}: ${bin.kept} kept, ${bin.removed} removed`,
      });
    }
    const keptCount = channels.filter((channel) => channel.isKept).length;
    return { nodes, height, stops, summary: `${this.chosen}: ${count(keptCount)} of ${count(channels.length)} channels kept.` };
  }
}

/** The loss of every step of fine-tuning, and its smoothed line. */
export class FinetuningFigure extends Figure {
  constructor() {
    super("Fine-tuning loss", "Every step's loss is that of one random batch, at random timesteps where there are any, so it jumps; the smoothed line shows where it goes.", {
      draw: (width) => this.plot(width),
      numbers: () => ({
        caption: "Fine-tuning loss",
        columns: [{ name: "step", number: true }, { name: "loss", number: true }, { name: "gradient norm", number: true }, { name: "learning rate", number: true }],
        rows: this.losses.map((row) => [count(row.step), significant(row.loss, 5), significant(row.gradient_norm), significant(row.learning_rate)]),
      }),
      controls: [legend([["key-raw", "loss of a step"], ["key-line", "smoothed"]])],
    });
    this.losses = [];
  }

  update(finetuning) {
    this.steps = finetuning.steps;
    this.losses = finetuning.losses;
    this.render();
  }

  plot(width) {
    const height = plotHeight(width);
    const points = this.losses.map((row) => ({ x: row.step, y: row.loss }));
    const last = points.length > 0 ? points[points.length - 1].x : 1;
    const smooth = smoothed(points, Math.max(2, last / 25));
    const values = points.map((point) => point.y).filter((value) => value > 0);
    const yRange = range(values, { air: 0.04 });
    // A loss that falls by much is seen by its logarithm.
    const least = values.reduce((low, value) => Math.min(low, value), Infinity);
    const isLogarithmic = values.length > 1 && yRange[1] / least > 10;
    const { nodes, x, y } = axes(width, height, {
      xRange: [1, Math.max(2, this.steps)], yRange: isLogarithmic ? [least / 1.1, yRange[1]] : yRange, xLabel: "step", yLabel: "loss", isLogarithmic,
    });
    nodes.push(
      line(points.map((point) => ({ x: point.x, y: isLogarithmic && point.y <= 0 ? NaN : point.y })), x, y, { class: "raw", "data-series": "loss" }),
      line(smooth, x, y, { class: "series", "data-series": "smoothed" }));
    const stops = this.losses.map((row, index) => ({
      x: x(row.step), y: y(smooth[index]?.y ?? row.loss), isColumn: true,
      text: `step ${count(row.step)}: loss ${significant(row.loss, 4)}, smoothed ${significant(smooth[index]?.y, 4)}`,
    }));
    const end = smooth[smooth.length - 1];
    return { nodes, height, stops, summary: end ? `Step ${count(last)} of ${count(this.steps)}; smoothed loss ${significant(end.y)}.` : "No step yet." };
  }
}

/** Size against quality, a point for every job. */
export class ComparisonFigure extends Figure {
  constructor(entries = [["key-after", "a job's result"], ["key-removed", "the checkpoint itself"]]) {
    super("Size against quality", null, { draw: (width) => this.plot(width), level: "h2", controls: [legend(entries)] });
    Object.assign(this, { points: [], xAxis: { name: "" }, yAxis: { name: "" } });
  }

  /** `points`: `{ name, x, y, isOriginal, isOnFront }`; those on the front are joined by a line. `xAxis`, `yAxis`: `{ name, write }`. */
  update(points, xAxis, yAxis) {
    Object.assign(this, { points: points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y)), xAxis, yAxis });
    this.render();
  }

  plot(width) {
    const height = plotHeight(width) + 60;
    const { nodes, x, y, inner } = axes(width, height, {
      xRange: range(this.points.map((point) => point.x), { air: 0.12 }), yRange: range(this.points.map((point) => point.y), { air: 0.15 }),
      xLabel: this.xAxis.name, yLabel: this.yAxis.name, xShort: true,
    });
    const stops = [];
    const names = [];
    const sorted = [...this.points].sort((one, other) => one.x - other.x);
    const front = sorted.filter((point) => point.isOnFront);
    if (front.length > 1) nodes.push(line(front, x, y, { class: "raw", "data-series": "front" }));
    for (const point of sorted) {
      const [px, py] = [x(point.x), y(point.y)];
      const isRight = px > (inner.left + inner.right) / 2;
      const length = 7 * point.name.length; // hardly any letter is wider
      const left = isRight ? px - 10 - length : px + 10;
      const isFree = (top) => names.every((other) => left > other.right || left + length < other.left || Math.abs(top - other.top) > 14);
      // Above the point or below, wherever it meets no other name.
      const top = [py - 8, py + 18, py - 24, py + 34].find(isFree) ?? py - 8;
      names.push({ left, right: left + length, top });
      nodes.push(
        s("circle", { class: point.isOriginal ? "dot-original" : "dot", cx: px, cy: py, r: 6, "data-name": point.id, "data-x": point.x, "data-y": point.y }),
        s("text", { class: "tick", x: px + (isRight ? -10 : 10), y: top, "text-anchor": isRight ? "end" : "start" }, point.name));
      stops.push({ x: px, y: py, text: `${point.name}: ${this.xAxis.name} ${this.xAxis.write(point.x)}, ${this.yAxis.name} ${this.yAxis.write(point.y)}` });
    }
    return { nodes, height, stops, summary: `${count(this.points.length)} points, ${this.xAxis.name} against ${this.yAxis.name}.` };
  }
}
