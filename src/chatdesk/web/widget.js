// The visitor's chat on a shop's page:
//
//   <script type="module" src="…/widget.js" data-api="…" data-token-url="…"></script>
//
// data-api: where the desk's HTTP adapter is mounted. data-token-url: the shop's route that answers
// a POST with {"token": …} for its visitor. Optional: data-queue, data-source, data-topic,
// data-language, data-open (opens at once). The element that is added lives in a shadow root, so
// that the shop's styles and ours leave each other alone.

import { Connection, fetchToken } from "./client.js";
import { button, debounced, h, scriptOf, setText } from "./dom.js";
import { inSite, inTab } from "./kept.js";
import { ConnectionState } from "./talk.js";
import { ChatView, NoteView, RequestView, TicketsView, isLive } from "./widget-views.js";
import { Words, chooseLanguage } from "./words.js";

const RENEW_EVERY = 20_000;
const RENEW_LEAST = 12_000;
const BROWSE_LEAST = 55_000; // who does not chat is asked less of: a lease lasts minutes
const LOOK_EVERY = 30_000;
const LINE_EVERY = 5_000;
const HIDDEN_GRACE = 10_000;
const FORMS = new Set(["request", "note"]);
const DRAFT = "chatdesk-draft";
const GIVEN = "chatdesk-given";
const SEEN = "chatdesk-seen"; // until when he has seen the answers to his notes

class Widget {
  constructor(settings, words) {
    this.settings = settings;
    this.words = words;
    this.conversation = null;
    this.messages = new Map();
    this.view = null;
    this.viewKey = null;
    this.startNew = false;
    this.isOpen = false;
    this.unread = 0;
    this.renewedAt = -Infinity;
    this.left = false;
    this.letGo = null;
    this.connection = new Connection({
      api: settings.api,
      token: (stale) => this.#token(stale),
      listener: {
        state: (name) => this.state.show(name),
        reload: () => this.#ask(),
        update: (frame) => this.#update(frame),
        signal: (frame) => this.#signal(frame),
        heard: () => this.#renew(),
      },
    });
    this.refresh = debounced(() => this.#ask(), 200);
    this.#build();
  }

  // -- the frame -------------------------------------------------------------------------------

  #build() {
    const { words } = this;
    this.launcher = button("", () => this.toggle(), {
      class: "launcher",
      "aria-expanded": "false",
      "aria-controls": "chatdesk-panel",
    });
    this.launcherText = h("span", {}, words.say("widget.launch"));
    this.badge = h("span", { class: "badge", hidden: true });
    this.told = h("p", { class: "spoken", role: "status" }); // nobody hears a button change
    this.launcher.append(this.launcherText, this.badge);
    this.state = new ConnectionState(words);
    this.title = h("h2", { id: "chatdesk-title" }, words.say("widget.title"));
    this.ticketsButton = button("", () => this.#showTickets(), {
      class: "plain notes",
      hidden: true,
    });
    const hide = button("×", () => this.toggle(false), {
      class: "plain hide",
      "aria-label": words.say("widget.minimise"),
    });
    const loading = h("p", { class: "loading", role: "status" }, words.say("widget.loading"));
    this.body = h("div", { class: "content" }, loading);
    this.panel = h(
      "section",
      {
        id: "chatdesk-panel",
        class: "panel",
        role: "dialog",
        "aria-labelledby": "chatdesk-title",
        hidden: true,
        onkeydown: (event) => event.key === "Escape" && this.toggle(false),
      },
      h("div", { class: "head" }, this.title, this.state.element, this.ticketsButton, hide),
      this.body,
    );
    this.element = h("div", { class: "chatdesk", lang: words.language }, this.panel,
      this.launcher, this.told);
  }

  mount() {
    const host = h("div", { "data-chatdesk": "widget" });
    const root = host.attachShadow({ mode: "open" });
    const style = new URL("widget.css", import.meta.url).href;
    this.element.hidden = true;
    root.append(
      h("link", { rel: "stylesheet", href: style, onload: () => (this.element.hidden = false) }),
      this.element,
    );
    document.body.append(host);
  }

  async start() {
    this.mount();
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
    setInterval(() => this.#renew(), RENEW_EVERY);
    setInterval(() => this.#look(), LOOK_EVERY);
    setInterval(() => this.#lookAtLine(), LINE_EVERY);
    await this.#ask();
    if (this.settings.open || this.#wasOpen()) this.toggle(true, { focus: false });
    this.#renew();
  }

  toggle(open = !this.isOpen, { focus = true } = {}) {
    this.isOpen = open;
    this.panel.hidden = !open;
    this.launcher.setAttribute("aria-expanded", String(open));
    inTab.set("chatdesk-open", open ? "yes" : "no");
    if (open) {
      this.unread = 0;
      this.#listenAsNeeded();
      this.#look();
      this.render();
      this.view?.shown?.();
      if (focus) this.view?.focus?.();
    } else if (focus) {
      this.launcher.focus();
    }
    this.#renderLauncher();
  }

  #wasOpen() {
    return inTab.get("chatdesk-open") === "yes";
  }

  // -- who he is -------------------------------------------------------------------------------

  /** The token is kept for all tabs; the shop is asked when there is none or it is stale. */
  async #token(stale) {
    const place = `chatdesk-token ${this.settings.api}`;
    const kept = inSite.get(place);
    if (kept !== null && kept !== stale) return kept;
    const fresh = await fetchToken(this.settings.tokenUrl);
    inSite.set(place, fresh);
    return fresh;
  }

  // -- what the desk tells ---------------------------------------------------------------------

  #update(frame) {
    for (const notice of frame.notices ?? []) this.#take(notice);
    this.render();
  }

  #signal(frame) {
    if (frame.kind === "typing" && frame.chat === this.chat?.chat) {
      this.view?.typing?.(frame.on ?? false);
    }
  }

  get chat() {
    return this.conversation?.chat ?? null;
  }

  /** What he has begun to write goes with him from page to page, in this tab alone. */
  get draft() {
    return inTab.get(DRAFT) ?? "";
  }

  set draft(text) {
    inTab.set(DRAFT, text);
  }

  get given() {
    return JSON.parse(inTab.get(GIVEN) ?? "{}");
  }

  set given(answers) {
    inTab.set(GIVEN, JSON.stringify(answers));
  }

  /** How many of his notes have an answer or a state that he has not seen (B46). */
  get news() {
    const seen = Number(inSite.get(SEEN) ?? 0);
    return this.#tickets.filter((ticket) => ticket.updated_at > seen).length;
  }

  get #tickets() {
    return this.conversation?.tickets ?? [];
  }

  #seen() {
    const latest = Math.max(0, ...this.#tickets.map((ticket) => ticket.updated_at));
    if (this.news) inSite.set(SEEN, String(latest));
  }

  #take(notice) {
    if (!this.conversation) return;
    const { chat, message, ticket } = notice;
    if (chat) this.#takeChat(chat);
    if (message && (!chat || chat.chat === this.chat?.chat)) this.#takeMessage(message);
    if (ticket) {
      const others = this.#tickets.filter((each) => each.ticket !== ticket.ticket);
      this.conversation = { ...this.conversation, tickets: [ticket, ...others] };
    }
  }

  #takeChat(chat) {
    const same = chat.chat === this.chat?.chat;
    if (!same && chat.requested_at < (this.chat?.requested_at ?? 0)) return;
    if (!same) this.messages.clear();
    this.conversation = { ...this.conversation, chat };
  }

  #takeMessage(message) {
    if (this.messages.has(message.seq)) return;
    this.messages.set(message.seq, message);
    if (!message.mine && !this.isOpen) this.unread += 1;
  }

  async #ask() {
    try {
      this.#adopt(await this.connection.send({ type: "conversation" }));
    } catch (error) {
      if (error.code !== "unreachable") console.error("chatdesk:", error.message);
    }
  }

  #adopt(conversation) {
    const last = this.chat && !isLive(this.chat) ? this.chat : null;
    const chat = conversation.chat ?? last;
    if (chat?.chat !== this.chat?.chat) this.messages.clear();
    this.conversation = { ...conversation, chat };
    for (const message of conversation.messages ?? []) this.messages.set(message.seq, message);
    this.#listenAsNeeded();
    this.render();
  }

  // -- when to listen --------------------------------------------------------------------------

  /** A stream holds one of the browser's few connections, so it is open only while it is of use. */
  #listenAsNeeded() {
    if (document.hidden) this.#rest();
    else if (isLive(this.chat) || this.isOpen) this.connection.listen();
  }

  #visibilityChanged() {
    clearTimeout(this.hiding);
    this.letGo?.();
    this.letGo = null;
    if (!document.hidden) {
      this.#listenAsNeeded();
      this.#comeBack();
    } else this.hiding = setTimeout(() => this.#rest(), HIDDEN_GRACE);
  }

  /** Out of sight only one page of the shop listens, and only while there is a chat. */
  #rest() {
    if (!isLive(this.chat) || !navigator.locks) this.connection.hush();
    else if (!this.letGo) this.#listenForAll();
  }

  #listenForAll() {
    this.letGo = () => null;
    navigator.locks.request("chatdesk-listener", { ifAvailable: true }, (lock) => {
      if (lock && document.hidden) {
        this.connection.listen();
        return new Promise((resolve) => (this.letGo = resolve));
      }
      this.letGo = null;
      if (document.hidden) this.connection.hush();
      return null;
    });
  }

  /**
   * Tells that he is still there, and where; while he waits, asks for his place in line. A browser
   * slows the timers of a hidden page, so whatever is heard from the stream is an occasion too.
   */
  #renew() {
    const now = performance.now();
    const least = isLive(this.chat) ? RENEW_LEAST : BROWSE_LEAST;
    if (this.left || now - this.renewedAt < least) return;
    this.renewedAt = now;
    const frame = {
      type: "renew_visit",
      language: navigator.language,
      timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
      // a page out of sight is not what he looks at
      ...(document.hidden ? {} : { page: this.#page() }),
    };
    this.connection.send(frame, { patience: 5000 }).then(
      () => this.chat?.state === "waiting" && this.refresh(),
      () => null,
    );
  }

  #page() {
    return { url: location.href, title: document.title, referrer: document.referrer };
  }

  /** The page is closed: unless another one of the shop opens, the visit is over. */
  #leave() {
    this.left = true;
    this.connection.whisper({ type: "renew_visit", page: this.#page(), leaving: true });
  }

  /** The page is shown again, from another tab or from the browser's memory. */
  #comeBack() {
    this.left = false;
    this.renewedAt = -Infinity;
    this.#renew();
  }

  /** While nobody chats, the forms follow whether somebody is there. */
  #look() {
    if (this.isOpen && !document.hidden && !isLive(this.chat)) this.refresh();
  }

  /** His place goes down as those before him leave, which the desk does not tell everybody. */
  #lookAtLine() {
    if (this.isOpen && !document.hidden && this.chat?.state === "waiting") this.refresh();
  }

  // -- what is shown ---------------------------------------------------------------------------

  get queue() {
    const all = this.conversation.availability ?? [];
    return all.find((each) => each.queue === this.settings.queue) ?? all[0] ?? null;
  }

  render() {
    if (!this.conversation) return;
    if (this.isOpen && this.ticketsShown) this.#seen();
    this.#renderLauncher();
    setText(this.title, this.conversation.name);
    this.#renderTicketsButton();
    const [key, make] = this.#wantedView();
    if (key !== this.viewKey) {
      this.viewKey = key;
      this.view = make();
      this.body.replaceChildren(this.view.element);
      if (this.isOpen) this.view.shown?.();
    }
    this.view.update();
  }

  #wantedView() {
    const { chat } = this;
    if (this.ticketsShown) return ["tickets", () => new TicketsView(this)];
    if (chat && !this.startNew) return [`chat ${chat.chat}`, () => new ChatView(this)];
    // who has begun to write keeps his form, whoever comes or goes
    const writing = Boolean(this.draft) && FORMS.has(this.viewKey);
    const wanted = writing ? this.viewKey : this.queue?.open ? "request" : "note";
    return [wanted, () => (wanted === "note" ? new NoteView(this) : new RequestView(this))];
  }

  #renderLauncher() {
    const open = this.conversation === null || isLive(this.chat) || this.queue?.open;
    setText(this.launcherText, this.words.say(open ? "widget.launch" : "widget.launch_note"));
    const count = this.unread + this.news;
    this.badge.hidden = count === 0;
    setText(this.badge, count ? this.words.say("widget.unread", { count }) : "");
    setText(this.told, this.isOpen ? "" : this.badge.textContent);
  }

  #renderTicketsButton() {
    const { length } = this.#tickets;
    const { news } = this;
    this.ticketsButton.hidden = length === 0;
    const asked = news ? "widget.notes_news" : "widget.notes";
    const code = this.ticketsShown ? "widget.back" : asked;
    setText(this.ticketsButton, this.words.say(code, { count: news || length }));
    this.ticketsButton.classList.toggle("news", news > 0);
  }

  #showTickets() {
    this.ticketsShown = !this.ticketsShown;
    this.render();
    this.view.focus?.();
  }

  /** From an ended chat to a new question. */
  beginAnew() {
    this.startNew = true;
    this.render();
    this.view.focus?.();
  }

  /** After a request or a note: what the desk says now. */
  async settled({ tickets = false, anew = false } = {}) {
    this.startNew = anew;
    this.ticketsShown = tickets;
    if (FORMS.has(this.viewKey)) this.viewKey = null;
    await this.#ask();
    this.view?.focus?.();
  }
}

function settingsFrom(script) {
  const data = script?.dataset ?? {};
  if (!data.tokenUrl) throw new Error("chatdesk: the widget's script needs data-token-url");
  return {
    api: data.api ? new URL(data.api, location.href).href : new URL("api/", import.meta.url).href,
    tokenUrl: new URL(data.tokenUrl, location.href).href,
    queue: data.queue ?? null,
    source: data.source ?? "chat_button",
    topic: data.topic ?? null,
    language: data.language ?? null,
    open: "open" in data,
  };
}

const settings = settingsFrom(scriptOf(import.meta.url));
const widget = new Widget(settings, await Words.load(chooseLanguage(settings.language)));
await widget.start();
