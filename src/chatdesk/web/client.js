// The connection of a page with a desk: frames by POST, and what happens by an event stream.
//
// A command keeps its id when it is sent again after a lost answer, so it takes effect once. The
// stream is resumed from the last revision seen, so nothing is missed and nothing comes twice.

const SEND_TIMEOUT = 15_000;
const SEND_PATIENCE = 45_000;
const SILENCE_LIMIT = 45_000; // the server writes a comment every 15 seconds
const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 15_000;
const CLOCK_TOLERANCE = 3; // seconds: an answer's date is whole, and the answer takes a while
const LASTING = 5_000; // a stream that ends sooner is no sign that all is well again

/** The desk said no, and nothing was changed. */
export class Refused extends Error {
  constructor(refusal, status) {
    super(refusal.message);
    this.code = refusal.code;
    this.mend = refusal.mend;
    this.problems = refusal.problems ?? [];
    this.status = status;
  }
}

/** No answer came: whether the command was carried out is not known. */
export class Unreachable extends Error {
  constructor() {
    super("the desk could not be reached");
    this.code = "unreachable";
  }
}

/** An unguessable id; `randomUUID` exists only on pages served over https or from this machine. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Splits a text/event-stream into `{id, data}`; `id` is null where a message has none. */
export class EventParser {
  #rest = "";
  #id = null;
  #data = [];

  /** The messages that `text` completes. */
  feed(text) {
    const messages = [];
    const buffer = this.#rest + text;
    // a carriage return at the very end may be the first half of a line end
    const whole = buffer.endsWith("\r") ? buffer.length - 1 : buffer.length;
    const lines = buffer.slice(0, whole).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() + buffer.slice(whole);
    for (const line of lines) {
      if (line === "") this.#finish(messages);
      else this.#field(line);
    }
    return messages;
  }

  #field(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
  }

  #finish(messages) {
    if (this.#data.length || this.#id !== null) {
      messages.push({ id: this.#id, data: this.#data.join("\n") });
    }
    this.#id = null;
    this.#data = [];
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    addEventListener("online", finish);
    signal.addEventListener("abort", finish);
  });
}

/**
 * One actor's connection. `token(stale)` gives a token, another one than `stale` if that was turned
 * down. `listener` may have: `state(name)` ("connecting", "online", "offline", "denied"),
 * `welcome(frame)`, `update(frame)`, `signal(frame)`, `heard()` for every sign of life, and
 * `reload()` when the page must ask anew.
 */
export class Connection {
  #api;
  #token;
  #askToken;
  #listener;
  #lanes = new Map();
  #stopper = null;
  #streamStopper = null;
  #cursor = null;
  #ahead = 0;

  constructor({ api, token, listener }) {
    this.#api = api.endsWith("/") ? api : `${api}/`;
    this.#askToken = token;
    this.#token = null;
    this.#listener = listener;
  }

  /** The desk's clock, in seconds: this machine's own may be wrong by minutes. */
  get now() {
    return Date.now() / 1000 - this.#ahead;
  }

  get listening() {
    return this.#stopper !== null;
  }

  /** Opens the stream and keeps it open. */
  listen() {
    if (this.listening) return;
    this.#stopper = new AbortController();
    this.#keepListening(this.#stopper.signal);
  }

  /** Closes the stream; the cursor is kept for the next `listen`. */
  hush() {
    this.#stopper?.abort();
    this.#stopper = null;
    this.#streamStopper?.abort();
  }

  /**
   * Sends a command or query and gives its result or view. Frames of one `lane` are sent one after
   * the other. Throws `Refused` or `Unreachable`.
   */
  send(frame, { lane = null, patience = SEND_PATIENCE } = {}) {
    const named = { ...frame, id: frame.id || newId() };
    if (lane === null) return this.#persist(named, patience);
    const before = this.#lanes.get(lane) ?? Promise.resolve();
    const sent = before.then(() => this.#persist(named, patience));
    this.#lanes.set(
      lane,
      sent.catch(() => null),
    );
    return sent;
  }

  /** Sends a frame that may get lost: typing, a preview, a farewell when the page goes. */
  async whisper(frame) {
    try {
      await this.#post(frame, await this.#currentToken(null), true);
    } catch {
      // it was not important
    }
  }

  async #persist(frame, patience) {
    const until = performance.now() + patience;
    let rest = FIRST_PAUSE;
    for (;;) {
      const answer = await this.#attempt(frame);
      if (answer) return answer;
      if (performance.now() + rest > until) throw new Unreachable();
      await pause(rest * (0.75 + Math.random() / 2), new AbortController().signal);
      rest = Math.min(rest * 2, LONGEST_PAUSE);
    }
  }

  /** The answer, or null when it is worth trying again. */
  async #attempt(frame) {
    try {
      const token = await this.#currentToken(null);
      let answer = await this.#post(frame, token, false);
      if (answer.status === 401) {
        answer = await this.#post(frame, await this.#currentToken(token), false);
      }
      return await this.#read(answer);
    } catch (error) {
      if (error instanceof Refused) throw error;
      return null;
    }
  }

  #readClock(answer) {
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (Number.isNaN(date)) return;
    const ahead = (Date.now() - date) / 1000;
    this.#ahead = Math.abs(ahead) < CLOCK_TOLERANCE ? 0 : ahead;
  }

  async #read(answer) {
    this.#readClock(answer);
    if (answer.status >= 500) return null;
    const frame = await answer.json();
    if (frame.type === "replied") return frame.result;
    if (frame.type === "answered") return frame.view;
    if (frame.type === "refused") throw new Refused(frame.refusal, answer.status);
    return frame;
  }

  #post(frame, token, keepalive) {
    return fetch(`${this.#api}frames`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(frame),
      cache: "no-store",
      keepalive,
      signal: keepalive ? undefined : AbortSignal.timeout(SEND_TIMEOUT),
    });
  }

  async #currentToken(stale) {
    if (this.#token === null || this.#token === stale) this.#token = await this.#askToken(stale);
    return this.#token;
  }

  async #keepListening(stopped) {
    let rest = FIRST_PAUSE;
    let stale = null;
    this.#tell("state", "connecting");
    while (!stopped.aborted) {
      const begun = performance.now();
      const outcome = await this.#stream(stale, stopped);
      if (stopped.aborted) break;
      if (outcome === "denied" && stale !== null) this.#tell("state", "denied");
      else this.#tell("state", "offline");
      stale = outcome === "denied" ? this.#token : null;
      if (outcome === "ended" && performance.now() - begun > LASTING) rest = FIRST_PAUSE;
      await pause(rest * (0.5 + Math.random()), stopped);
      rest = Math.min(rest * 2, LONGEST_PAUSE);
    }
  }

  /** Reads one stream to its end: "ended" after a welcome, else "failed" or "denied". */
  async #stream(stale, stopped) {
    const stopper = new AbortController();
    this.#streamStopper = stopper;
    let silence = null;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stopper.abort(), SILENCE_LIMIT);
      this.#tell("heard");
    };
    const cut = () => stopper.abort();
    stopped.addEventListener("abort", cut);
    let outcome = "failed";
    try {
      heard();
      const answer = await this.#openStream(stale, stopper.signal);
      if (answer.status === 401 || answer.status === 403) return "denied";
      if (!answer.ok) return "failed";
      this.#tell("state", "online");
      outcome = "ended";
      await this.#readStream(answer.body, heard);
    } catch {
      // the line was cut; it is opened again
    } finally {
      clearTimeout(silence);
      stopper.abort();
      stopped.removeEventListener("abort", cut);
    }
    return outcome;
  }

  async #openStream(stale, signal) {
    const token = await this.#currentToken(stale);
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
    if (this.#cursor !== null) headers["Last-Event-ID"] = String(this.#cursor);
    return fetch(`${this.#api}events`, { headers, cache: "no-store", signal });
  }

  async #readStream(body, heard) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      for (const message of parser.feed(decoder.decode(value, { stream: true }))) {
        this.#take(message);
      }
    }
  }

  #take({ id, data }) {
    const frame = data === "" ? null : JSON.parse(data);
    const known = this.#cursor;
    if (frame?.type === "update" && known !== null && frame.revision <= known) return;
    if (id !== null && /^\d+$/.test(id)) this.#cursor = Number(id);
    else if (frame?.type === "update") this.#cursor = frame.revision;
    if (frame === null) return;
    if (frame.type === "welcome") this.#welcomed(frame, known);
    else if (frame.type === "reset") this.#startAnew(frame.revision);
    else if (frame.type === "update") this.#tell("update", frame);
    else if (frame.type === "signal") this.#tell("signal", frame);
  }

  #welcomed(frame, known) {
    this.#tell("welcome", frame);
    if (known === null) this.#startAnew(frame.revision);
  }

  #startAnew(revision) {
    this.#cursor = revision;
    this.#tell("reload");
  }

  #tell(name, ...values) {
    this.#listener[name]?.(...values);
  }
}

/** Asks the shop's own route for a token; `body` says for whom, where the shop wants to know. */
export async function fetchToken(url, body = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  });
  if (!answer.ok) throw new Error(`no token: HTTP ${answer.status}`);
  return (await answer.json()).token;
}
