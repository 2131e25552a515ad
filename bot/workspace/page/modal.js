// A modal that the app opened.

import { renderBlocks } from "./blocks.js";
import { element } from "./elements.js";
import { enteredValues } from "./fields.js";
import { ask } from "./workspace.js";

/** Show the view in the dialog, or close the dialog when there is none. */
export function showModal(dialog, view, { workspace, fail }) {
  if (!view) {
    if (dialog.open) dialog.close();
    return;
  }
  const user = workspace.me;
  const act = (part, option) => ask("act", { user, view: view.id, action: part.action_id, option: option ?? "" }).catch(fail);
  const form = element("form", { method: "dialog" },
    element("header", {}, element("h2", { id: "modal-title" }, view.title?.text ?? ""), element("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: () => dismiss() } }, "✕")),
    element("div", { class: "modal-body" }, renderBlocks(view.blocks, { names: workspace.names, act })),
    element("footer", {},
      element("button", { type: "button", class: "button", on: { click: () => dismiss() } }, view.close?.text ?? "Cancel"),
      view.submit ? element("button", { type: "submit", class: "button primary" }, view.submit.text) : null));
  const dismiss = () => ask("dismiss", { user, view: view.id }).catch(fail);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = enteredValues(form, view.blocks);
    const done = await ask("submit", { user, view: view.id, values }).catch(fail);
    if (done?.error) fail(new Error(`The app did not answer: ${done.error}`));
    complain(form, done?.answer?.errors ?? {});
  });
  dialog.oncancel = (event) => { event.preventDefault(); dismiss(); };
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}

function complain(form, errors) {
  for (const place of form.querySelectorAll(".field")) {
    place.querySelector(".complaint").textContent = errors[place.dataset.block] ?? "";
  }
}
