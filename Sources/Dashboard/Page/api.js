// Talking to the server: JSON, uploads with progress, downloads; with the token where one is needed.

const key = "pruner.token";

export const token = {
  get() { return sessionStorage.getItem(key) ?? localStorage.getItem(key); },
  set(value, isKept) {
    this.clear();
    (isKept ? localStorage : sessionStorage).setItem(key, value);
  },
  clear() {
    sessionStorage.removeItem(key);
    localStorage.removeItem(key);
  },
};

/** A refusal of the server (RFC 9457), or status 0 when it cannot be reached. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "";
    this.errors = problem.errors ?? [];
  }
}

const unreachable = () => new Refusal(0, { detail: "the server cannot be reached" });

function authorized(headers = {}) {
  const secret = token.get();
  return secret ? { ...headers, Authorization: `Bearer ${secret}` } : headers;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Sends a request; the answer as `fetch` gives it. Throws a `Refusal`, or `AbortError` when `signal` says so. */
export async function send(method, path, { body, headers, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, { method, body, signal, headers: authorized(headers), cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!answer.ok) throw new Refusal(answer.status, parsed(await answer.text()));
  return answer;
}

/** GET, as JSON. */
export async function get(path, signal) {
  return (await send("GET", path, { signal })).json();
}

/** POST of JSON, or of nothing; the answer as JSON. */
export async function post(path, json, signal) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return (await send("POST", path, { body, signal, headers: body ? { "Content-Type": "application/json" } : {} })).json();
}

/** All items of a list, page by page. */
export async function all(path, signal) {
  const items = [];
  let after = "";
  for (;;) {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=100${after}`, signal);
    items.push(...page.data);
    if (!page.has_more) return items;
    after = `&after=${encodeURIComponent(page.last_id)}`;
  }
}

/** Sends a body and tells how far it is: `onprogress(sent, total)`. The answer as JSON. (`fetch` does not tell.) */
export function upload(path, body, { onprogress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(authorized())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onprogress(event.loaded, event.total));
    request.addEventListener("load", () => {
      const answer = parsed(request.responseText);
      if (request.status < 300) resolve(answer);
      else reject(new Refusal(request.status, answer));
    });
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new DOMException("given up", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

/** A picture, loaded; null where there is none. */
export async function picture(path, alt, signal) {
  let answer;
  try {
    answer = await send("GET", path, { signal });
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
  const image = new Image();
  image.alt = alt;
  image.src = URL.createObjectURL(await answer.blob());
  await image.decode();
  URL.revokeObjectURL(image.src);
  return image;
}

/** Saves a file under a name. A link does without a token; with one the browser must hold the file first. */
export async function save(path, name) {
  const link = document.createElement("a");
  link.download = name;
  const isHeld = token.get() !== null;
  link.href = isHeld ? URL.createObjectURL(await (await send("GET", path)).blob()) : path;
  link.click();
  if (isHeld) setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
