// What is said to the reader: out loud to screen readers, and in place.
import { h } from "./dom.js";

/** Says something to those who do not see the page. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** A notice of something that went wrong. */
export function trouble(error) {
  return h("p", { class: "notice bad", role: "alert" }, error.message);
}

/** Does something on a click; the button waits for it, and a refusal shows beside it. */
export function action(name, attributes, act) {
  const note = h("span", { class: "refused", role: "alert" });
  const button = h("button", {
    type: "button", ...attributes,
    onclick: async () => {
      button.disabled = true;
      note.textContent = "";
      try {
        await act();
      } catch (error) {
        note.textContent = error.message;
      }
      button.disabled = false;
    },
  }, name);
  return h("span", { class: "action" }, button, note);
}

/** A command to copy. */
export function command(text) {
  const code = h("code", {}, text);
  return h("div", { class: "command" }, h("pre", { tabindex: "0", "aria-label": "Command" }, code),
    action("Copy", { class: "small" }, async () => {
      await navigator.clipboard.writeText(text);
      announce("Copied");
    }));
}

const words = { queued: "waiting", running: "running", paused: "paused", succeeded: "succeeded", failed: "failed", cancelled: "cancelled" };

/** Whether a job or sweep of this status may still change by itself or be stopped. */
export const isLive = (status) => ["queued", "running", "paused"].includes(status);

/** A job's status as a badge. */
export function badge(status) {
  return h("span", { class: `badge ${status in words ? status : ""}` }, words[status] ?? status);
}
