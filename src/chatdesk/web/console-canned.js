// Canned responses where the agent writes: found at `#` or `/`, suggested, looked at before sending.

import { button, debounced, h, setText } from "./dom.js";
import { fileLink } from "./talk.js";

const TYPED_PAUSE = 60;
const LOOKED_BACK = 80; // characters before the caret among which a shortcut may begin
const MOST_SHOWN = 8;
const EXCERPT = 110;
const CHECK_PATIENCE = 2000;
const KEPT_WORDS = 0.5; // share of a response's words from which a reply counts as made from it
const STEPS = ["opening", "holding", "closing"];
let listCount = 0;

/** A category's name: ours where it is one of the usual, else its path. */
export function categoryName(words, path) {
  const code = `canned.category.${path}`;
  return words.has(code) ? words.say(code) : path.split("/").join(" › ");
}

export function excerpt(text) {
  const letters = [...text.replaceAll(/\s+/g, " ")];
  return letters.length > EXCERPT ? `${letters.slice(0, EXCERPT).join("")}…` : letters.join("");
}

/** What a look before sending found, as a sentence: ours where the code is known. */
export function findingSentence(words, { code, message, span }, text) {
  const what = span ? [...text].slice(...span).join("") : "";
  const known = `canned.finding.${code}`;
  return words.has(known) ? words.say(known, { what }) : message;
}

function wordsOf(text) {
  return new Set(text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean));
}

/** Whether enough of an inserted text is still there for the reply to be called made from it. */
function isKept(inserted, text) {
  const own = wordsOf(inserted);
  const left = wordsOf(text);
  const kept = [...own].filter((word) => left.has(word)).length;
  return own.size > 0 && kept >= KEPT_WORDS * own.size;
}

/** The list under the field, while something like `#hours` stands before the caret. */
class ShortcutList {
  #asked = 0;
  #hits = [];
  #at = 0;
  #awaited = false;
  #chooseFirst = false;

  constructor({ words, field, search, choose }) {
    this.words = words;
    this.field = field;
    this.search = search;
    this.choose = choose;
    this.id = `canned-list-${(listCount += 1)}`;
    this.element = h("ul", {
      role: "listbox", id: this.id, class: "canned-list", hidden: true,
      "aria-label": words.say("canned.title"),
    });
    this.status = h("p", { role: "status", class: "spoken" });
    this.ask = debounced(() => this.#ask(), TYPED_PAUSE);
    field.addEventListener("blur", () => this.close());
  }

  /** The `#…` or `/…` that ends at the caret, or null. */
  get token() {
    const { value, selectionStart: caret } = this.field;
    const from = Math.max(0, caret - LOOKED_BACK);
    // a bare number is an order's, not a shortcut
    const match = /(^|\s)(#(?!\d+$)[^\s#]*|\/(?!\d+$)[^\s#/]*)$/.exec(value.slice(from, caret));
    if (match === null || (match[1] === "" && match.index + from > 0)) return null;
    return match[2];
  }

  typed() {
    this.#asked += 1;
    if (this.token === null) {
      this.close();
    } else {
      this.#awaited = true;
      this.ask();
    }
  }

  async #ask() {
    const { token } = this;
    if (token === null) return;
    const number = (this.#asked += 1);
    const hits = await this.search(`#${token.slice(1)}`);
    if (number !== this.#asked) return;
    this.#show(hits);
    if (this.#chooseFirst && hits.length) this.#choose();
    this.#chooseFirst = false;
  }

  #show(hits) {
    this.#hits = hits;
    this.#awaited = false;
    this.element.replaceChildren(...hits.map((hit, at) => this.#option(hit, at)));
    this.element.hidden = hits.length === 0;
    setText(this.status, this.words.say("canned.found", { count: hits.length }));
    if (hits.length === 0) this.#leave();
    else this.#mark(0);
  }

  #option(hit, at) {
    const { title, shortcuts } = hit.response;
    const choose = (event) => {
      event.preventDefault(); // the field keeps the focus
      this.#at = at;
      this.#choose();
    };
    return h(
      "li", { role: "option", id: `${this.id}-${at}`, onmousedown: choose },
      h("strong", {}, title), " ", h("span", { class: "soft" }, shortcuts.join(" ")),
      h("span", { class: "excerpt" }, excerpt(hit.text)),
    );
  }

  #mark(at) {
    this.#at = at;
    for (const [place, option] of [...this.element.children].entries()) {
      option.setAttribute("aria-selected", String(place === at));
      if (place === at) option.scrollIntoView({ block: "nearest" });
    }
    const { field } = this;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.id);
    field.setAttribute("aria-activedescendant", `${this.id}-${at}`);
  }

  #leave() {
    const used = ["role", "aria-expanded", "aria-autocomplete", "aria-controls"];
    for (const name of [...used, "aria-activedescendant"]) this.field.removeAttribute(name);
  }

  close() {
    this.#asked += 1;
    this.#awaited = false;
    this.#chooseFirst = false;
    this.element.hidden = true;
    setText(this.status, "");
    this.#leave();
  }

  #choose() {
    const hit = this.#hits[this.#at];
    const { token } = this;
    this.close();
    this.choose(hit, token);
  }

  /** Whether a key was for the list. */
  key(event) {
    if (event.isComposing || event.shiftKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const takes = event.key === "Enter" || event.key === "Tab";
    if (this.element.hidden) {
      // the answer is still on its way: he who types fast means its first
      if (!takes || !this.#awaited || this.token === null) return false;
      this.#chooseFirst = true;
    } else if (step) {
      this.#mark((this.#at + step + this.#hits.length) % this.#hits.length);
    } else if (takes) {
      this.#choose();
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }
}

/** What helps to write in one chat. */
export class CannedHelp {
  #inserted = [];
  #feedback = null;
  #advised = null;
  #files = new Set();

  constructor(desk, tab) {
    const { words } = desk;
    this.desk = desk;
    this.tab = tab;
    this.composer = tab.composer;
    this.suggested = h("div", {
      role: "group", class: "suggested", hidden: true, "aria-label": words.say("canned.suggested"),
    });
    this.attached = h("ul", {
      class: "files", hidden: true, "aria-label": words.say("canned.attached"),
    });
    this.findings = h("div", { role: "alert", class: "findings" });
    this.list = new ShortcutList({
      words,
      field: this.composer.field,
      search: (text) => this.#search({ text, use: "shortcut", limit: MOST_SHOWN }),
      choose: (hit, token) => this.insert(hit, token?.length),
    });
    this.composer.onkey = (event) => this.list.key(event);
    this.ask = debounced(() => this.#askSuggestions(), 100);
    const steps = STEPS.map((step) =>
      button(words.say(`canned.category.${step}`), () => this.#step(step)));
    this.element = h(
      "div", { class: "canned-help" }, this.suggested, this.attached, this.findings,
      h("div", { class: "buttons steps" }, ...steps,
        h("span", { class: "soft" }, words.say("canned.hint"))),
      this.list.element, this.list.status,
    );
  }

  get #chat() {
    return this.tab.chat;
  }

  async #search(about) {
    try {
      const view = await this.desk.send({ type: "search_canned", chat: this.#chat.id, ...about });
      return view.hits;
    } catch (error) {
      this.desk.fail(error);
      return [];
    }
  }

  typed() {
    this.list.typed();
    if (this.composer.text !== "") this.findings.replaceChildren();
  }

  /** Puts a response's text in at the caret, in the place of what was typed to find it. */
  insert(hit, typedBefore = 0) {
    this.#inserted.push({ id: hit.response.id, text: hit.text });
    this.composer.insert(hit.text, typedBefore);
    this.#attach([...this.#files, ...(hit.response.attachments ?? [])]);
  }

  /** Puts back what went with a reply that was refused. */
  giveBack({ attachments = [] }) {
    this.#attach([...this.#files, ...attachments]);
  }

  /** What goes with the reply; the agent may take any of it away again. */
  #attach(files) {
    this.#files = new Set(files);
    const { words } = this.desk;
    const entry = (file) => {
      const away = () => this.#attach(files.filter((each) => each !== file));
      const label = `${words.say("canned.detach")}: ${file}`;
      return h("li", {}, fileLink(file, this.#chat.page?.url), " ",
        button("×", away, { "aria-label": label }));
    };
    this.attached.replaceChildren(...[...this.#files].map(entry));
    this.attached.hidden = this.#files.size === 0;
  }

  /** The opening, holding or closing text that is used most, in his language or ours (D04, D13). */
  async #step(category) {
    const { words } = this.desk;
    for (const language of new Set([this.#chat.language ?? words.language, words.language, null])) {
      const about = { text: "", category, limit: 1, ...(language && { language }) };
      const [hit] = await this.#search(about);
      if (hit) {
        this.insert(hit);
        return;
      }
    }
    this.desk.say(words.say("canned.none"));
  }

  // -- suggestions -----------------------------------------------------------------------------

  async #askSuggestions() {
    const chat = this.#chat;
    if (chat.state !== "active") return;
    try {
      const view = await this.desk.send({ type: "suggestions", chat: chat.id });
      const suggested = view.hits.map((hit) => hit.response.id);
      this.#feedback = { suggested, confidence: view.confidence ?? 0 };
      this.#suggest(view.suggested ? view.hits : []);
    } catch (error) {
      if (error.code !== "unreachable") this.desk.fail(error);
    }
  }

  #suggest(hits) {
    const { words } = this.desk;
    const offer = (hit) =>
      button(hit.response.title, () => this.#take(hit), { title: excerpt(hit.text) });
    const label = h("span", { class: "soft" }, words.say("canned.suggested"));
    const dismiss = button("×", () => this.#dismiss(), {
      "aria-label": words.say("canned.dismiss"),
    });
    this.suggested.replaceChildren(label, ...hits.map(offer), dismiss);
    this.suggested.hidden = hits.length === 0;
  }

  #dismiss() {
    this.suggested.hidden = true;
    this.composer.field.focus();
  }

  #take(hit) {
    this.suggested.hidden = true;
    this.insert(hit);
  }

  // -- before sending --------------------------------------------------------------------------

  /**
   * Looks at a reply. Gives what goes with it, or null when it is held back: then it stands in the
   * field again, with what is wrong. Advice holds a text back once, a fault as long as it is there.
   */
  async checked(text) {
    const canned = this.#madeFrom(text);
    const findings = text === this.#advised ? [] : await this.#look(text, canned);
    if (findings.length) {
      this.#hold(text, findings);
      return null;
    }
    const discarded = this.#inserted.filter((each) => !isKept(each.text, text)).map(({ id }) => id);
    const about = {
      ...(canned && { canned }), ...(discarded.length && { discarded }), ...this.#feedback,
      ...(this.#files.size && { attachments: [...this.#files] }),
    };
    this.#attach([]);
    this.#inserted = [];
    this.#feedback = null;
    this.#advised = null;
    this.findings.replaceChildren();
    this.suggested.hidden = true;
    return about;
  }

  #madeFrom(text) {
    return this.#inserted.findLast((each) => isKept(each.text, text))?.id ?? null;
  }

  /** What a look finds; nothing when the desk does not answer soon: replies must go out. */
  async #look(text, canned) {
    const frame = { type: "check_draft", chat: this.#chat.id, text, ...(canned && { canned }) };
    const answer = this.desk.send(frame, { patience: CHECK_PATIENCE }).catch(() => null);
    const late = new Promise((resolve) => setTimeout(resolve, CHECK_PATIENCE, null));
    return (await Promise.race([answer, late]))?.findings ?? [];
  }

  #hold(text, findings) {
    const { words } = this.desk;
    const rest = this.composer.text;
    this.composer.restore(rest ? `${text}\n${rest}` : text);
    const blocked = findings.some((each) => each.blocks);
    this.#advised = blocked ? null : text;
    const lines = findings.map((each) => h("li", {}, findingSentence(words, each, text)));
    const then = words.say(blocked ? "canned.blocked" : "canned.advice");
    this.findings.replaceChildren(h("ul", {}, ...lines), h("p", { class: "soft" }, then));
  }
}
