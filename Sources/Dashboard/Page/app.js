// Finds the page for the address, and lets the last one go.
import { Refusal } from "./api.js";
import { comparePage } from "./page-compare.js";
import { filesPage } from "./page-files.js";
import { jobPage } from "./page-job.js";
import { jobsPage } from "./page-jobs.js";
import { newPage } from "./page-new.js";
import { sweepPage, sweepsPage } from "./page-sweeps.js";
import { tokenPage } from "./page-token.js";
import { h } from "./dom.js";
import { trouble } from "./notices.js";

/** A page is `(main, signal, ...captured) → title`; it may go on until `signal` says that the reader has left. */
const pages = [
  [/^#\/jobs$/, jobsPage],
  [/^#\/jobs\/([\w-]+)$/, jobPage],
  [/^#\/new(?:\?from=([\w-]+))?$/, newPage],
  [/^#\/files$/, filesPage],
  [/^#\/sweeps$/, sweepsPage],
  [/^#\/sweeps\/([\w-]+)$/, sweepPage],
  [/^#\/compare(?:\/([\w-]+))?$/, comparePage],
  [/^#\/token$/, (main) => tokenPage(main, () => { location.hash = "#/jobs"; })],
];

const main = document.getElementById("main");
let current = new AbortController();

async function visit() {
  current.abort();
  current = new AbortController();
  const visited = current;
  const { signal } = visited;
  const address = location.hash || "#/jobs";
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = address === link.hash || address.startsWith(`${link.hash}/`) || address.startsWith(`${link.hash}?`);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = h("div", { class: "page" });
  main.replaceChildren(place);
  const failed = (error) => {
    if (signal.aborted || error.name === "AbortError") return;
    if (error instanceof Refusal && error.status === 401) {
      // Nothing of the page goes on behind the question.
      visited.abort();
      place.replaceChildren();
      document.title = `${tokenPage(place, visit, error)} · pruner`;
      return;
    }
    place.querySelector(":scope > .notice.bad")?.remove();
    place.append(trouble(error));
    if (!(error instanceof Refusal)) console.error(error);
  };
  try {
    const [found, page] = pages.map(([pattern, page]) => [address.match(pattern), page]).find(([match]) => match) ?? [null, null];
    if (!page) throw new Refusal(404, { detail: `there is no page ${address}` });
    const title = await page(place, signal, ...found.slice(1), failed);
    if (signal.aborted) return;
    document.title = `${title} · pruner`;
    // Where a reader who does not see the page goes on reading.
    if (hasVisited && !place.contains(document.activeElement)) main.focus({ preventScroll: true });
    hasVisited = true;
  } catch (error) {
    failed(error);
  }
}

let hasVisited = false;
addEventListener("hashchange", () => {
  scrollTo(0, 0);
  visit();
});
visit();
