// Asks for the token that the server wants.
import { token } from "./api.js";
import { h } from "./dom.js";

export function tokenPage(main, done, refusal) {
  const secret = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, spellcheck: "false" });
  const isKept = h("input", { id: "keep", type: "checkbox" });
  main.append(
    h("h1", {}, "This server needs a token"),
    refusal && token.get() ? h("p", { class: "notice bad", role: "alert" }, refusal.message) : "",
    h("p", {}, "Who runs the server makes one with ", h("code", {}, "pruner token create"), ". It stays in this browser and is sent to this server only."),
    h("form", {
      class: "narrow",
      onsubmit: (event) => {
        event.preventDefault();
        token.set(secret.value.trim(), isKept.checked);
        done();
      },
    },
    h("p", { class: "field" }, h("label", { for: "token" }, "Token"), secret),
    h("p", { class: "check" }, isKept, h("label", { for: "keep" }, "Keep it when the browser is closed")),
    h("p", { class: "actions" },
      h("button", { type: "submit", class: "primary" }, "Use it"),
      token.get() ? h("button", { type: "button", onclick: () => { token.clear(); done(); } }, "Forget the token") : null)));
  secret.focus();
  return "Token";
}
