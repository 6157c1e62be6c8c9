// The form for a job: every field explained, and a forecast of what the job would give and take as the fields change.
import { all, get, post } from "./api.js";
import { h, show, table } from "./dom.js";
import { phases } from "./fields.js";
import { bytes, change, count, duration, short } from "./format.js";
import { announce, trouble } from "./notices.js";
import { warningList } from "./warnings.js";

export async function newPage(main, signal, from) {
  const [document_, checkpoints, datasets] = await Promise.all([
    get("/openapi.json", signal), all("/v1/checkpoints", signal), all("/v1/datasets", signal),
  ]);
  if (checkpoints.length === 0) {
    main.append(h("h1", {}, "New job"), h("p", {}, "There is no checkpoint yet. ", h("a", { href: "#/files" }, "Bring one first.")));
    return "New job";
  }
  const earlier = from?.startsWith("job_") ? (await get(`/v1/jobs/${from}`, signal)).request : null;
  const form = new JobForm(document_.components.schemas, checkpoints, datasets, signal);
  main.append(h("h1", {}, "New job"), form.element);
  if (earlier) form.fill(earlier);
  else if (from) form.checkpoint.value = from;
  form.changed();
  return "New job";
}

/** The field that a fraction belongs to, or one of several ratios. */
function whole(pointer) {
  return pointer.replace(/\/fraction$/, "").replace(/^\/pruning\/ratios.*$/, "/pruning/ratio");
}

class JobForm {
  constructor(schemas, checkpoints, datasets, signal) {
    this.signal = signal;
    this.schemas = schemas;
    this.controls = new Map();
    this.switches = new Map();
    this.architectures = new Map(checkpoints.map((item) => [item.id, item.architecture]));
    this.checkpoint = h("select", { id: "checkpoint", required: true }, checkpoints.map((item) => h("option", { value: item.id }, `${item.name} (${short(item.parameters)} parameters, ${item.id.slice(-6)})`)));
    this.dataset = h("select", { id: "dataset" }, h("option", { value: "" }, "none"), datasets.map((item) => h("option", { value: item.id }, `${item.name} (${count(item.images)} pictures, ${item.id.slice(-6)})`)));
    // A result can be pruned again, but what was brought is meant more often.
    this.checkpoint.value = (checkpoints.find((item) => item.source.kind === "upload") ?? checkpoints[0]).id;
    if (datasets.length > 0) this.dataset.value = datasets[0].id;
    this.name = h("input", { id: "name", type: "text", maxlength: "256", autocomplete: "off" });
    this.dtype = h("select", { id: "dtype" }, h("option", { value: "" }, "the checkpoint's own"), ["float32", "float16", "bfloat16"].map((name) => h("option", {}, name)));
    this.recipe = h("select", { id: "recipe" }, schemas.JobRequest.properties.recipe.enum.filter((word) => word !== null).map((word) => h("option", {}, word)));
    this.recipe.value = schemas.JobRequest.properties.recipe.default;
    this.recipe.addEventListener("change", () => this.forgetAbsent());
    this.forecast = new Forecast();
    this.plan = null;
    this.kept = {};
    this.absent = new Set();
    this.changes = 0;
    this.planNote = h("p", { class: "notice", hidden: true }, "The cut of the other job's plan is made again, whatever stands here. ",
      h("button", { type: "button", class: "small", onclick: () => { this.plan = null; this.changed(); } }, "Choose anew"));
    this.refused = h("div");
    this.submit = h("button", { type: "submit", class: "primary" }, "Post the job");
    this.form = h("form", { novalidate: true, oninput: () => this.changed(), onsubmit: (event) => { event.preventDefault(); this.post(); } },
      h("fieldset", {}, h("legend", {}, "What"),
        this.field("/checkpoint", this.checkpoint, "Checkpoint", "What to start from."),
        this.field("/dataset", this.dataset, "Dataset", "Pictures of the kind the model was trained on; scoring by gradients and fine-tuning need them.", { of: "denoiser autoencoder" }),
        this.field("/recipe", this.recipe, "Recipe", "What fields below that are left alone take. best: what was found best for the steps a processor affords. paper: Diff-Pruning's own, to the letter."),
        this.field("/name", this.name, "Name", "To find the job again."),
        this.field("/dtype", this.dtype, "Number format", "Of the result's weights.")),
      phases.map((phase) => this.phase(phase)),
      this.refused, h("p", { class: "actions" }, this.submit));
    this.element = h("div", { class: "asking" }, this.form, this.forecast.element);
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  phase({ key, schema, title, detail, fields }) {
    const isOn = h("input", { type: "checkbox", id: key, checked: true, "aria-describedby": `${key}-hint` });
    this.switches.set(key, isOn);
    const shown = fields.flatMap(([path, name, hint, extra = {}]) => {
      if (extra.shares) return this.shares(`/${key}/${path}`, name, hint, extra).map((field) => ({ leads: extra.leads, field }));
      const [first, second] = path.split(".");
      const property = this.schemas[extra.schema ?? schema].properties[second ?? first];
      const id = `${key}-${path.replace(".", "-")}`;
      const control = this.control(id, property, extra);
      this.controls.set(`${key}.${path}`, { control, property, extra });
      return { leads: extra.leads, field: this.field(`/${key}/${path.replace(".", "/")}`, control, name, hint, extra) };
    });
    const some = (leads) => shown.filter((one) => !!one.leads === leads).map(({ field }) => field);
    const inner = h("div", { class: "fields" }, some(true), h("details", { class: "rest" }, h("summary", {}, "All settings"), h("div", { class: "fields" }, some(false))));
    return h("fieldset", { "data-phase": key }, h("legend", {}, isOn, h("label", { for: key }, title)),
      h("p", { class: "note", id: `${key}-hint` }, detail), key === "pruning" ? this.planNote : null, inner);
  }

  /** What says how much goes: the ratio that has a field of its own, or the most of a resource in per cent of what the original takes. */
  shares(pointer, name, hint, { shares }) {
    this.resource = h("select", { id: "pruning-target" }, h("option", { value: "" }, "a ratio"), shares.map(([resource, words]) => h("option", { value: resource }, words)));
    this.percent = h("input", { id: "pruning-percent", type: "number", inputmode: "decimal", step: "5", min: "5", max: "100", value: "50" });
    this.percentField = this.field(pointer, this.percent, "At most, in %", "");
    this.percentHint = this.percentField.querySelector(".hint");
    return [this.field(pointer, this.resource, name, hint), this.percentField];
  }

  control(id, property, extra) {
    if (property.enum) {
      const words = property.enum.filter((word) => word !== null).map((word) => h("option", {}, word));
      const select = h("select", { id }, extra.recipe ? h("option", { value: "" }, extra.empty ?? "as the recipe has it") : null, words);
      select.value = extra.recipe ? "" : property.default;
      return select;
    }
    const types = [property.type].flat();
    if (types.includes("boolean") && extra.recipe) {
      return h("select", { id }, [["", "as the recipe has it"], ["true", "yes"], ["false", "no"]].map(([value, word]) => h("option", { value }, word)));
    }
    if (types.includes("boolean")) return h("input", { id, type: "checkbox", checked: property.default });
    if (extra.list || extra.word) return h("input", { id, type: "text", autocomplete: "off", value: [property.default ?? ""].flat().join(", ") });
    if (types.includes("string")) return h("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", value: property.default ?? "" });
    // A browser's number cannot hold 2⁶³ - 1: its bound is the server's business.
    const isExact = (bound) => bound !== undefined && Number.isSafeInteger(bound * 1000);
    return h("input", {
      id, type: "number", inputmode: "decimal", step: extra.step ?? (types.includes("integer") ? "1" : "any"), min: property.minimum,
      max: isExact(property.maximum) ? property.maximum : undefined, value: extra.recipe ? "" : property.default ?? "",
    });
  }

  /** A field with its label, its explanation and a place for what is wrong with it. */
  field(pointer, control, name, hint, { methods, of } = {}) {
    const error = h("span", { class: "wrong", id: `${control.id}-wrong` });
    control.setAttribute("aria-describedby", `${control.id}-hint ${control.id}-wrong`);
    const label = h("label", { for: control.id }, name);
    return h("div", { class: "field", "data-pointer": pointer, "data-methods": methods?.join(" "), "data-of": of },
      control.type === "checkbox" ? h("span", { class: "check" }, control, label) : [label, control],
      h("span", { class: "hint", id: `${control.id}-hint` }, hint), error);
  }

  /** Takes over what another job asked for. */
  fill(request) {
    this.checkpoint.value = request.checkpoint;
    this.dataset.value = request.dataset ?? "";
    this.name.value = request.name ?? "";
    this.dtype.value = request.dtype ?? "";
    this.recipe.value = request.recipe ?? "paper";
    this.plan = request.pruning?.plan ?? null;
    this.target = this.fillTarget(request.pruning?.target);
    // What has no field here.
    this.kept = { metadata: request.metadata, priority: request.priority };
    for (const { key } of phases) this.switches.get(key).checked = request[key] !== null;
    for (const [path, { control }] of this.controls) {
      const names = path.split(".");
      // A part that the job did without, though the recipe has it.
      if (names.length > 2 && request[names[0]]?.[names[1]] === null) {
        this.absent.add(names.slice(0, 2).join("."));
        control.placeholder = "none";
      }
      const value = names.reduce((object, name) => object?.[name], request);
      if (value === undefined) continue;
      if (control.type === "checkbox") control.checked = value;
      else control.value = [value ?? ""].flat().join(", ");
    }
  }

  /** Shows another job's target, or offers to take it as it is where these fields cannot say it; then it is returned. */
  fillTarget(target) {
    const [[resource, limit] = [], ...others] = Object.entries(target ?? {});
    this.resource.value = target ? resource : "";
    const share = limit?.fraction ?? (resource === "loss_increase" ? limit : undefined);
    if (!target || (share !== undefined && others.length === 0 && this.resource.value === resource)) {
      if (target) this.percent.value = Number((100 * share).toFixed(6));
      return null;
    }
    this.resource.append(h("option", { value: "kept" }, "the other job's target"));
    this.resource.value = "kept";
    return target;
  }

  /** Another recipe is taken with all of its parts. */
  forgetAbsent() {
    this.absent.clear();
    for (const { control } of this.controls.values()) control.removeAttribute("placeholder");
  }

  get request() {
    const request = { ...this.kept, checkpoint: this.checkpoint.value };
    if (this.dataset.value && this.kind !== "generator") request.dataset = this.dataset.value;
    if (this.name.value.trim()) request.name = this.name.value.trim();
    if (this.dtype.value) request.dtype = this.dtype.value;
    request.recipe = this.recipe.value;
    for (const { key } of phases) if (this.switches.get(key).checked) request[key] = {};
    for (const path of this.absent) {
      const [phase, part] = path.split(".");
      if (request[phase]) request[phase][part] = null;
    }
    for (const [path, { control, property, extra }] of this.controls) {
      const names = path.split(".");
      if (!request[names[0]] || !this.applies(extra)) continue;
      const value = this.value(control, property, extra);
      if (value === undefined || (this.kind === "generator" && extra.generator && !extra.generator.includes(value))) continue;
      const object = names.slice(0, -1).reduce((parent, name) => (parent[name] ??= {}), request);
      object[names[names.length - 1]] = value;
    }
    if (request.pruning && this.resource.value) {
      delete request.pruning.ratio;
      const share = this.percent.value === "" ? "no number" : Number(this.percent.value) / 100;
      const limit = this.resource.value === "loss_increase" ? share : { fraction: share };
      request.pruning.target = this.resource.value === "kept" ? this.target : { [this.resource.value]: limit };
    }
    if (request.pruning && this.plan) request.pruning = { plan: this.plan, component: request.pruning.component };
    return request;
  }

  /** The ratios of a sweep, and the request for it; null where the form asks for one job. */
  get sweep() {
    const { request } = this;
    const { ratio, ...pruning } = request.pruning ?? {};
    if (typeof ratio !== "string" || !ratio.includes(",")) return null;
    const words = ratio.split(",").map((word) => word.trim()).filter((word) => word !== "");
    const ratios = words.map((word) => (Number.isNaN(Number(word)) ? word : Number(word)));
    return { ratios, request: { ...request, pruning: { ...pruning, ratios } }, first: { ...request, pruning: { ...pruning, ratio: ratios[0] } } };
  }

  value(control, property, { nullable, list, word }) {
    if (control.type === "checkbox") return control.checked;
    if (list) return control.value.split(",").map((one) => one.trim()).filter((one) => one !== "");
    if (word) return control.value.trim() || undefined;
    if (control.tagName === "SELECT" && !property.enum && control.value) return control.value === "true";
    if (control.tagName === "SELECT") return control.value || undefined;
    if (control.value === "") {
      if (control.validity.badInput) return "no number";
      return nullable ? null : undefined;
    }
    // Where a word may stand in a number's place, what is no number is left to the server.
    return control.type === "text" && Number.isNaN(Number(control.value)) ? control.value.trim() : Number(control.value);
  }

  applies({ methods, of }) {
    return (!methods || methods.includes(this.controls.get("pruning.method").control.value)) && this.isOf(of);
  }

  isOf(kinds) {
    return !kinds || kinds.split(" ").includes(this.kind);
  }

  /** Whether the job is about an autoencoder, which is told no timesteps and draws no samples, or a generator, which needs no pictures either. */
  get kind() {
    const architecture = this.architectures.get(this.checkpoint.value);
    if (architecture === "DCGANGenerator") return "generator";
    const isAlone = ["AutoencoderKL", "AsymmetricAutoencoderKL", "VQModel"].includes(architecture);
    const isMeant = this.switches.get("pruning").checked && ["vae", "vqvae", "decoder"].includes(this.controls.get("pruning.component").control.value);
    return isAlone || isMeant ? "autoencoder" : "denoiser";
  }

  /** Asks for a forecast when the fields have been left alone for a moment; one question at a time. */
  changed() {
    for (const { key } of phases) {
      const fields = this.form.querySelector(`[data-phase="${key}"] .fields`);
      show(fields, this.switches.get(key).checked && !(key === "pruning" && this.plan));
    }
    show(this.planNote, this.plan !== null);
    const method = this.controls.get("pruning.method").control.value;
    for (const field of this.form.querySelectorAll("[data-methods], [data-of]")) {
      const [methods, of] = [field.getAttribute("data-methods"), field.getAttribute("data-of")];
      show(field, (!methods || methods.split(" ").includes(method)) && this.isOf(of));
    }
    const resource = this.resource.value;
    show(this.form.querySelector('[data-pointer="/pruning/ratio"]'), resource === "");
    show(this.percentField, resource !== "" && resource !== "kept");
    this.percentHint.textContent = resource === "loss_increase" ? "Of the original's loss." : "Of what the original takes.";
    this.percentField.setAttribute("data-pointer", `/pruning/target/${resource}`);
    this.changes += 1;
    this.forecast.wait();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 350);
  }

  async ask() {
    if (this.isAsking) {
      this.asksAgain = true;
      return;
    }
    this.isAsking = true;
    do {
      this.asksAgain = false;
      // An answer is shown unless the fields have changed meanwhile.
      const { changes } = this;
      try {
        const { sweep } = this;
        const answer = await post("/v1/jobs?dry_run=true", sweep?.first ?? this.request, this.signal);
        if (this.changes !== changes) continue;
        this.mark([]);
        this.forecast.show(answer, sweep?.ratios);
      } catch (error) {
        if (error.name === "AbortError") return;
        if (this.changes !== changes) continue;
        this.mark(error.errors ?? []);
        this.forecast.refuse(this.named(error));
      }
    } while (this.asksAgain);
    this.isAsking = false;
  }

  /** Shows what is wrong beside the fields it is about. */
  mark(errors) {
    for (const field of this.form.querySelectorAll(".field")) {
      const pointer = field.getAttribute("data-pointer");
      const found = errors.find((error) => whole(error.pointer) === pointer);
      field.querySelector(".wrong").textContent = found ? found.detail : "";
      const control = field.querySelector("input, select");
      if (found) field.closest("details")?.setAttribute("open", "");
      if (found) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  /** A refusal in the words of the form. */
  named(error) {
    const name = (pointer) => this.form.querySelector(`[data-pointer="${CSS.escape(whole(pointer))}"] label`)?.textContent ?? pointer;
    if (!error.errors?.length) return error;
    return { message: error.errors.map(({ pointer, detail }) => `${name(pointer)} ${detail}`).join("; ") };
  }

  async post() {
    this.submit.disabled = true;
    this.refused.replaceChildren();
    try {
      const { sweep } = this;
      const posted = await post(sweep ? "/v1/sweeps" : "/v1/jobs", sweep?.request ?? this.request, this.signal);
      announce(sweep ? "The sweep is posted" : "The job is posted");
      location.hash = sweep ? `#/sweeps/${posted.id}` : `#/jobs/${posted.id}`;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.mark(error.errors ?? []);
      this.refused.replaceChildren(trouble(this.named(error)));
      this.form.querySelector("[aria-invalid]")?.focus();
    }
    this.submit.disabled = false;
  }
}

/** What the job would give and take. */
class Forecast {
  constructor() {
    this.body = h("div", { "aria-live": "polite" });
    this.element = h("aside", { class: "forecast", "aria-label": "Forecast" }, h("h2", {}, "Forecast"), this.body);
  }

  wait() { this.element.setAttribute("aria-busy", "true"); }

  refuse(error) {
    this.element.removeAttribute("aria-busy");
    this.body.replaceChildren(trouble(error));
  }

  /** @param ratios those of a sweep, of whose first job this is. */
  show({ is_estimate: isEstimate, block_out_channels: widths, groups, parameters, macs, size, memory, seconds, warnings }, ratios) {
    this.element.removeAttribute("aria-busy");
    const line = (name, { before, after }, write) => [name, write(before), write(after), change(before, after)];
    const columns = ["", "before", "after", "change"].map((name, index) => ({ name, number: index > 0 }));
    const width = widths ? [...new Map(widths.before.map((before, index) => [`block ${index + 1}`, { before, after: widths.after[index] }]))]
      : groups.map((group) => [group.name, group.width]);
    const times = Object.entries(seconds).map(([phase, value]) => [phase === "total" ? "in all" : phase, duration(value)]);
    this.body.replaceChildren(
      ratios ? h("p", {}, `Of the ratio ${ratios[0]}, the first of the sweep's ${ratios.length}; what it scores serves all.`) : "",
      table("Sizes", columns, [line("parameters", parameters, count), line("multiply-accumulates", macs, short), line("files", size, bytes)]),
      h("h3", {}, "Widths"),
      h("div", { class: widths ? "" : "long" }, table("Widths", columns, width.map(([name, change_]) => line(name, change_, count)))),
      h("h3", {}, "Time here"),
      table("Time here", [{ name: "phase" }, { name: "at most", number: true }], times),
      isEstimate ? h("p", { class: "note" }, "Widths and sizes are those of a uniform cut: the shares are known after scoring, and the cut takes no more multiply-accumulates.") : "",
      warningList(warnings),
      h("p", { class: "note" }, `Memory ${bytes(memory.peak)} of ${bytes(memory.limit)}. Diff-Pruning may stop scoring earlier; time is measured on one step, and the queue is not counted.`));
  }
}
