// What the reconstruction made of every layer.
import { count, significant } from "./format.js";
import { Figure, barRows, legend } from "./plots.js";

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
    const rows = this.layers.map(({ name, error: { before, after } }) => ({
      name, before, after, label: `${percent(before)} → ${percent(after)}`, text: `${percent(before)} before, ${percent(after)} after`,
    }));
    const largest = rows.reduce((most, row) => Math.max(most, row.before, row.after), 1e-6);
    const mean = (key) => this.layers.reduce((sum, { error }) => sum + error[key], 0) / Math.max(1, this.layers.length);
    return {
      ...barRows(width, rows, { attribute: "data-layer", room: 128, largest }),
      summary: `${count(this.layers.length)} layers refitted on ${count(this.samples)} noised pictures; ${percent(mean("before"))} of what the original gives was lost in a layer on average, ${percent(mean("after"))} still is.`,
    };
  }
}
