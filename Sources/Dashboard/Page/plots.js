// Plots as SVG: axes, lines, bars and points. They are drawn again whenever their data or their width changes.
import { h, s, table } from "./dom.js";
import { short, significant } from "./format.js";

const margin = { top: 12, right: 16, bottom: 44, left: 64 };

/** Round numbers within a range, about `wanted` of them. */
export function ticks(low, high, wanted) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) found.push(Number((k * step).toPrecision(12)));
  // One says nothing of the distance between two values.
  return found.length < 2 && wanted < 20 ? ticks(low, high, wanted * 2) : found;
}

/** Where values stand between two pixels; on request by their logarithms. */
export function scale([low, high], [from, to], isLogarithmic = false) {
  const position = isLogarithmic ? Math.log10 : Number;
  const [first, last] = [position(low), position(high)];
  const at = (value) => from + (last === first ? 0.5 : (position(value) - first) / (last - first)) * (to - from);
  at.inverse = (pixel) => {
    const value = first + ((pixel - from) / (to - from)) * (last - first);
    return isLogarithmic ? 10 ** value : value;
  };
  return at;
}

/** The least range that holds all values, with air above and below. */
export function range(values, { air = 0.06, includes = [] } = {}) {
  const all = values.concat(includes).filter(Number.isFinite);
  if (all.length === 0) return [0, 1];
  // A loop: the arguments of Math.min are not without limit.
  const [low, high] = all.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [all[0], all[0]]);
  if (low === high) return [low - Math.abs(low || 1) * 0.5, high + Math.abs(high || 1) * 0.5];
  const extra = (high - low) * air;
  return [low >= 0 ? Math.max(0, low - extra) : low - extra, high + extra];
}

/**
 * A plot in its place: a figure with a title, the drawing, a line that reads out the value pointed at, and the numbers as a table.
 *
 * `draw(width)` gives `{ nodes, height, stops, summary }`: `stops` are what arrow keys and the pointer go through, each
 * `{ x, y, text }` in pixels. `numbers()` gives the table's caption, columns and rows.
 */
export class Figure {
  constructor(title, note, { draw, numbers, controls = [], level = "h3" }) {
    this.draw = draw;
    this.numbers = numbers;
    this.at = -1;
    this.stops = [];
    this.width = 0;
    this.svg = s("svg", {
      role: "img", tabindex: "0", class: "drawing",
      onpointermove: (event) => this.point(event), onpointerleave: () => this.select(-1), onkeydown: (event) => this.key(event),
      onblur: () => this.select(-1),
    });
    this.readout = h("output", { class: "readout" });
    this.details = h("details", { ontoggle: () => this.fillTable() }, h("summary", {}, "The numbers"));
    this.element = h("figure", { class: "plot" },
      h("figcaption", {}, h(level, {}, title), note ? h("p", {}, note) : null), controls, this.svg, this.readout,
      numbers ? this.details : null);
    this.title = title;
    this.observer = new ResizeObserver(() => {
      if (Math.abs(this.element.clientWidth - this.width) > 1) this.render();
    });
    this.observer.observe(this.element);
  }

  /** Draws what there is now. */
  render() {
    this.width = this.element.clientWidth;
    if (this.width < 40) return;
    const { nodes, height, stops, summary } = this.draw(this.width);
    this.stops = stops;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.setAttribute("width", this.width);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("aria-label", `${this.title}. ${summary}`);
    this.marker = s("g", { class: "marker" });
    this.svg.replaceChildren(...nodes, this.marker);
    if (this.at >= stops.length) this.at = -1;
    this.select(this.at);
    this.fillTable();
  }

  fillTable() {
    if (!this.numbers || !this.details.open) return;
    const { caption, columns, rows } = this.numbers();
    this.details.replaceChildren(this.details.firstChild, table(caption, columns, rows));
  }

  point(event) {
    if (this.stops.length === 0) return;
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = 0;
    let least = Infinity;
    this.stops.forEach((stop, index) => {
      const distance = Math.abs(stop.x - x) * (stop.isRow ? 0 : 1) + Math.abs(stop.y - y) * (stop.isColumn ? 0 : 1);
      if (distance < least) [best, least] = [index, distance];
    });
    this.select(best);
  }

  key(event) {
    const last = this.stops.length - 1;
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    let next = this.at;
    if (event.key in steps) next = Math.min(last, Math.max(0, this.at + steps[event.key]));
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else if (event.key === "Escape") next = -1;
    else return;
    event.preventDefault();
    this.select(next);
  }

  select(index) {
    this.at = index;
    const stop = this.stops[index];
    this.readout.textContent = stop ? stop.text : "";
    if (!this.marker) return;
    this.marker.replaceChildren();
    if (stop) this.marker.append(s("circle", { cx: stop.x, cy: stop.y, r: 5 }));
  }
}

/** Axes around a plot: `{ nodes, x, y, inner }`, with scales for both. */
export function axes(width, height, { xRange, yRange, xLabel, yLabel, isLogarithmic = false, xShort = false }) {
  const inner = { left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom };
  const x = scale(xRange, [inner.left, inner.right]);
  const y = scale(yRange, [inner.bottom, inner.top], isLogarithmic);
  const write = xShort ? short : (value) => (Number.isInteger(value) ? value.toLocaleString("en-US") : significant(value));
  const nodes = [];
  for (const value of ticks(xRange[0], xRange[1], (inner.right - inner.left) / 90)) {
    nodes.push(
      s("line", { class: "grid", x1: x(value), x2: x(value), y1: inner.top, y2: inner.bottom }),
      s("text", { class: "tick x", x: x(value), y: inner.bottom + 18, "text-anchor": "middle", "data-value": value }, write(value)));
  }
  const values = isLogarithmic ? decades(yRange) : ticks(yRange[0], yRange[1], (inner.bottom - inner.top) / 45);
  for (const value of values) {
    nodes.push(
      s("line", { class: "grid", x1: inner.left, x2: inner.right, y1: y(value), y2: y(value) }),
      s("text", { class: "tick y", x: inner.left - 8, y: y(value) + 4, "text-anchor": "end", "data-value": value }, significant(value)));
  }
  nodes.push(
    s("path", { class: "axis", d: `M${inner.left},${inner.top}V${inner.bottom}H${inner.right}` }),
    s("text", { class: "label", x: (inner.left + inner.right) / 2, y: height - 6, "text-anchor": "middle" }, xLabel),
    s("text", {
      class: "label", x: 0, y: 0, "text-anchor": "middle",
      transform: `translate(14 ${(inner.top + inner.bottom) / 2}) rotate(-90)`,
    }, yLabel));
  return { nodes, x, y, inner };
}

/** The ticks of a logarithmic axis: powers of ten, and twice and five times them where those are few. */
function decades([low, high]) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    const steps = Math.log10(high / low) > 3 ? [1] : [1, 2, 5];
    for (const step of steps) found.push(Number((step * 10 ** power).toPrecision(6)));
  }
  return found.filter((value) => value >= low && value <= high);
}

/** A line through points; it breaks where a value is none. */
export function line(points, x, y, attributes) {
  let path = "";
  let isDown = false;
  for (const point of points) {
    const isThere = Number.isFinite(point.x) && Number.isFinite(point.y);
    if (isThere) path += `${isDown ? "L" : "M"}${x(point.x).toFixed(2)},${y(point.y).toFixed(2)}`;
    isDown = isThere;
  }
  return s("path", { d: path, fill: "none", ...attributes });
}

/** Signs and names of what a plot shows. */
export function legend(entries) {
  return h("ul", { class: "legend" },
    entries.map(([kind, name]) => h("li", {}, s("svg", { width: 14, height: 14, "aria-hidden": "true", class: "key" },
      s("rect", { class: kind, x: 1, y: 4, width: 12, height: 7 })), name)));
}

/**
 * The smoothed line of a noisy series: an exponential moving average, corrected for its beginning, over about `width` of x.
 * Points need not be evenly spaced.
 */
export function smoothed(points, width) {
  let value = 0;
  let weight = 0;
  let previous = null;
  return points.filter((point) => Number.isFinite(point.y)).map((point) => {
    const keep = previous === null ? 0 : Math.exp(-(point.x - previous) / width);
    value = value * keep + point.y * (1 - (previous === null ? 0 : keep));
    weight = weight * keep + (1 - (previous === null ? 0 : keep));
    previous = point.x;
    return { x: point.x, y: value / weight };
  });
}

/**
 * A bar for each row, all of it before and the filled part after: nodes, stops and height of a drawing.
 * Rows are `{ name, before, after, label, text }`; `attribute` carries their names, `room` is left of the bars' end for labels.
 */
export function barRows(width, rows, { attribute, room, largest }) {
  // Names beside the bars where there is room, else above them.
  const isWide = width >= 620;
  const left = isWide ? 300 : 8;
  const rowHeight = isWide ? 20 : 36;
  const x = scale([0, largest], [left, width - room]);
  const nodes = [];
  const stops = [];
  rows.forEach(({ name, before, after, label, text }, index) => {
    const top = index * rowHeight + (isWide ? 3 : 18);
    const bar = (kind, value) => s("rect", { class: kind, x: left, y: top, width: x(value) - left, height: 14, [attribute]: name, "data-value": value });
    nodes.push(
      s("text", { class: "tick", x: isWide ? left - 8 : left, y: isWide ? top + 11 : top - 4, "text-anchor": isWide ? "end" : "start" }, name),
      bar("bar-before", before), bar("bar-after", after),
      s("text", { class: "tick", x: Math.max(x(before), x(after)) + 6, y: top + 11 }, label));
    stops.push({ x: x(after), y: top + 7, isRow: true, text: `${name}: ${text}` });
  });
  return { nodes, stops, height: rows.length * rowHeight + 8 };
}
