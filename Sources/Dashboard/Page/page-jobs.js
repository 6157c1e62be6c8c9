// The queue: every job, newest first, kept up to date while it is looked at.
import { get } from "./api.js";
import { h, show, table } from "./dom.js";
import { duration, jobName, percents, share, short, significant, time } from "./format.js";
import { badge } from "./notices.js";
import { warningCount } from "./warnings.js";

const filters = [["", "all"], ["running", "running"], ["queued", "waiting"], ["paused", "paused"], ["succeeded", "succeeded"], ["failed", "failed"], ["cancelled", "cancelled"]];

export async function jobsPage(main, signal, failed) {
  const list = h("div");
  const lost = h("p", { class: "notice", role: "status", hidden: true });
  let after = "";
  let last = "";
  let shown = "";
  const turn = (name, next) => h("button", { type: "button", hidden: true, onclick: () => { after = next(); again(); } }, name);
  const older = turn("Older", () => last);
  const newest = turn("Newest", () => "");
  const filter = h("select", { id: "filter", onchange: () => { after = ""; again(); } }, filters.map(([value, name]) => h("option", { value }, name)));

  async function refresh() {
    const query = new URLSearchParams({ limit: 50, ...(filter.value && { status: filter.value }), ...(after && { after }) });
    const page = await get(`/v1/jobs?${query}`, signal);
    last = page.last_id;
    show(older, page.has_more);
    show(newest, after !== "");
    // What is read or has the focus is not put anew for nothing.
    const text = JSON.stringify(page.data);
    if (text === shown) return;
    shown = text;
    const focused = document.activeElement?.getAttribute("href");
    const isEmpty = page.data.length === 0;
    list.replaceChildren(!isEmpty ? jobTable(page.data) : filter.value || after ? h("p", { class: "quiet" }, "None.") : welcome());
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  function again() {
    refresh().then(() => show(lost, false), (error) => {
      if (error.status !== 0) return failed(error);
      lost.textContent = `${error.message}; trying again`;
      show(lost, true);
    });
  }

  main.append(
    h("div", { class: "title" }, h("h1", {}, "Jobs"),
      h("p", { class: "control" }, h("label", { for: "filter" }, "Show"), filter),
      h("a", { class: "button primary", href: "#/new" }, "New job")),
    lost, list, h("p", { class: "actions" }, newest, older));
  await refresh();
  const timer = setInterval(() => { if (!document.hidden) again(); }, 2000);
  signal.addEventListener("abort", () => clearInterval(timer));
  return "Jobs";
}

function jobTable(jobs) {
  const columns = [{ name: "job" }, { name: "status" }, { name: "progress" }, { name: "what" }, { name: "posted" }];
  return table("Jobs", columns, jobs.map((job) => [
    h("a", { href: `#/jobs/${job.id}` }, jobName(job)), h("span", {}, badge(job.status), " ", warningCount(job.warnings)), progress(job), what(job.request), time(job.created_at),
  ]), { isCards: true });
}

function progress(job) {
  if (job.status === "failed") return job.error?.code ?? "";
  if (job.finished_at && job.started_at) return duration((new Date(job.finished_at) - new Date(job.started_at)) / 1000);
  if (!job.progress) return "";
  const share = job.progress.overall ?? job.progress.fraction;
  const left = job.progress.eta_seconds === null ? "" : `, ${duration(job.progress.eta_seconds)} left`;
  return h("span", { class: "progress" },
    h("progress", { max: "1", value: share, "aria-label": "Done" }), `${percents(share)}, ${job.progress.phase}${left}`);
}

/** A job's request in a few words. */
export function what(request) {
  const parts = [];
  if (request.pruning) parts.push(request.pruning.plan ? "a given plan" : `${request.pruning.method} ${howMuch(request.pruning)}`);
  if (request.finetuning) parts.push(`${request.finetuning.steps} steps`);
  if (request.evaluation) parts.push(`${request.evaluation.samples} samples`);
  return parts.join(", ");
}

/** What a cut was asked for: the ratio, or the limits of a target: `macs 50%`. */
export function howMuch({ ratio, target }) {
  if (!target) return typeof ratio === "number" ? `ratio ${significant(ratio)}` : `ratio ${ratio}`;
  const told = (resource, limit) => limit.fraction !== undefined ? share(limit.fraction) : resource === "loss_increase" ? share(limit) : resource === "seconds_per_sample" ? significant(limit) : short(limit);
  return Object.entries(target).map(([resource, limit]) => `${resource} ${told(resource, limit)}`).join(", ");
}

function welcome() {
  return h("div", { class: "welcome" },
    h("p", {}, "Nothing here yet. A checkpoint becomes smaller in three steps:"),
    h("ol", {},
      h("li", {}, h("a", { href: "#/files" }, "Bring a checkpoint and pictures"), ": a diffusers folder and a folder of PNG, JPEG or WebP files."),
      h("li", {}, h("a", { href: "#/new" }, "Post a job"), ": how much to remove, and how long to fine-tune."),
      h("li", {}, "Watch it here, compare, and download the result, which stock diffusers loads.")));
}
