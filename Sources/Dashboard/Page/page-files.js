// Checkpoints and datasets: bringing them by drag and drop, and what is there.
import { all, save, send, upload } from "./api.js";
import { freshId, h, show, table } from "./dom.js";
import { bytes, count, duration, short, time } from "./format.js";
import { action, announce, trouble } from "./notices.js";
import { dropped, packed } from "./tar.js";
import { warningList } from "./warnings.js";

const kinds = {
  checkpoints: {
    title: "Checkpoints", one: "checkpoint",
    hint: "A diffusers folder, or a tar, tar.gz or zip of one; or config.json with its weights.",
    columns: [{ name: "name" }, { name: "parameters", number: true }, { name: "macs", number: true }, { name: "sample" }, { name: "size", number: true }, { name: "from" }, { name: "" }],
    row: (item) => [
      h("span", {}, item.name, h("br"), h("code", { class: "id" }, item.id), warningList(item.warnings)),
      count(item.parameters), short(item.macs), item.sample_shape.join(" × "), bytes(item.size),
      item.source.kind === "job" ? h("a", { href: `#/jobs/${item.source.job}` }, item.source.stage) : time(item.created_at),
    ],
  },
  datasets: {
    title: "Datasets", one: "dataset",
    hint: "A folder of PNG, JPEG and WebP files, or a tar, tar.gz or zip of them; metadata.jsonl or metadata.csv beside them gives labels or captions.",
    options: [["on_error=skip", "Leave out pictures that cannot be read"], ["exif=apply", "Turn pictures as their EXIF says"]],
    columns: [{ name: "name" }, { name: "pictures", number: true }, { name: "at least" }, { name: "size", number: true }, { name: "from" }, { name: "" }],
    row: (item) => [
      h("span", {}, item.name, h("br"), h("code", { class: "id" }, item.id), warningList(item.warnings)),
      count(item.images), `${item.width} × ${item.height}`, bytes(item.size), time(item.created_at),
    ],
  },
};

export async function filesPage(main, signal) {
  main.append(h("h1", {}, "Files"), h("p", { class: "lead" }, "Everything stays on the server's machine."));
  const sections = Object.keys(kinds).map((kind) => new Section(kind, signal));
  main.append(...sections.map((section) => section.element));
  await Promise.all(sections.map((section) => section.refresh()));
  return "Files";
}

class Section {
  constructor(kind, signal) {
    this.kind = kind;
    this.signal = signal;
    const { title, one, hint, options = [] } = kinds[kind];
    this.list = h("div");
    this.state = h("div");
    const files = this.chooser(`Choose files for a ${one}`, { multiple: true });
    const folder = this.chooser(`Choose a folder for a ${one}`, { webkitdirectory: true });
    this.options = options.map(([query]) => ({ query, box: h("input", { type: "checkbox", id: freshId("option") }) }));
    this.zone = h("div", {
      class: "zone",
      ondragover: (event) => { event.preventDefault(); this.zone.classList.add("over"); },
      ondragleave: () => this.zone.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        this.zone.classList.remove("over");
        // The transfer is empty as soon as this function waits.
        this.take(dropped(event.dataTransfer));
      },
    },
    h("p", {}, h("strong", {}, `Drop a ${one} here`)), h("p", { class: "note" }, hint),
    h("p", { class: "actions" }, h("button", { type: "button", onclick: () => files.click() }, "Choose files"), files,
      h("button", { type: "button", onclick: () => folder.click() }, "Choose a folder"), folder),
    this.options.map(({ box }, index) => h("p", {}, h("span", { class: "check" }, box, h("label", { for: box.id }, options[index][1])))));
    this.element = h("section", { "aria-labelledby": kind }, h("h2", { id: kind }, title), this.zone, this.state, this.list);
  }

  chooser(label, attributes) {
    return h("input", {
      type: "file", class: "unseen", tabindex: "-1", "aria-label": label, ...attributes,
      onchange: (event) => {
        const found = [...event.target.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
        this.take(Promise.resolve(found)).finally(() => { event.target.value = ""; });
      },
    });
  }

  async take(files) {
    const { one } = kinds[this.kind];
    const giveUp = new AbortController();
    const left = () => giveUp.abort();
    this.signal.addEventListener("abort", left);
    const id = freshId("sent");
    const bar = h("progress", { id, max: "1", value: "0" });
    const note = h("span", {});
    const label = h("label", { for: id }, "Reading…");
    this.state.replaceChildren(h("p", { class: "sending" }, label, bar, note,
      h("button", { type: "button", class: "small", onclick: () => giveUp.abort() }, "Give up")));
    try {
      const { body, name } = packed(await files);
      label.textContent = `Sending ${name}, ${bytes(body.size)}`;
      const start = performance.now();
      const query = [`name=${encodeURIComponent(name)}`, ...this.options.filter(({ box }) => box.checked).map((option) => option.query)];
      const made = await upload(`/v1/${this.kind}?${query.join("&")}`, body, {
        signal: giveUp.signal,
        onprogress: (sent, total) => {
          bar.max = total;
          bar.value = sent;
          const left = ((performance.now() - start) / 1000) * (total / sent - 1);
          note.textContent = sent < total ? `${Math.floor((sent / total) * 100)} %, ${duration(left)} left` : `sent; the ${one} is being checked`;
        },
      });
      this.state.replaceChildren(h("p", { class: "notice good" }, `${made.name} is here: `, h("code", {}, made.id)));
      announce(`The ${one} ${made.name} is here`);
      await this.refresh();
    } catch (error) {
      this.state.replaceChildren(error.name === "AbortError" ? h("p", { class: "notice" }, "Given up; nothing was kept.") : trouble(error));
    } finally {
      this.signal.removeEventListener("abort", left);
    }
  }

  async refresh() {
    const items = await all(`/v1/${this.kind}`, this.signal);
    const { title, row, columns, one } = kinds[this.kind];
    show(this.list, items.length > 0);
    this.list.replaceChildren(table(title, columns, items.map((item) => [...row(item), this.actions(item, one)]), { isCards: true }));
  }

  actions(item, one) {
    const label = (verb) => ({ class: "small", "aria-label": `${verb} the ${one} ${item.name}` });
    return h("span", { class: "actions" },
      one === "checkpoint" ? h("a", { class: "button small", href: `#/new?from=${item.id}`, "aria-label": `Prune ${item.name}` }, "Prune") : null,
      one === "checkpoint" ? action("Download", label("Download"), () => save(`/v1/checkpoints/${item.id}/content`, `${item.id}.tar`)) : null,
      action("Delete", label("Delete"), async () => {
        if (!confirm(`Delete the ${one} ${item.name}?`)) return;
        await send("DELETE", `/v1/${this.kind}/${item.id}`);
        announce("Deleted");
        await this.refresh();
      }));
  }
}
