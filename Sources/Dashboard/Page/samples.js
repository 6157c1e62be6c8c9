// The samples before, after pruning and at the end: the grids side by side, and each picture with a slider between two of them.
import { freshId, h, show } from "./dom.js";
import { significant } from "./format.js";

export const stages = [["before", "Before"], ["pruned", "Pruned"], ["after", "After"]];

/** Where picture `index` of `count` lies in a grid of torchvision's layout. */
export function cell(index, count, width, height) {
  const padding = count > 1 ? 2 : 0;
  const columns = Math.max(1, Math.ceil(Math.sqrt(count)));
  const rows = Math.ceil(count / columns);
  const w = (width - padding) / columns - padding;
  const h = (height - padding) / rows - padding;
  return { x: padding + (index % columns) * (w + padding), y: padding + Math.floor(index / columns) * (h + padding), w, h };
}

/** `update(images, count, ssim, told)`: `images` by stage, loaded; per picture `ssim` between before and after, and what the model was told, or null. */
export class Samples {
  constructor() {
    this.grids = h("div", { class: "grids" });
    this.pairs = h("ul", { class: "pairs" });
    this.left = this.choice("Left", "before");
    this.right = this.choice("Right", "after");
    const id = freshId("cut");
    this.cut = h("input", {
      type: "range", id, min: "0", max: "100", value: "50", oninput: () => this.slide(),
    });
    this.element = h("div", { class: "samples" }, this.grids,
      h("h3", {}, "Picture by picture"),
      h("p", { class: "note" }, "All stages begin from the same noise. SSIM compares before and after: 1 is the same picture. It measures faithfulness, not quality."),
      h("div", { class: "controls" }, this.left.element, h("p", { class: "control grow" }, h("label", { for: id }, "Slide between them"), this.cut), this.right.element),
      this.pairs);
  }

  choice(name, value) {
    const id = freshId("stage");
    const select = h("select", { id, onchange: () => this.drawPairs() });
    return { select, value, element: h("p", { class: "control" }, h("label", { for: id }, name), select) };
  }

  update(images, count, ssim, told) {
    Object.assign(this, { images, count, ssim, told });
    const known = stages.filter(([stage]) => images[stage]);
    this.grids.replaceChildren(...known.map(([stage, name]) => h("figure", {}, images[stage], h("figcaption", {}, name))));
    for (const choice of [this.left, this.right]) {
      choice.select.replaceChildren(...known.map(([stage, name]) => h("option", { value: stage }, name)));
      choice.select.value = images[choice.value] ? choice.value : known[known.length - 1]?.[0];
    }
    show(this.element, known.length > 0);
    this.drawPairs();
  }

  drawPairs() {
    const [left, right] = [this.left.select.value, this.right.select.value];
    this.left.value = left;
    this.right.value = right;
    if (!this.images[left] || !this.images[right]) return;
    this.pairs.replaceChildren(...Array.from({ length: this.count }, (_, index) => {
      const value = this.ssim?.[index];
      return h("li", {},
        h("div", { class: "pair", role: "img", "aria-label": `Picture ${index + 1}, ${left} and ${right}` },
          this.canvas(this.images[left], index), this.canvas(this.images[right], index, "over")),
        this.told?.[index] !== undefined ? h("span", { class: "told" }, this.told[index] || "no text") : "",
        h("span", {}, Number.isFinite(value) ? `SSIM ${significant(value)}` : `No. ${index + 1}`));
    }));
    this.slide();
  }

  canvas(image, index, kind) {
    const { x, y, w, h: height } = cell(index, this.count, image.naturalWidth, image.naturalHeight);
    const canvas = h("canvas", { width: w, height, class: kind });
    canvas.getContext("2d").drawImage(image, x, y, w, height, 0, 0, w, height);
    return canvas;
  }

  slide() {
    this.pairs.style.setProperty("--cut", `${this.cut.value}%`);
    this.cut.setAttribute("aria-valuetext", `${this.cut.value} % ${this.left.select.value}`);
  }
}
