// The dialog that gives a chat to a colleague or back to a queue (B12–B14).

import { button, h } from "./dom.js";
import { FormView, selectField, textField } from "./forms.js";

export function askTransfer(desk, chat) {
  const { words, overview } = desk;
  const others = (overview.agents ?? []).filter((each) => each.agent !== desk.me);
  const agents = others.map((each) => [
    `agent ${each.agent}`, `${each.name} (${words.say(`status.${each.status}`)})`,
  ]);
  const queues = (overview.queues ?? []).map((each) => [
    `queue ${each.queue}`, words.say("transfer.queue", { name: each.name }),
  ]);
  const to = selectField("agent", words.say("transfer.to"), [...agents, ...queues]);
  const consent = h("input", { type: "checkbox", name: "consent" });
  const agreed = h("label", { class: "tick" }, consent, " ", words.say("transfer.consent"));
  const note = textField("note", words.say("transfer.note"), { long: true });
  const dialog = h("dialog", { class: "dialog", "aria-label": words.say("chat.transfer") });
  const form = new FormView({
    words,
    before: [to, note],
    sendText: words.say("chat.transfer"),
    submit: async () => {
      const [kind, id] = to.control.value.split(/ (.*)/s);
      const { epoch } = chat;
      await desk.send({
        type: "transfer_chat", chat: chat.id, epoch, [kind]: id,
        consent: consent.checked, note: note.value,
      });
      dialog.close();
      await desk.chats.reload();
    },
  });
  note.element.before(agreed);
  form.extras.append(button(words.say("dialog.cancel"), () => dialog.close()));
  dialog.append(h("h2", {}, words.say("chat.transfer")), form.element);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
