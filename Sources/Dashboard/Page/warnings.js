// What there is to know of a checkpoint, a dataset or a job that stops nothing.
import { h } from "./dom.js";

/** Warnings as a list, each a sentence and its code; nothing where there is none. */
export function warningList(warnings) {
  if (!warnings.length) return "";
  return h("ul", { class: "warnings", "aria-label": "Warnings" },
    warnings.map(({ code, detail }) => h("li", { class: "warning" }, detail, " ", h("code", { class: "id" }, code))));
}

/** How many there are, for a place without room for them; nothing where there is none. */
export function warningCount(warnings) {
  if (!warnings.length) return "";
  return h("span", { class: "warning", title: warnings.map(({ detail }) => detail).join("\n") }, warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`);
}
