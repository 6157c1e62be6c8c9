// One job: where it is, what it has measured, its results; live by its events.
import { get, picture, post, save, send, token } from "./api.js";
import { h, show, table } from "./dom.js";
import { follow } from "./events.js";
import { gradientMethods } from "./fields.js";
import { duration, jobName, percents, time } from "./format.js";
import { action, announce, badge, command, isLive, trouble } from "./notices.js";
import { what } from "./page-jobs.js";
import { Results } from "./results.js";
import { stages } from "./samples.js";
import { warningList } from "./warnings.js";

const phases = ["loading", "encoding", "scoring", "searching", "pruning", "reconstructing", "finetuning", "evaluating", "exporting"];

export async function jobPage(main, signal, id, failed) {
  const page = new JobPage(main, signal, id, failed);
  await page.refresh();
  page.follow();
  return jobName(page.job);
}

class JobPage {
  constructor(main, signal, id, failed) {
    Object.assign(this, { signal, id, failed });
    this.heading = h("h1", {});
    this.status = h("span", {});
    this.about = h("p", { class: "lead" });
    this.connection = h("p", { class: "notice", hidden: true });
    this.steps = h("ol", { class: "phases", "aria-label": "Phases" });
    this.bar = h("progress", { id: "progress", max: "1", value: "0" });
    this.barLabel = h("label", { for: "progress" });
    this.running = h("section", { class: "where", "aria-label": "Progress" }, this.steps, h("p", { class: "bar" }, this.bar, this.barLabel));
    this.error = h("div");
    this.warnings = h("div");
    this.controls = h("div", { class: "actions" });
    this.results = new Results();
    this.downloads = h("section", { hidden: true });
    this.request = h("pre", { tabindex: "0", "aria-label": "The request" });
    this.events = h("div");
    main.append(
      h("div", { class: "title" }, this.heading, this.status), this.about, this.connection, this.running, this.error, this.warnings, this.controls,
      this.results.element, this.downloads,
      h("section", {}, h("h2", {}, "What was asked for"), h("details", {}, h("summary", {}, "The whole request"), this.request),
        h("details", { ontoggle: (event) => { if (event.target.open) this.showEvents().catch(failed); } }, h("summary", {}, "What happened"), this.events)));
  }

  /** Reads the job and its metrics anew. One reading at a time; what asks meanwhile has one more to come. */
  async refresh() {
    if (this.isReading) {
      this.isOutdated = true;
      return;
    }
    this.isReading = true;
    try {
      do {
        this.isOutdated = false;
        const [job, metrics] = await Promise.all([get(`/v1/jobs/${this.id}`, this.signal), get(`/v1/jobs/${this.id}/metrics`, this.signal)]);
        this.show(job);
        this.results.update(metrics);
        if (metrics.evaluation && !isLive(job.status)) await this.showSamples(job, metrics);
      } while (this.isOutdated);
    } finally {
      this.isReading = false;
    }
  }

  follow() {
    if (!isLive(this.job.status)) return;
    follow(this.id, {
      signal: this.signal,
      onopen: () => {
        show(this.connection, false);
        this.refresh().catch(this.failed);
      },
      onevent: (type, data) => {
        // Not the request tells whether pictures are encoded, but the model. All events are told to a page that begins.
        if (type === "phase" && data.data.phase === "encoding") this.encodes = true;
        if (type === "progress") this.showProgress(data);
        else if (type === "points") this.results.extend(data);
        else {
          announce(type === "phase" ? `Phase ${data.data.phase}` : type);
          this.refresh().catch(this.failed);
        }
      },
      onlost: (error) => {
        this.connection.textContent = `${error.message}; trying again`;
        show(this.connection, true);
      },
    }).catch(this.failed);
  }

  show(job) {
    this.job = job;
    this.heading.textContent = jobName(job);
    this.status.replaceChildren(badge(job.status));
    const parts = [what(job.request), `posted ${time(job.created_at)}`];
    if (job.finished_at && job.started_at) parts.push(`took ${duration((new Date(job.finished_at) - new Date(job.started_at)) / 1000)}`);
    if (job.attempt > 1) parts.push(`attempt ${job.attempt}`);
    this.about.replaceChildren(h("code", { class: "id" }, job.id), ` · ${parts.join(" · ")}`);
    this.error.replaceChildren(job.error ? trouble({ message: `${job.error.code}: ${job.error.detail}` }) : "");
    this.warnings.replaceChildren(warningList(job.warnings));
    this.request.textContent = JSON.stringify(job.request, null, 2);
    show(this.running, isLive(job.status));
    this.showProgress({ status: job.status, ...job.progress, phase: job.phase ?? job.progress?.phase });
    this.showControls(job);
    this.showDownloads(job);
  }

  showProgress({ status, phase, completed, total, fraction, overall, eta_seconds: left }) {
    const { request } = this.job;
    const skipped = {
      encoding: !this.encodes, scoring: !gradientMethods.includes(request.pruning?.method), pruning: !request.pruning,
      reconstructing: !request.pruning?.reconstruction,
      finetuning: !request.finetuning, evaluating: !request.evaluation, exporting: !request.evaluation,
    };
    const shown = phases.filter((name) => !skipped[name]);
    const at = shown.indexOf(phase);
    this.steps.replaceChildren(...shown.map((name, index) => h("li", {
      class: index < at ? "done" : index === at ? "now" : undefined, "aria-current": index === at ? "step" : undefined,
    }, name)));
    // One bar over all phases; of a job that an earlier version ran its phase's alone is known.
    const share = overall ?? fraction ?? 0;
    this.bar.value = share;
    this.bar.setAttribute("data-completed", completed ?? "");
    const parts = [];
    if (status === "queued") parts.push("waiting for its turn");
    if (status === "paused") parts.push("paused");
    if (this.job.cancel_requested) parts.push("about to stop");
    else if (this.job.pause_requested) parts.push("about to pause");
    if (phase) parts.push(percents(share), `${phase} ${completed} of ${total}`);
    if (Number.isFinite(left)) parts.push(`${duration(left)} left`);
    this.barLabel.textContent = parts.join(" · ");
  }

  showControls(job) {
    const state = `${job.status} ${job.pause_requested} ${job.cancel_requested}`;
    if (state === this.state) return;
    this.state = state;
    const act = (name, verb, attributes) => action(name, attributes ?? {}, async () => this.show(await post(`/v1/jobs/${this.id}/${verb}`)));
    this.controls.replaceChildren(...(isLive(job.status) ? [
      job.status === "paused" || job.pause_requested ? act("Resume", "resume") : act("Pause", "pause"),
      act("Cancel", "cancel", { class: "danger", disabled: job.cancel_requested }),
    ] : [
      h("a", { class: "button", href: `#/new?from=${this.id}` }, "Ask again, changed"),
      h("a", { class: "button", href: `#/compare/${job.request.checkpoint}` }, "Compare"),
      this.reportLink(),
      action("Delete", { class: "danger" }, async () => {
        if (!confirm("Delete this job? The checkpoints it made stay.")) return;
        await send("DELETE", `/v1/jobs/${this.id}`);
        location.hash = "#/jobs";
      }),
    ]));
  }

  /** A browser that follows a link sends no token. */
  reportLink() {
    const path = `/v1/jobs/${this.id}/report.html`;
    if (token.get()) return action("Report", {}, () => save(path, `${this.id}.html`));
    return h("a", { class: "button", href: path, target: "_blank", rel: "noopener" }, "Report");
  }

  async showSamples(job, metrics) {
    if (this.hasSamples) return;
    const images = {};
    // Of a job that prunes nothing there is no stage between the first and the last.
    for (const [stage, name] of stages.filter(([stage]) => stage !== "pruned" || job.request.pruning)) {
      const image = await picture(`/v1/jobs/${this.id}/files/samples_${stage}.png`, `Samples: ${name.toLowerCase()}`, this.signal);
      if (image) images[stage] = image;
    }
    this.hasSamples = true;
    this.results.updateSamples(images, job.request.evaluation.samples, metrics.evaluation);
  }

  showDownloads(job) {
    const { checkpoint, pruned_checkpoint: pruned } = job.result;
    const stage = `${checkpoint} ${pruned} ${job.status}`;
    if (stage === this.stage) return;
    this.stage = stage;
    const items = [];
    const add = (name, path, file) => items.push(h("li", {}, action(name, {}, () => save(path, file)),
      command(`curl -o ${file} ${this.authorization()}${path.includes("?") ? `'${location.origin}${path}'` : location.origin + path}`)));
    if (checkpoint) add("The result", `/v1/checkpoints/${checkpoint}/content`, `${checkpoint}.tar`);
    if (checkpoint) add("The result as ONNX", `/v1/checkpoints/${checkpoint}/content?layout=onnx`, `${checkpoint}-onnx.tar`);
    if (pruned && pruned !== checkpoint) add("Pruned, before fine-tuning", `/v1/checkpoints/${pruned}/content`, `${pruned}.tar`);
    if (!isLive(job.status)) {
      add("The measurements", `/v1/jobs/${this.id}/metrics`, `${this.id}.json`);
      if (job.request.pruning) add("The plan of the cut", `/v1/jobs/${this.id}/plan`, `${this.id}-plan.json`);
      if (job.request.evaluation && job.status === "succeeded") add("The samples at the end", `/v1/jobs/${this.id}/files/samples_after.png`, "samples_after.png");
      add("A report to keep", `/v1/jobs/${this.id}/report.html`, `${this.id}.html`);
    }
    show(this.downloads, items.length > 0);
    this.downloads.replaceChildren(h("h2", {}, "Downloads"), h("ul", { class: "downloads" }, items));
  }

  authorization() {
    return token.get() ? "-H \"Authorization: Bearer $PRUNER_TOKEN\" " : "";
  }

  async showEvents() {
    const list = await get(`/v1/jobs/${this.id}/events`, this.signal);
    this.events.replaceChildren(table("What happened", [{ name: "event" }, { name: "when" }, { name: "more" }],
      list.data.map((event) => [event.event, time(event.created_at), Object.entries(event.data).map(([key, value]) => `${key} ${value}`).join(", ")])));
  }
}
