// The dialog in which an agent suggests a page to the visitor, with the notice before it (D08).

import { findingSentence } from "./console-canned.js";
import { newId } from "./client.js";
import { button, h } from "./dom.js";
import { FormView, textField } from "./forms.js";

export function suggestPage(desk, chat) {
  const { words } = desk;
  const label = words.say("page.suggest");
  const url = textField("url", words.say("page.url"), { required: true, maxLength: 2048 });
  const title = textField("title", words.say("page.title"), { maxLength: 200 });
  const notice = textField("notice", words.say("page.notice"), {
    long: true, required: true, maxLength: 8000,
  });
  const dialog = h("dialog", { class: "dialog", "aria-label": label });
  const id = newId();
  const form = new FormView({
    words,
    before: [url, title, notice],
    sendText: label,
    submit: async () => {
      await checkNotice(desk, chat, url.value ?? "", notice.value ?? "");
      await desk.send({
        type: "push_page", id, chat: chat.id, epoch: chat.epoch,
        url: url.value ?? "", title: title.value, notice: notice.value,
      });
      dialog.close();
    },
  });
  form.extras.append(button(words.say("dialog.cancel"), () => dialog.close()));
  const hint = h("p", { class: "soft" }, words.say("page.hint"));
  dialog.append(h("h2", {}, label), hint, form.element);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Looks at the notice as at any reply; what blocks it is shown beside its field. */
async function checkNotice(desk, chat, url, text) {
  const { findings = [] } = await desk.send({ type: "check_draft", chat: chat.id, text, url });
  const problems = findings
    .filter((each) => each.blocks)
    .map((each) => ({ field: "notice", message: findingSentence(desk.words, each, text) }));
  if (problems.length) throw Object.assign(new Error("the notice cannot go out"), { problems });
}
