// The customer's profile, editable (A10), with the history (A09, B20).

import { shownMessage } from "./console-chat.js";
import { button, debounced, h, setText } from "./dom.js";
import { FormView, selectField, textField } from "./forms.js";
import { Log } from "./talk.js";

const FIELDS = [
  ["name", "text"], ["email", "email"], ["customer_number", "text"], ["phone", "tel"],
  ["language", "text"], ["social_login", "text"],
];
const CHANNELS = ["note", "phone", "email", "letter", "shop"];

function attributeLines(attributes = {}) {
  return Object.entries(attributes).map(([key, value]) => `${key}: ${value}`).join("\n");
}

/** Lines `key: value` as what to set; a key that is gone is set to nothing, which removes it. */
function attributeChanges(text, before = {}) {
  const lines = text.split("\n").filter((line) => line.split(":")[0].trim());
  const pairs = lines.map((line) => line.split(/:(.*)/s));
  const wanted = Object.fromEntries(pairs.map(([key, value = ""]) => [key.trim(), value.trim()]));
  const gone = Object.keys(before).filter((key) => !(key in wanted)).map((key) => [key, ""]);
  const changed = Object.entries(wanted).filter(([key, value]) => before[key] !== value);
  return Object.fromEntries([...changed, ...gone]);
}

/** Lines that are no `key: value`, which would be lost in saving, as a problem of the field. */
function checkAttributes(text) {
  const wrong = text.split("\n").some((line) => line.trim() && !/^\s*[^:\s][^:]*:.*\S/s.test(line));
  if (!wrong) return;
  const problems = [{ field: "attributes", code: "line" }];
  throw Object.assign(new Error("a line is no key: value"), { problems });
}

export class CustomerPane {
  #drafts = new Map(); // by customer, what was typed into a field and is not saved

  constructor(desk) {
    this.desk = desk;
    this.customer = null;
    this.card = null;
    this.refresh = debounced(() => this.#ask(), 250);
    this.element = h("div", { class: "customer" });
    this.#renderNobody();
  }

  show(id) {
    if (id === this.customer) return;
    this.#keepTyped();
    this.customer = id;
    this.card = null;
    if (id === null) this.#renderNobody();
    else this.#ask();
  }

  /** Somebody changed this or another customer; what is being typed is not overwritten. */
  changed(id) {
    if (id === this.customer) this.refresh();
  }

  #renderNobody() {
    this.element.replaceChildren(h("p", { class: "soft" }, this.desk.words.say("customer.none")));
  }

  async #ask() {
    const { desk, customer } = this;
    if (customer === null) return;
    try {
      const card = await desk.send({ type: "customer", customer });
      if (customer === this.customer) this.#adopt(card);
    } catch (error) {
      desk.fail(error);
    }
  }

  #adopt(card) {
    const first = this.card === null;
    const version = card.customer.version ?? 1;
    const newer = !first && version !== (this.card.customer.version ?? 1);
    const dirty = !first && Object.keys(this.#change()).length > 0;
    if (first) this.#build(card);
    else if (newer && dirty) this.#tellConflict(card);
    else if (newer) this.#fill(card);
    this.#renderHistory(card);
  }

  #build(card) {
    const { words } = this.desk;
    this.fields = FIELDS.map(([key, type]) =>
      textField(key, words.say(`customer.${key}`), { type, autocomplete: "off", maxLength: 300 }),
    );
    this.notes = textField("notes", words.say("customer.notes"), { long: true, maxLength: 8000 });
    this.attributes = textField("attributes", words.say("customer.attributes"), { long: true });
    this.form = new FormView({
      words,
      before: [...this.fields, this.notes, this.attributes],
      sendText: words.say("customer.save"),
      submit: () => this.#save(),
    });
    this.saved = h("span", { role: "status" });
    this.form.extras.append(this.saved);
    this.conflict = h("p", { class: "conflict", role: "alert", hidden: true });
    this.history = h("div", { class: "history" });
    const what = textField("text", words.say("history.text"), { long: true, maxLength: 8000 });
    const channels = CHANNELS.map((each) => [each, words.say(`channel.${each}`)]);
    const channel = selectField("channel", words.say("history.channel"), channels);
    this.adding = new FormView({
      words,
      before: [channel, what],
      sendText: words.say("history.add"),
      submit: () => this.#addInteraction(channel, what),
    });
    this.element.replaceChildren(
      this.form.element, this.conflict,
      h("h2", {}, words.say("history.title")), this.history, this.adding.element,
    );
    this.#fill(card);
    this.#putBackTyped();
  }

  #fill(card) {
    this.card = card;
    for (const field of this.#all) field.control.value = this.#savedText(field);
    this.conflict.hidden = true;
  }

  get #all() {
    return [...this.fields, this.notes, this.attributes];
  }

  #savedText({ key }) {
    const { customer } = this.card;
    return key === "attributes" ? attributeLines(customer.attributes) : (customer[key] ?? "");
  }

  /** What is typed stays with its customer while another one is shown (A10). */
  #keepTyped() {
    if (this.card === null) return;
    const typed = this.#all.filter((field) => field.control.value !== this.#savedText(field));
    this.#drafts.set(this.customer, new Map(typed.map((each) => [each.key, each.control.value])));
  }

  #putBackTyped() {
    const typed = this.#drafts.get(this.customer) ?? new Map();
    for (const field of this.#all) {
      if (typed.has(field.key)) field.control.value = typed.get(field.key);
    }
  }

  /** What the form would change; an empty text removes a value. */
  #change() {
    const { customer } = this.card;
    const change = {};
    for (const field of [...this.fields, this.notes]) {
      const text = field.control.value.trim();
      if (text !== (customer[field.key] ?? "")) change[field.key] = text;
    }
    const attributes = attributeChanges(this.attributes.control.value, customer.attributes);
    if (Object.keys(attributes).length) change.attributes = attributes;
    return change;
  }

  async #save() {
    const { desk, customer } = this;
    const change = this.#change();
    const version = this.card.customer.version ?? 1;
    setText(this.saved, "");
    checkAttributes(this.attributes.control.value);
    try {
      await desk.send({ type: "save_customer", customer, change, version });
    } catch (error) {
      if ((error.problems ?? []).some((problem) => problem.field === "version")) {
        this.#tellConflict(await desk.send({ type: "customer", customer }));
        return;
      }
      throw error;
    }
    this.#fill(await desk.send({ type: "customer", customer }));
    setText(this.saved, desk.words.say("customer.saved"));
  }

  #tellConflict(card) {
    const { words } = this.desk;
    const reload = button(words.say("customer.take_theirs"), () => this.#fill(card));
    const keep = button(words.say("customer.keep_mine"), () => {
      this.card = card;
      this.conflict.hidden = true;
    });
    this.conflict.replaceChildren(words.say("customer.conflict"), " ", reload, " ", keep);
    this.conflict.hidden = false;
  }

  // -- history ---------------------------------------------------------------------------------

  #renderHistory(card) {
    if (this.history.contains(document.activeElement) && this.editing) return;
    const chats = (card.chats ?? []).map((chat) => [chat.requested_at, this.#chat(chat)]);
    const entries = (card.interactions ?? [])
      .filter((each) => !each.removed)
      .map((each) => [each.at, this.#interaction(each)]);
    const tickets = (card.tickets ?? []).map((each) => [each.created_at, this.#ticket(each)]);
    const all = [...chats, ...entries, ...tickets].sort(([one], [other]) => other - one);
    this.editing = false;
    this.history.replaceChildren(h("ul", {}, ...all.map(([, element]) => element)));
  }

  #chat(chat) {
    const { words } = this.desk;
    const open = button(words.say("history.chat", { when: words.dateTime(chat.requested_at) }),
      () => this.#openTranscript(chat.id), { class: "plain" });
    const state = words.say(`chat.state.${chat.state}`);
    return h("li", {}, open, " ", h("span", { class: "soft" }, state));
  }

  #ticket(ticket) {
    const { words } = this.desk;
    const text = `#${ticket.number} ${ticket.title}`;
    const open = button(text, () => this.desk.openTicket(ticket.id), { class: "plain" });
    const state = words.say(`ticket.state.${ticket.state}`);
    return h("li", {}, open, " ", h("span", { class: "soft" }, state));
  }

  #interaction(entry) {
    const { words } = this.desk;
    const channel = `channel.${entry.channel}`;
    const name = words.has(channel) ? words.say(channel) : entry.channel;
    const when = entry.edited_at ? "history.edited" : "history.when";
    const head = words.say(when, { channel: name, when: words.dateTime(entry.at) });
    const body = h("p", { class: "body" }, entry.text);
    const element = h("li", { class: "interaction" }, h("span", { class: "soft" }, head), body);
    element.append(
      button(words.say("history.edit"), () => this.#edit(entry, element), { class: "plain" }),
      button(words.say("history.remove"), () => this.#removeInteraction(entry), { class: "plain" }),
    );
    return element;
  }

  #edit(entry, element) {
    const { desk } = this;
    const { words } = desk;
    const text = textField("text", words.say("history.text"), { long: true, value: entry.text });
    const form = new FormView({
      words,
      before: [text],
      sendText: words.say("customer.save"),
      submit: async () => {
        const { channel } = entry;
        await this.#saveInteraction({ interaction: entry.id, channel, text: text.value ?? "" });
      },
    });
    this.editing = true;
    element.replaceChildren(form.element);
    text.focus();
  }

  async #saveInteraction(fields) {
    const { desk, customer } = this;
    await desk.send({ type: "save_interaction", customer, ...fields });
    this.editing = false;
    await this.#ask();
  }

  async #addInteraction(channel, what) {
    await this.#saveInteraction({ channel: channel.control.value, text: what.value ?? "" });
    what.control.value = "";
  }

  async #removeInteraction(entry) {
    const { desk, customer } = this;
    try {
      await desk.send({ type: "remove_interaction", customer, interaction: entry.id });
      await this.#ask();
    } catch (error) {
      desk.fail(error);
    }
  }

  async #openTranscript(chat) {
    const { desk } = this;
    try {
      showTranscript(desk, await desk.send({ type: "transcript", chat }));
    } catch (error) {
      desk.fail(error);
    }
  }
}

/** An earlier chat, to read. */
export function showTranscript(desk, transcript) {
  const { words } = desk;
  const log = new Log(words, words.say("chat.history"));
  const customerName = transcript.chat.customer_name ?? words.say("chat.visitor");
  const base = transcript.chat.chat.page?.url;
  const whose = { customerName, names: transcript.names ?? {}, base };
  log.add(transcript.messages.map((message) => shownMessage(desk, message, whose)));
  const title = words.dateTime(transcript.chat.chat.requested_at);
  const dialog = h("dialog", { class: "dialog transcript", "aria-label": title });
  const close = button(words.say("dialog.close"), () => dialog.close());
  dialog.append(h("h2", {}, title), log.element, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
