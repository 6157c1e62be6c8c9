// What the reconstruction made of every layer.
import { s } from "./dom.js";
import { count, significant } from "./format.js";
import { Figure, legend, scale } from "./plots.js";

const percent = (share) => `${significant(share * 100)} %`;

/** How far every layer is from what the original gives there, before and after it was refitted. */
export class LayersFigure extends Figure {
  constructor() {
    super("Error per layer", "How far each refitted layer is from what the original gives there, as a share of it: all of the bar before, the filled part after. Later layers suffer from those before them.", {
      draw: (width) => this.plot(width),
      numbers: () => ({
        caption: "Error per layer",
        columns: [{ name: "layer" }, { name: "before", number: true }, { name: "after", number: true }],
        rows: this.layers.map((layer) => [layer.name, percent(layer.error.before), percent(layer.error.after)]),
      }),
      controls: [legend([["key-after", "left"], ["key-before", "repaired"]])],
    });
    this.layers = [];
  }

  update(reconstruction) {
    this.samples = reconstruction.samples;
    this.layers = reconstruction.layers;
    this.render();
  }

  plot(width) {
    // Names beside the bars where there is room, else above them.
    const isWide = width >= 620;
    const left = isWide ? 300 : 8;
    const rowHeight = isWide ? 20 : 36;
    const largest = this.layers.reduce((most, { error }) => Math.max(most, error.before, error.after), 1e-6);
    const x = scale([0, largest], [left, width - 128]);
    const nodes = [];
    const stops = [];
    this.layers.forEach(({ name, error: { before, after } }, index) => {
      const top = index * rowHeight + (isWide ? 3 : 18);
      nodes.push(
        s("text", { class: "tick", x: isWide ? left - 8 : left, y: isWide ? top + 11 : top - 4, "text-anchor": isWide ? "end" : "start" }, name),
        s("rect", { class: "bar-before", x: left, y: top, width: x(before) - left, height: 14, "data-layer": name, "data-value": before }),
        s("rect", { class: "bar-after", x: left, y: top, width: x(after) - left, height: 14, "data-layer": name, "data-value": after }),
        s("text", { class: "tick", x: Math.max(x(before), x(after)) + 6, y: top + 11 }, `${percent(before)} → ${percent(after)}`));
      stops.push({ x: x(after), y: top + 7, isRow: true, text: `${name}: ${percent(before)} before, ${percent(after)} after` });
    });
    const mean = (key) => this.layers.reduce((sum, { error }) => sum + error[key], 0) / Math.max(1, this.layers.length);
    return {
      nodes, stops, height: this.layers.length * rowHeight + 8,
      summary: `${count(this.layers.length)} layers refitted on ${count(this.samples)} noised pictures; ${percent(mean("before"))} of what the original gives was lost in a layer on average, ${percent(mean("after"))} still is.`,
    };
  }
}
