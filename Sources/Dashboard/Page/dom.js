// Elements are made here and nowhere else. Whatever comes from the server becomes text or an attribute, never markup.

function make(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element: `h("button", { type: "button", onclick: save }, "Save")`. */
export function h(tag, attributes = {}, ...children) {
  return make(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  return make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

let lastNumber = 0;

/** An id that no other element has. */
export function freshId(prefix) {
  lastNumber += 1;
  return `${prefix}-${lastNumber}`;
}

/** Shows an element or not. */
export function show(element, isShown) {
  element.hidden = !isShown;
}

/**
 * A table; numbers stand to the right. A row is an array of texts and nodes. `isCards`: on a phone every row is a block of lines.
 */
export function table(caption, columns, rows, { isCards = false } = {}) {
  // A block in a table's place would be no table to screen readers without these.
  const role = (name) => (isCards ? { role: name } : {});
  const side = (column) => ({ class: column.number ? "number" : undefined });
  const heads = columns.map((column) => h("th", { scope: "col", ...role("columnheader"), ...side(column) }, column.name));
  const lines = rows.map((row) =>
    h("tr", role("row"), row.map((cell, index) => (index === 0
      ? h("th", { scope: "row", ...role("rowheader"), ...side(columns[0]) }, cell)
      : h("td", { ...role("cell"), ...side(columns[index]), "data-label": columns[index].name }, cell)))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: isCards ? "cards" : undefined, ...role("table") }, h("caption", { class: "unseen" }, caption),
      h("thead", role("rowgroup"), h("tr", role("row"), heads)), h("tbody", role("rowgroup"), lines)));
}
