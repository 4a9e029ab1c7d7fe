// The last questions of visitors, in the form of e-mails (A19), each with its profile (A20).

import { button, debounced, h, showRows } from "./dom.js";

export class QuestionsPane {
  constructor(desk) {
    this.desk = desk;
    this.list = h("div");
    this.element = this.list;
    this.visible = false;
    this.refresh = debounced(() => this.#ask(), 800);
  }

  shown() {
    this.#ask();
  }

  async #ask() {
    if (this.desk.me === null || this.element.closest("[hidden]")) return;
    try {
      const { questions } = await this.desk.send({ type: "last_questions" });
      this.#render(questions);
    } catch (error) {
      this.desk.fail(error);
    }
  }

  #render(questions) {
    const { words } = this.desk;
    const none = h("p", { class: "soft" }, words.say("questions.none"));
    showRows(this.list, questions.length ? questions : [null], (q) => (q ? this.#mail(q) : none));
  }

  #mail(question) {
    const { words } = this.desk;
    const from = question.email ? `${question.sender} <${question.email}>` : question.sender;
    const line = (name, value) => [h("dt", {}, words.say(`questions.${name}`)), h("dd", {}, value)];
    const profile = button(words.say("questions.profile"),
      () => this.desk.openCustomer(question.customer), { class: "plain" });
    return h(
      "article", { class: "mail" },
      h("dl", {}, ...line("from", from), ...line("date", words.dateTime(question.at)),
        ...line("subject", question.subject)),
      h("p", { class: "body" }, question.body),
      h("p", { class: "soft" }, words.say(`chat.state.${question.state}`), " ", profile),
    );
  }
}
