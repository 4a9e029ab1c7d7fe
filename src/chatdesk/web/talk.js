// The log of a conversation, and the field one writes in; both pages use them.

import { newId } from "./client.js";
import { button, debounced, h, linkify, pageLink, setText, spoken, throttled } from "./dom.js";

const NEAR_END = 60; // pixels
const TYPING_EVERY = 2500;
const TYPING_FADES = 6000;
const PREVIEW_AFTER = 300;
const MOST = 60_000; // more than a desk takes: what is too long is told, not cut off unseen

/**
 * Messages in order of their `seq`. A message is `{seq, at, kind, side, author, text}`, where
 * `side` is "mine", "theirs", "staff" or "system"; a `tool` is a button beside it. One that
 * suggests a page has that as `page`, `{address, title, base, sameTab}`; `files` are addresses of
 * what goes with it, paths read from `base`.
 */
export class Log {
  #articles = new Map();
  #awaited = new Map();

  constructor(words, label) {
    this.words = words;
    this.list = h("div", { class: "messages" });
    this.typing = h("p", { class: "typing", role: "status" });
    this.element = h(
      "div",
      { class: "log", role: "log", "aria-label": label, tabindex: "0" },
      this.list,
      this.typing,
    );
    this.fading = null;
    this.#stayAtEnd();
  }

  /** Who has read to the end stays there when a form below takes some of the room. */
  #stayAtEnd() {
    const log = this.element;
    let atEnd = true;
    let height = 0;
    log.addEventListener("scroll", () => {
      // one that comes of the room's having changed says nothing of where he reads
      if (log.clientHeight === height) atEnd = this.#isAtEnd();
    });
    new ResizeObserver(() => {
      height = log.clientHeight;
      if (atEnd) this.scrollToEnd();
    }).observe(log);
  }

  /** Shows messages that are not shown yet. */
  add(messages) {
    const atEnd = this.#isAtEnd();
    for (const message of messages) {
      if (this.#articles.has(message.seq)) continue;
      const article = this.#article(message);
      this.#articles.set(message.seq, article);
      this.#awaited.get(message.seq)?.remove();
      this.#awaited.delete(message.seq);
      this.list.insertBefore(article, this.#placeFor(message.seq));
    }
    if (atEnd) this.scrollToEnd();
  }

  /** Shows a message on its way; the answer takes it away or marks it as failed. */
  addPending(text, retry) {
    const state = h("p", { class: "state" }, this.words.say("message.sending"));
    const body = h("p", { class: "body" }, ...linkify(text));
    const article = h("article", { class: "message mine pending" }, body, state);
    this.list.append(article);
    this.scrollToEnd();
    return {
      sent: (seq) => {
        // it gives way to the message itself, which comes by the stream, perhaps later
        if (this.#articles.has(seq)) article.remove();
        else this.#awaited.set(seq, article);
        state.remove();
      },
      failed: (reason, { edit = null } = {}) => {
        const again = button(this.words.say(edit ? "message.edit" : "message.retry"), () => {
          article.remove();
          (edit ?? retry)();
        });
        article.classList.add("failed");
        state.replaceChildren(reason, " ", again);
      },
    };
  }

  showTyping(text) {
    clearTimeout(this.fading);
    const atEnd = this.#isAtEnd();
    setText(this.typing, text);
    if (atEnd) this.scrollToEnd();
    if (text) this.fading = setTimeout(() => setText(this.typing, ""), TYPING_FADES);
  }

  scrollToEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #placeFor(seq) {
    for (const each of this.list.children) {
      if (!("seq" in each.dataset) || Number(each.dataset.seq) > seq) return each;
    }
    return null;
  }

  #article(message) {
    const when = h("time", { datetime: new Date(message.at * 1000).toISOString() });
    when.textContent = this.words.time(message.at);
    const head = h("header", {}, h("span", { class: "author" }, message.author ?? ""), " ", when);
    if (message.tool) head.append(" ", message.tool);
    const body = message.page
      ? pageCard(this.words, message.page)
      : h("p", { class: "body" }, ...linkify(message.text));
    const classes = `message ${message.side} ${message.kind}`;
    const files = message.files?.length ? fileList(message) : null;
    return h("article", { class: classes, "data-seq": message.seq }, head, body, files);
  }
}

/** A link to a file: it opens beside the page, named by the end of its address. */
export function fileLink(address, base) {
  const name = /([^/?#]+)\/?(?:[?#].*)?$/.exec(address)?.[1] ?? address;
  return pageLink(address, { name: `📎 ${name}`, label: address, base });
}

function fileList({ files, base }) {
  return h("ul", { class: "files" }, ...files.map((each) => h("li", {}, fileLink(each, base))));
}

/** A page the agent suggests: it opens when the visitor follows the link, never by itself (D08). */
function pageCard(words, { address, title, base, sameTab }) {
  const link = pageLink(address, { name: title ?? address, label: address, base, sameTab });
  const more = title ? h("span", { class: "address" }, address) : null;
  return h(
    "div", { class: "body page-card" }, h("p", {}, words.say("page.suggested")),
    h("p", {}, link), more,
  );
}

/**
 * What a system message says; the desk gives a code, the page the words. To the visitor himself
 * (`own`) they are other ones where he did it.
 */
export function systemText(words, message, { own = false } = {}) {
  const details = message.details ?? {};
  const exact = `${message.code}.${details.by}`;
  const codes = [`system.${exact}`, `system.${message.code}`];
  if (own) codes.unshift(`system.own.${exact}`);
  const code = codes.find((each) => words.has(each));
  if (code) return words.say(code, details);
  return message.text || words.say("system.unknown");
}

/** A field with a button. Enter sends, Shift+Enter breaks the line. */
export class Composer {
  constructor({ words, label, send, typing = null, preview = null }) {
    this.send = send;
    this.field = h("textarea", {
      rows: 2,
      maxlength: MOST,
      "aria-label": label,
      placeholder: words.say("composer.hint"),
      onkeydown: (event) => this.#key(event),
      oninput: () => this.#typed(),
    });
    this.tellTyping = typing && throttled(() => typing(true), TYPING_EVERY);
    this.stopTyping = typing && (() => typing(false));
    this.tellPreview = preview && debounced(() => preview(this.text), PREVIEW_AFTER);
    this.sender = h("button", { type: "submit", class: "primary" }, words.say("composer.send"));
    this.element = h(
      "form",
      { class: "composer", onsubmit: (event) => this.#submit(event) },
      this.field,
      this.sender,
    );
  }

  get text() {
    return this.field.value;
  }

  set text(text) {
    this.field.value = text;
  }

  /** Puts a text in at the caret, in the place of so many characters before it; undo takes it out. */
  insert(text, replaced = 0) {
    const { field } = this;
    const [from, to] = [field.selectionStart - replaced, field.selectionEnd];
    const fits = field.value.length - (to - from) + text.length <= field.maxLength;
    field.focus();
    field.setSelectionRange(from, to);
    // it alone can be undone, but cuts off what is too long
    if (fits && document.execCommand("insertText", false, text)) return;
    field.setRangeText(text, from, to, "end");
    this.#typed();
  }

  /** Puts back a text that was not sent after all. */
  restore(text) {
    this.text = text;
    this.#typed();
    this.field.focus();
  }

  /** Puts a text that was refused before what has been written since. */
  giveBack(text) {
    this.restore(this.text === "" ? text : `${text}\n${this.text}`);
  }

  #key(event) {
    if (this.onkey?.(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit(event);
  }

  #typed() {
    if (this.text.trim() === "") this.stopTyping?.();
    else this.tellTyping?.();
    this.tellPreview?.();
    this.oninput?.(this.text);
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "") return;
    this.text = "";
    this.oninput?.("");
    this.stopTyping?.();
    this.tellPreview?.();
    this.send(text);
  }
}

/**
 * Sends a message and shows it until the desk has it; a failed one can be sent again. What the desk
 * will never take, such as too long a text, goes back to the field by `edit`.
 */
export function sendMessage({ log, words, connection, frame, edit = null }) {
  const named = { ...frame, id: frame.id ?? newId() };
  const again = () => sendMessage({ log, words, connection, frame: named, edit });
  const pending = log.addPending(frame.text, again);
  return connection.send(named, { lane: frame.chat }).then(
    (result) => pending.sent(result.seq),
    (error) => {
      const wrong = ["invalid_input", "too_large"].includes(error.code);
      pending.failed(words.refusal(error), { edit: wrong ? edit : null });
    },
  );
}

/** The state of the connection, as a word and a colour. */
export class ConnectionState {
  constructor(words) {
    this.words = words;
    this.element = h("span", { class: "connection", role: "status" });
  }

  show(state) {
    this.element.className = `connection ${state}`;
    this.element.replaceChildren(
      h("span", { class: "dot", "aria-hidden": "true" }),
      spoken(`${this.words.say("connection")} `),
      h("span", {}, this.words.say(`connection.${state}`)),
    );
  }
}
