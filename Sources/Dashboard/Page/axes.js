// The axes of plots that set size against quality: what they can show, how it is written, and the choice among them.
import { h } from "./dom.js";
import { bytes, count, significant } from "./format.js";

export const sizes = {
  parameters: { name: "parameters", write: count },
  macs: { name: "multiply-accumulates", write: count },
  size: { name: "size of the files, bytes", write: bytes },
  seconds: { name: "seconds per sample", write: significant },
};

export const qualities = {
  loss: { name: "loss on held-out pictures (less is better)", write: (value) => significant(value, 4), isLess: true },
  ssim: { name: "SSIM to the original", write: (value) => significant(value, 4) },
  mse: { name: "mean squared error to the original", write: significant, isLess: true },
};

/** A labelled choice among axes: the select and its field. */
export function axis(id, label, choices, onchange) {
  const select = h("select", { id, onchange }, Object.entries(choices).map(([key, choice]) => h("option", { value: key }, choice.name)));
  return [select, h("p", { class: "control" }, h("label", { for: id }, label), select)];
}

/** A figure as a number, NaN where there is none. */
export const number = (value) => value ?? NaN;
