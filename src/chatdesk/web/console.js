// The agent's console: who is logged in, what the desk tells, and the panes that show it.

import { Connection, fetchToken, newId } from "./client.js";
import { CannedPane } from "./console-canned-pane.js";
import { ChatsPane } from "./console-chats.js";
import { CustomerPane } from "./console-customer.js";
import { StaffPane, WaitingPane } from "./console-desk.js";
import { QuestionsPane } from "./console-questions.js";
import { SupervisePane } from "./console-supervise.js";
import { TicketsPane } from "./console-tickets.js";
import { VisitorsPane } from "./console-visitors.js";
import { button, debounced, h, scriptOf, setText } from "./dom.js";
import { inTab } from "./kept.js";
import { ConnectionState } from "./talk.js";
import { Words, chooseLanguage } from "./words.js";

const PRESENCE_EVERY = 10_000;
const PRESENCE_LEAST = 8_000;
const NOTICE_SHOWN = 12_000;
const MINE = new Set(["active", "wrap_up"]);

/** Tabs of which one is shown; arrow keys move between them. */
class Tabs {
  constructor(label, tabs) {
    this.tabs = tabs.map(([title, pane], at) => ({ title, pane, id: `side-${at}` }));
    this.bar = h("div", { role: "tablist", "aria-label": label, class: "tabs" });
    this.element = h("section", { class: "pane side", "aria-label": label }, this.bar);
    for (const tab of this.tabs) {
      tab.button = button(tab.title, () => this.show(tab.pane), {
        role: "tab", id: `${tab.id}-tab`, "aria-controls": tab.id,
        onkeydown: (event) => this.#key(event, tab),
      });
      tab.panel = h("div", {
        role: "tabpanel", id: tab.id, "aria-labelledby": `${tab.id}-tab`, class: "panel",
      }, tab.pane.element);
      this.bar.append(tab.button);
      this.element.append(tab.panel);
    }
    this.show(tabs[0][1]);
  }

  show(pane) {
    for (const tab of this.tabs) {
      const chosen = tab.pane === pane;
      tab.panel.hidden = !chosen;
      tab.button.setAttribute("aria-selected", String(chosen));
      tab.button.tabIndex = chosen ? 0 : -1;
    }
    pane.shown?.();
  }

  /** Whether a tab can be chosen. */
  allow(pane, allowed) {
    this.tabs.find((tab) => tab.pane === pane).button.hidden = !allowed;
  }

  #key(event, tab) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = this.tabs.filter((each) => !each.button.hidden);
    const next = tabs.at((tabs.indexOf(tab) + step) % tabs.length);
    this.show(next.pane);
    next.button.focus();
  }
}

class Console {
  constructor({ settings, words, agent }) {
    this.settings = settings;
    this.words = words;
    this.agent = agent;
    this.role = null;
    this.me = null;
    this.overview = null;
    this.waiting = [];
    this.device = newId();
    this.presentAt = 0;
    this.connection = new Connection({
      api: settings.api,
      token: () => fetchToken(settings.tokenUrl, agent === null ? {} : { agent }),
      listener: {
        state: (name) => this.#stateChanged(name),
        welcome: (frame) => this.#welcomed(frame),
        reload: () => this.reload(),
        update: (frame) => this.#update(frame),
        signal: (frame) => this.chats.signal(frame),
        heard: () => this.#bePresent(),
      },
    });
    this.refreshDesk = debounced(() => this.#askDesk(), 300);
    this.#build();
  }

  #build() {
    const { words } = this;
    this.state = new ConnectionState(words);
    this.name = h("span", { class: "who" });
    this.notices = h("div", { class: "notices" });
    this.waitingPane = new WaitingPane(this);
    this.staffPane = new StaffPane(this);
    this.chats = new ChatsPane(this);
    this.customer = new CustomerPane(this);
    this.questions = new QuestionsPane(this);
    this.visitors = new VisitorsPane(this);
    this.tickets = new TicketsPane(this);
    this.supervise = new SupervisePane(this);
    this.canned = new CannedPane(this);
    this.side = new Tabs(words.say("console.side"), [
      [words.say("customer.title"), this.customer],
      [words.say("visitors.title"), this.visitors],
      [words.say("questions.title"), this.questions],
      [words.say("tickets.title"), this.tickets],
      [words.say("canned.title"), this.canned],
      [words.say("supervise.title"), this.supervise],
    ]);
    this.side.allow(this.supervise, false);
    const leave = button(words.say("console.leave"), () => this.leave());
    this.deskName = h("h1", {}, "chatdesk");
    this.element = h(
      "div", { class: "console" },
      h("header", { class: "bar" }, this.deskName, this.state.element, this.name, leave),
      this.notices,
      h("main", { class: "panes" },
        this.waitingPane.element, this.staffPane.element, this.chats.element, this.side.element),
    );
  }

  start() {
    document.body.replaceChildren(this.element);
    document.documentElement.lang = this.words.language;
    this.connection.listen();
    this.heart = setInterval(() => this.#bePresent(), PRESENCE_EVERY);
    this.ticker = setInterval(() => this.#tick(), 1000);
    addEventListener("pagehide", () => this.#disappear());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    document.addEventListener("visibilitychange", () => this.chats.attend());
    addEventListener("focus", () => this.chats.attend());
  }

  // -- presence --------------------------------------------------------------------------------

  /**
   * Renews the lease of this device. A browser slows the timers of a hidden page to one a minute,
   * so what is heard from the stream counts as a heartbeat too.
   */
  #bePresent() {
    const now = performance.now();
    if (this.me === null || now - this.presentAt < PRESENCE_LEAST) return;
    this.presentAt = now;
    this.#connect();
  }

  #connect() {
    const frame = { type: "connect", device: this.device };
    return this.send(frame, { patience: 5000 }).catch((error) => this.#presenceFailed(error));
  }

  #presenceFailed(error) {
    if (error.code !== "unreachable") this.fail(error);
  }

  #disappear() {
    this.connection.whisper({ type: "disconnect", id: newId(), device: this.device });
  }

  /** Reloading the page is no login: who wanted no chats still wants none. */
  async #arrive() {
    const kept = JSON.parse(inTab.get("chatdesk-intent") ?? "null");
    this.presentAt = performance.now();
    await this.#connect();
    if (kept && kept.agent === this.me && kept.intent.kind !== "accepting") {
      await this.setIntent(kept.intent).catch((error) => this.fail(error));
    }
    this.refreshDesk();
  }

  async setIntent(intent) {
    await this.send({ type: "set_intent", intent });
    inTab.set("chatdesk-intent", JSON.stringify({ agent: this.me, intent }));
    this.refreshDesk();
  }

  async leave() {
    this.connection.hush();
    await this.connection.whisper({ type: "disconnect", id: newId(), device: this.device });
    for (const key of ["chatdesk-agent", "chatdesk-intent"]) inTab.remove(key);
    const address = new URL(location.href);
    address.searchParams.delete("agent"); // or he would be logged in again
    history.replaceState(null, "", address);
    location.reload();
  }

  // -- what the desk tells ---------------------------------------------------------------------

  #stateChanged(name) {
    this.state.show(name);
    if (name !== "online") return;
    this.presentAt = -Infinity; // whoever answers now may not have heard of this device
    this.#bePresent();
  }

  #welcomed(frame) {
    const first = this.me === null;
    this.me = frame.actor.id;
    this.role = frame.role ?? null;
    this.side.allow(this.supervise, this.leads);
    if (first) this.#arrive();
  }

  get leads() {
    return this.role === "supervisor" || this.role === "admin";
  }

  async reload() {
    try {
      await Promise.all([this.#askDesk(), this.chats.reload()]);
      this.questions.refresh();
      this.tickets.refresh();
    } catch (error) {
      this.fail(error);
    }
  }

  async #askDesk() {
    try {
      const [overview, waiting] = await Promise.all([
        this.send({ type: "overview" }),
        this.send({ type: "waiting" }),
      ]);
      this.waiting = waiting.chats;
      this.#adopt(overview);
    } catch (error) {
      this.fail(error);
    }
  }

  #adopt(overview) {
    this.overview = overview;
    setText(this.deskName, overview.name);
    setText(this.name, overview.agent?.setup.name ?? "");
    this.waitingPane.update();
    this.staffPane.update();
    this.chats.deskChanged();
  }

  #update(frame) {
    for (const notice of frame.notices ?? []) this.#take(notice);
    this.refreshDesk();
  }

  #take({ event, chat, message, ticket }) {
    if (event.type === "offer_made" && event.agent === this.me) this.waitingPane.offered(event);
    if (chat) this.chats.take(chat);
    if (message) this.chats.takeMessage(message, chat);
    if (chat) this.supervise.changed(chat, message);
    if (chat) this.visitors.refresh();
    if (event.type === "promise_overdue" && event.agent === this.me) this.#promiseLate(chat);
    if (event.type === "chat_opened" || event.type === "message_added") this.questions.refresh();
    if (ticket || event.ticket) this.tickets.changed(ticket?.id ?? event.ticket);
    if (event.type === "canned_changed") this.canned.changed();
    if (event.customer) this.customer.changed(event.customer);
    else if (chat && event.type !== "message_added") this.customer.changed(chat.chat.customer);
  }

  /** What he promised is due (D04). */
  #promiseLate(card) {
    const name = card?.customer_name ?? this.words.say("chat.visitor");
    this.say(this.words.say("chat.promise_due", { name }));
  }

  // -- for the panes ---------------------------------------------------------------------------

  send(frame, options) {
    return this.connection.send(frame, options);
  }

  isMine(chat) {
    return chat.agent === this.me && MINE.has(chat.state);
  }

  agentName(id, names = {}) {
    const card = (this.overview?.agents ?? []).find((each) => each.agent === id);
    return names[id] ?? card?.name ?? this.words.say("agent.unknown");
  }

  queueName(id) {
    const card = (this.overview?.queues ?? []).find((each) => each.queue === id);
    return card?.name ?? id;
  }

  /** The selected chat has changed: its customer is shown. */
  selected(card) {
    this.customer.show(card?.chat.customer ?? null);
  }

  openTicket(id) {
    this.side.show(this.tickets);
    this.tickets.open(id);
  }

  superviseChat(id) {
    this.side.show(this.supervise);
    this.supervise.watch(id);
  }

  openCustomer(id) {
    this.side.show(this.customer);
    this.customer.show(id);
  }

  fail(error) {
    if (error.code === "unreachable") this.say(this.words.say("refused.unreachable"));
    else this.say(this.words.refusal(error));
    if (!error.code) console.error(error);
  }

  /** A line at the top that goes away by itself or when it is closed. */
  say(text) {
    const same = [...this.notices.children].find((each) => each.firstChild.textContent === text);
    same?.remove();
    const line = h("p", { role: "alert", class: "notice" }, h("span", {}, text), " ");
    const label = this.words.say("console.dismiss");
    line.append(button("×", () => line.remove(), { "aria-label": label }));
    this.notices.append(line);
    setTimeout(() => line.remove(), NOTICE_SHOWN);
  }

  #tick() {
    this.waitingPane.tick();
    this.chats.tick();
    const count = this.chats.attentionCount;
    const name = this.overview?.name ?? "chatdesk";
    document.title = count ? `(${count}) ${name}` : name;
  }
}

// -- logging in -----------------------------------------------------------------------------------

function settingsFrom(script) {
  const data = script?.dataset ?? {};
  if (!data.tokenUrl) throw new Error("chatdesk: the console's script needs data-token-url");
  const absolute = (url) => new URL(url, location.href).href;
  return {
    api: absolute(data.api ?? "api/"),
    tokenUrl: absolute(data.tokenUrl),
    agentsUrl: data.agentsUrl ? absolute(data.agentsUrl) : null,
  };
}

/** Which agent: `null` where the shop knows; else the one chosen in this window. */
async function chooseAgent(settings, words) {
  if (settings.agentsUrl === null) return null;
  const answer = await fetch(settings.agentsUrl, { cache: "no-store" });
  const { agents } = await answer.json();
  const asked = new URLSearchParams(location.search).get("agent");
  const known = (id) => agents.some((each) => each.id === id);
  const chosen = [asked, inTab.get("chatdesk-agent")].find(known);
  if (chosen) return chosen;
  return new Promise((resolve) => showLogin(agents, words, resolve));
}

function showLogin(agents, words, resolve) {
  const choose = (id) => {
    inTab.set("chatdesk-agent", id);
    resolve(id);
  };
  const entry = (each) =>
    h("li", {}, button(each.name, () => choose(each.id)), " ", h("span", {}, each.about ?? ""));
  document.documentElement.lang = words.language;
  document.title = words.say("login.title");
  document.body.replaceChildren(
    h("main", { class: "login" },
      h("h1", {}, words.say("login.title")),
      h("p", {}, words.say("login.choose")),
      h("ul", {}, ...agents.map(entry))),
  );
}

const settings = settingsFrom(scriptOf(import.meta.url));
const words = await Words.load(chooseLanguage());
const agent = await chooseAgent(settings, words);
new Console({ settings, words, agent }).start();
