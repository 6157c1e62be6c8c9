// The report: the same plots, from the data that stands in the file.
import { h, table } from "./dom.js";
import { duration, jobName, time } from "./format.js";
import { Results } from "./results.js";
import { stages } from "./samples.js";
import { warningList } from "./warnings.js";

const report = JSON.parse(document.getElementById("data").textContent);
const { job, metrics, checkpoint, dataset } = report;
const results = new Results();
const main = document.querySelector("main");

function facts() {
  const rows = [["job", job.id], ["status", job.status], ["posted", time(job.created_at)]];
  if (job.finished_at && job.started_at) rows.push(["took", duration((new Date(job.finished_at) - new Date(job.started_at)) / 1000)]);
  rows.push(["checkpoint", checkpoint ? `${checkpoint.name}, ${checkpoint.id}` : `${job.request.checkpoint}, deleted since`]);
  if (job.request.dataset) rows.push(["dataset", dataset ? `${dataset.name}, ${dataset.images} pictures, ${dataset.id}` : `${job.request.dataset}, deleted since`]);
  if (job.result.checkpoint) rows.push(["result", job.result.checkpoint]);
  rows.push(["made by", `pruner ${report.version}, ${time(report.created_at)}`]);
  return table("The job", [{ name: "" }, { name: "" }], rows);
}

main.prepend(h("h1", {}, jobName(job)), facts(),
  job.error ? h("p", { class: "notice bad" }, `${job.error.code}: ${job.error.detail}`) : "", warningList(job.warnings), results.element,
  h("section", {}, h("h2", {}, "What was asked for"), h("pre", { tabindex: "0", "aria-label": "The request" }, JSON.stringify(job.request, null, 2))));
results.update(metrics);
const images = {};
for (const [stage] of stages) {
  const image = document.getElementById(`samples-${stage}`);
  if (image) images[stage] = image;
}
await Promise.all(Object.values(images).map((image) => image.decode()));
if (job.request.evaluation) results.updateSamples(images, job.request.evaluation.samples, metrics.evaluation);
document.documentElement.classList.add("ready");
