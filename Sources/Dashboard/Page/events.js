// A job's events as they happen. `EventSource` cannot send a token, so this reads the stream itself (WHATWG HTML, section 9.2).
import { Refusal, send } from "./api.js";

/** Takes a stream of server-sent events apart: `take(text)` gives the events that are complete. */
export class EventParser {
  constructor() {
    this.rest = "";
    this.lastID = "";
    this.begin();
  }

  begin() {
    this.type = "message";
    this.data = [];
  }

  take(text) {
    const events = [];
    this.rest += text;
    for (;;) {
      const end = this.rest.indexOf("\n");
      if (end < 0) return events;
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + 1);
      if (line === "") {
        if (this.data.length > 0) events.push({ type: this.type, data: this.data.join("\n") });
        this.begin();
        continue;
      }
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "event") this.type = value;
      else if (name === "data") this.data.push(value);
      else if (name === "id") this.lastID = value;
    }
  }
}

function visible(signal) {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) resolve();
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
  });
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
  });
}

/**
 * Follows a job until it ends or `signal` says stop, over lost connections. A page that is not looked at lets its connection go:
 * a browser has six for a server.
 *
 * `onopen()` at every beginning: points may have been missed. `onevent(type, data)`. `onlost(refusal)`.
 */
export async function follow(job, { signal, onopen, onevent, onlost }) {
  const parser = new EventParser();
  while (!signal.aborted) {
    await visible(signal);
    const connection = new AbortController();
    const end = () => { if (document.hidden || signal.aborted) connection.abort(); };
    document.addEventListener("visibilitychange", end);
    signal.addEventListener("abort", end);
    try {
      const answer = await send("GET", `/v1/jobs/${job}/events?points=new`, {
        signal: connection.signal,
        headers: { Accept: "text/event-stream", ...(parser.lastID ? { "Last-Event-ID": parser.lastID } : {}) },
      });
      // The job has ended and we know.
      if (answer.status === 204) return;
      parser.rest = "";
      parser.begin();
      onopen();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const event of parser.take(value)) onevent(event.type, JSON.parse(event.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refusal && error.status >= 400 && error.status < 500) throw error;
      if (error.name !== "AbortError") onlost(error);
    } finally {
      document.removeEventListener("visibilitychange", end);
      signal.removeEventListener("abort", end);
    }
    await pause(1000, signal);
  }
}
