// One chat of the agent: transcript, composer, transfer, end, qualification.

import { newId } from "./client.js";
import { button, h, setText } from "./dom.js";
import { CannedHelp } from "./console-canned.js";
import { editResponse } from "./console-canned-pane.js";
import { suggestPage } from "./console-page.js";
import { FormView, answerTexts, textField } from "./forms.js";
import { inTab } from "./kept.js";
import { Composer, Log, sendMessage, systemText } from "./talk.js";
import { askTransfer } from "./console-transfer.js";

const OPEN_KINDS = new Set(["text", "page"]);

/** A message record as the log shows it; `base` is the page from which its paths are read. */
export function shownMessage(desk, message, { customerName, names = {}, base }) {
  const { words } = desk;
  const { seq, at, kind, author } = message;
  if (kind === "system") {
    return { seq, at, kind, side: "system", author: "", text: systemText(words, message) };
  }
  const text = message.text ?? "";
  const visitor = author.kind === "visitor";
  const mine = author.id === desk.me && author.kind === "agent";
  const colleague = mine ? words.say("chat.you") : desk.agentName(author.id, names);
  const name = visitor ? customerName : colleague;
  const label = OPEN_KINDS.has(kind) ? name : `${name} · ${words.say(`chat.${kind}`)}`;
  const side = visitor ? "theirs" : mine ? "mine" : "staff";
  const page = kind === "page" ? { address: text, title: message.details?.title, base } : null;
  return { seq, at, kind, side, author: label, text, page, files: message.attachments, base };
}

export class ChatTab {
  #last = 0;
  #names = {};
  #early = new Map();
  #loaded = false;
  #readTo = 0;
  #sending = Promise.resolve();

  constructor(desk, card) {
    this.desk = desk;
    this.card = card;
    const { words } = desk;
    this.place = `chatdesk-draft ${card.chat.id}`;
    this.head = h("div", { class: "facts" });
    this.given = h("p", { class: "facts" });
    this.unanswered = h("p", { class: "soft", role: "timer" });
    this.log = new Log(words, words.say("chat.history"));
    this.preview = h("p", { class: "preview", hidden: true });
    this.composer = this.#composer();
    this.help = new CannedHelp(desk, this);
    this.note = h("input", { type: "checkbox" });
    this.live = h(
      "div", { class: "live" }, this.preview, this.help.element, this.composer.element,
      h("label", { class: "note-switch" }, this.note, " ", words.say("chat.as_note")),
    );
    this.tools = this.#tools();
    this.wrapUp = h("div", { class: "wrap-up", hidden: true });
    this.panel = h(
      "div", { role: "tabpanel", class: "panel chat" },
      this.head, this.given, this.tools, this.unanswered, this.log.element, this.live, this.wrapUp,
    );
    this.update(card);
  }

  get chat() {
    return this.card.chat;
  }

  get name() {
    return this.card.customer_name ?? this.desk.words.say("chat.visitor");
  }

  #composer() {
    const { words, connection } = this.desk;
    const tell = (on) => connection.whisper({ type: "typing", chat: this.card.chat.id, on });
    const composer = new Composer({
      words,
      label: words.say("chat.message"),
      send: (text) => this.#send(text),
      typing: (on) => this.note.checked || tell(on),
    });
    composer.text = inTab.get(this.place) ?? "";
    composer.oninput = (text) => {
      inTab.set(this.place, text);
      this.help.typed();
    };
    return composer;
  }

  #tools() {
    const { words } = this.desk;
    const transfer = () => askTransfer(this.desk, this.chat);
    this.transferButton = button(words.say("chat.transfer"), transfer);
    this.endButton = button(words.say("chat.end"), () => this.#end());
    const ticket = button(words.say("chat.make_ticket"), () => this.#askTicket());
    const suggest = () => suggestPage(this.desk, this.chat);
    this.pageButton = button(words.say("page.suggest"), suggest);
    return h(
      "div", { class: "tools" }, this.transferButton, this.endButton, this.pageButton, ticket,
    );
  }

  // -- what the desk tells ---------------------------------------------------------------------

  async load() {
    const { desk } = this;
    const id = this.chat.id;
    try {
      const transcript = await desk.send({ type: "transcript", chat: id, after: this.#last });
      Object.assign(this.#names, transcript.names ?? {});
      this.answers = transcript.answers ?? [];
      this.#renderGiven(transcript.prechat ?? {});
      this.#loaded = true;
      this.#show([...transcript.messages, ...this.#early.values()]);
      this.#early.clear();
      this.update(transcript.chat);
    } catch (error) {
      desk.fail(error);
    }
  }

  takeMessage(message) {
    if (!this.#loaded) this.#early.set(message.seq, message);
    else if (message.seq > this.#last + 1) this.load();
    else this.#show([message]);
  }

  #show(messages) {
    const base = this.chat.page?.url;
    const whose = { customerName: this.name, names: this.#names, base };
    const shown = messages.map((message) => shownMessage(this.desk, message, whose));
    this.log.add(shown.map((message) => ({ ...message, tool: this.#keeper(message) })));
    const newest = messages.findLast((message) => message.kind === "text");
    if (newest?.author.kind === "visitor" && newest.seq > this.#last) this.help.ask();
    this.#last = Math.max(this.#last, ...messages.map((message) => message.seq), 0);
    if (messages.some((message) => message.author.kind === "visitor")) this.#showPreview("");
  }

  /** Makes a canned response of what he wrote (B29). */
  #keeper({ side, kind, text }) {
    if (side !== "mine" || kind !== "text") return null;
    const { desk } = this;
    return button(desk.words.say("canned.keep"), () => editResponse(desk, { body: text }));
  }

  signal(frame) {
    if (frame.agent) return;
    if (frame.kind === "preview") this.#showPreview(frame.text ?? "");
    else this.#showTyping(frame.on ?? false);
  }

  #showTyping(on) {
    const { name } = this;
    this.log.showTyping(on ? this.desk.words.say("chat.typing", { name }) : "");
  }

  #showPreview(text) {
    setText(this.preview, text ? this.desk.words.say("chat.preview", { text }) : "");
    this.preview.hidden = text === "";
    if (text === "") this.log.showTyping("");
  }

  update(card) {
    this.card = card;
    const active = card.chat.state === "active";
    const wasWriting = this.live.contains(document.activeElement);
    this.live.hidden = !active;
    this.transferButton.hidden = !active;
    this.endButton.hidden = !active;
    this.pageButton.hidden = !active;
    this.#renderFacts();
    if (card.chat.state === "wrap_up") this.#showWrapUp({ wasWriting });
  }

  deskChanged() {
    this.#renderFacts();
    if (this.chat.state === "wrap_up") this.#showWrapUp();
  }

  #renderFacts() {
    const { desk, card, chat } = this;
    const { words } = desk;
    const topic = `topic.${chat.topic}`;
    const facts = [
      desk.queueName(chat.queue),
      words.say(`source.${chat.source ?? "chat_button"}`),
      words.has(topic) ? words.say(topic) : chat.topic,
      this.#waited(),
      card.returning ? words.say("chat.returning") : null,
      chat.transfers ? words.say("chat.transfers", { count: chat.transfers }) : null,
      chat.name_uses ? words.say("chat.name_uses", { count: chat.name_uses }) : null,
      chat.page ? (chat.page.title ?? chat.page.url) : null,
    ];
    setText(this.head, facts.filter(Boolean).join(" · "));
  }

  /** What he said of himself before the chat, so that nobody asks again (B22, D02). */
  #renderGiven(prechat) {
    const { values = {} } = this.answers.find((each) => each.form === "prechat") ?? {};
    setText(this.given, answerTexts(prechat, values, this.desk.words).join(" · "));
  }

  #waited() {
    const { chat, desk } = this;
    const from = chat.first_assigned_at ?? chat.assigned_at;
    if (!from || from - chat.requested_at < 1) return null;
    return desk.words.say("chat.waited", { time: desk.words.duration(from - chat.requested_at) });
  }

  unansweredText(now) {
    const { chat, desk } = this;
    const { unanswered_since: since, promised_until: promised } = chat;
    if (chat.state !== "active") return "";
    if (since) return desk.words.say("chat.unanswered", { time: desk.words.duration(now - since) });
    if (!promised) return "";
    const code = now > promised ? "chat.promise_late" : "chat.promised";
    return desk.words.say(code, { time: desk.words.duration(Math.abs(promised - now)) });
  }

  // -- what the agent does ---------------------------------------------------------------------

  shown() {
    this.log.scrollToEnd();
    if (!this.live.hidden) this.composer.field.focus();
  }

  /** Tells that he has read the chat, once for each new message. */
  read() {
    const seq = this.chat.messages ?? 0;
    if (!this.chat.attention || seq <= this.#readTo) return;
    this.#readTo = seq;
    const frame = { type: "read_chat", chat: this.chat.id, seq };
    this.desk.send(frame).catch(() => (this.#readTo = 0));
  }

  #send(text) {
    const note = this.note.checked;
    this.note.checked = false;
    this.#sending = this.#sending.then(() => this.#deliver(text, note));
  }

  async #deliver(text, note) {
    const about = note ? {} : await this.help.checked(text);
    if (about === null) return;
    const { words, connection } = this.desk;
    const { id, epoch } = this.chat;
    const type = note ? "post_note" : "post_message";
    const frame = { type, chat: id, text, ...(note ? {} : { epoch, ...about }) };
    const edit = () => {
      this.composer.giveBack(text);
      this.help.giveBack(about);
    };
    sendMessage({ log: this.log, words, connection, frame, edit });
  }

  async #do(frame) {
    try {
      return await this.desk.send(frame);
    } catch (error) {
      this.desk.fail(error);
      return null;
    }
  }

  async #end() {
    await this.#do({ type: "end_chat", chat: this.chat.id, epoch: this.chat.epoch });
    await this.load();
  }

  /** The qualification form in front of him (A28); closing is refused until it is filled (A26). */
  #showWrapUp({ wasWriting = false } = {}) {
    const { desk } = this;
    const { words, overview } = desk;
    if (!this.wrapUp.hidden || overview === null || !this.#loaded) return;
    const given = (this.answers ?? []).findLast((each) => each.form === "qualification")?.values;
    this.saved = h("span", { role: "status" });
    const form = new FormView({
      form: overview.qualification,
      words,
      given: given ?? {},
      sendText: words.say("wrap_up.save"),
      submit: ({ answers }) => this.#qualify(answers),
    });
    this.wrapUpForm = form;
    form.extras.append(button(words.say("wrap_up.close"), () => this.#close()), this.saved);
    const line = words.say(`wrap_up.ended.${this.chat.ended_by ?? "agent"}`);
    const title = h("h2", { tabindex: "-1" }, words.say("wrap_up.title"));
    this.wrapUp.replaceChildren(title, h("p", {}, line), form.element);
    this.wrapUp.hidden = false;
    this.kept = JSON.stringify(form.answers);
    // not into a field: what he was about to type would answer it
    if (wasWriting) title.focus();
  }

  async #qualify(answers) {
    await this.desk.send({ type: "qualify_chat", chat: this.chat.id, answers });
    this.kept = JSON.stringify(answers);
    setText(this.saved, this.desk.words.say("wrap_up.saved"));
  }

  /** What he has ticked since he last saved is saved with it. */
  async #close() {
    const form = this.wrapUpForm;
    form.clearErrors();
    try {
      const { answers } = form;
      if (JSON.stringify(answers) !== this.kept) await this.#qualify(answers);
      await this.desk.send({ type: "close_chat", chat: this.chat.id });
      inTab.remove(this.place);
      await this.desk.chats.reload();
    } catch (error) {
      form.showError(error);
    }
  }

  /** A ticket from the chat (B34). */
  #askTicket() {
    const { desk, chat } = this;
    const { words } = desk;
    const title = textField("title", words.say("ticket.title"), { required: true, maxLength: 200 });
    const text = textField("text", words.say("ticket.comment"), { long: true, maxLength: 8000 });
    const dialog = h("dialog", { class: "dialog", "aria-label": words.say("chat.make_ticket") });
    const id = newId();
    const form = new FormView({
      words,
      before: [title, text],
      sendText: words.say("chat.make_ticket"),
      submit: async () => {
        const saved = await desk.send({
          type: "open_ticket", id, title: title.value ?? "", text: text.value ?? "", chat: chat.id,
        });
        dialog.close();
        desk.openTicket(saved.ticket);
      },
    });
    form.extras.append(button(words.say("dialog.cancel"), () => dialog.close()));
    const hint = h("p", { class: "soft" }, words.say("ticket.title_hint"));
    dialog.append(h("h2", {}, words.say("chat.make_ticket")), hint, form.element);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}
