// The fields of a modal, and what a person entered there in Slack's form.

import { element } from "./elements.js";

/** An input block: label, field, hint and a place for the app's complaint. */
export function field(block) {
  const id = `field-${block.block_id}`;
  return element("div", { class: "field", data: { block: block.block_id } },
    element("label", { for: id }, block.label?.text ?? ""),
    entry(block, id),
    block.hint ? element("p", { class: "hint" }, block.hint.text) : null,
    element("p", { class: "complaint", role: "alert" }));
}

function entry(block, id) {
  const part = block.element;
  const common = { id, data: { action: part.action_id, kind: part.type }, required: !block.optional };
  if (part.type === "static_select" || part.type === "radio_buttons") {
    const chosen = part.initial_option?.value;
    const options = (part.options ?? []).map((option) => element("option", { value: option.value, selected: option.value === chosen }, option.text.text));
    return element("select", common, element("option", { value: "" }, part.placeholder?.text ?? "Choose…"), options);
  }
  if (part.type === "checkboxes") return boxes(part, common);
  if (part.multiline) {
    const area = element("textarea", { ...common, rows: "5", maxlength: part.max_length, placeholder: part.placeholder?.text });
    area.value = part.initial_value ?? "";
    return area;
  }
  const type = part.type === "number_input" ? "number" : "text";
  return element("input", { ...common, type, value: part.initial_value ?? "", maxlength: part.max_length, placeholder: part.placeholder?.text });
}

function boxes(part, { id, data }) {
  const chosen = new Set((part.initial_options ?? []).map((option) => option.value));
  return element("div", { id, data, role: "group" }, part.options.map((option) => element("label", { class: "box" },
    element("input", { type: "checkbox", value: option.value, checked: chosen.has(option.value) }), " ", option.text.text)));
}

/** `{block_id: {action_id: {type, value | selected_option | selected_options}}}` of a form. */
export function enteredValues(form, blocks) {
  const values = {};
  for (const block of blocks.filter((candidate) => candidate.type === "input")) {
    const part = block.element;
    const holder = form.querySelector(`[data-block="${CSS.escape(block.block_id)}"] [data-action]`);
    values[block.block_id] = { [part.action_id]: { type: part.type, ...entered(part, holder) } };
  }
  return values;
}

function entered(part, holder) {
  const option = (value) => (part.options ?? []).find((candidate) => candidate.value === value) ?? null;
  switch (part.type) {
    case "static_select":
    case "radio_buttons":
      return { selected_option: option(holder.value) };
    case "checkboxes":
      return { selected_options: [...holder.querySelectorAll("input:checked")].map((box) => option(box.value)) };
    default:
      return { value: holder.value || null };
  }
}
