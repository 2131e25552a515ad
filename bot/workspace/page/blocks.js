// Block Kit as document nodes: the kinds that an engineering bot uses, and a plain note for the others.

import { element, link, safeAddress } from "./elements.js";
import { field } from "./fields.js";
import { emoji } from "./emoji.js";
import { markdown, mrkdwn, plain } from "./text.js";

/**
 * The blocks of a message or a view. `act(element, option)` is called when a button or a menu is used;
 * `names` resolves identifiers.
 */
export function renderBlocks(blocks, { names, act }) {
  return blocks.map((block) => {
    const render = KINDS[block.type];
    return render ? render(block, { names, act }) : element("p", { class: "unknown" }, `(a ${block.type} block)`);
  });
}

const KINDS = {
  section,
  header: (block) => element("p", { class: "block-header", role: "heading", "aria-level": "3" }, plain(block.text.text)),
  divider: () => element("hr"),
  context: (block, use) => element("div", { class: "block-context" }, block.elements.map((part) => contextPart(part, use))),
  actions: (block, use) => element("div", { class: "block-actions" }, block.elements.map((part) => control(part, use))),
  context_actions: (block, use) => element("div", { class: "block-actions" }, block.elements.flatMap((part) => feedback(part, use))),
  markdown: (block, { names }) => element("div", { class: "block-markdown" }, markdown(block.text, names)),
  rich_text: (block, { names }) => element("div", { class: "block-rich" }, block.elements.map((part) => rich(part, names))),
  image: (block) => element("p", { class: "block-context" }, `🖼 ${block.alt_text ?? "image"}`),
  alert: (block, { names }) => element("div", { class: `block-alert ${block.level ?? ""}` }, mrkdwn(textOf(block.text), names)),
  plan: (block, use) => plan(block, use),
  task_card: (block, use) => task(block, use),
  input: (block) => field(block),
  table: (block, { names }) => dataTable(block, names),
};

function section(block, use) {
  const parts = [];
  if (block.text) parts.push(element("div", { class: "block-text" }, textObject(block.text, use.names)));
  if (block.fields) {
    parts.push(element("div", { class: "block-fields" }, block.fields.map((text) => element("div", {}, textObject(text, use.names)))));
  }
  const words = element("div", { class: "block-words" }, parts);
  return element("div", { class: "block-section" }, words, block.accessory ? control(block.accessory, use) : null);
}

function textObject(text, names) {
  return text.type === "mrkdwn" ? mrkdwn(text.text, names) : element("p", {}, plain(text.text));
}

function textOf(text) {
  return typeof text === "string" ? text : text?.text ?? "";
}

function contextPart(part, { names }) {
  if (part.type === "image") return element("span", {}, `🖼 ${part.alt_text ?? ""}`);
  return element("div", {}, textObject(part, names));
}

/** A button or a menu. */
export function control(part, { act }) {
  switch (part.type) {
    case "button":
      return button(part, act);
    case "static_select":
    case "overflow":
      return menu(part, act);
    default:
      return element("span", { class: "unknown" }, `(${part.type})`);
  }
}

function button(part, act) {
  const label = plain(part.text.text);
  const address = part.url ? safeAddress(part.url) : null;
  if (address) return element("a", { class: `button ${part.style ?? ""}`, href: address, target: "_blank", rel: "noopener noreferrer", on: { click: () => act(part, null) } }, label);
  const made = element("button", { type: "button", class: `button ${part.style ?? ""}`, "aria-label": part.accessibility_label }, label);
  made.addEventListener("click", async () => {
    if (part.confirm && !window.confirm(textOf(part.confirm.text))) return;
    made.disabled = true;
    made.setAttribute("aria-busy", "true");
    await act(part, null);
    made.disabled = false;
    made.removeAttribute("aria-busy");
  });
  return made;
}

function menu(part, act) {
  const options = [...(part.options ?? []), ...(part.option_groups ?? []).flatMap((group) => group.options)];
  const chosen = part.initial_option?.value;
  return element("select",
    { class: "menu", "aria-label": textOf(part.placeholder) || "Choose", on: { change: (event) => event.target.value && act(part, event.target.value) } },
    element("option", { value: "" }, textOf(part.placeholder) || "Choose…"),
    options.map((option) => element("option", { value: option.value, selected: option.value === chosen }, option.text.text)));
}

function feedback(part, use) {
  if (part.type !== "feedback_buttons") return [control(part, use)];
  return [part.positive_button, part.negative_button].map((side) => control({ ...side, type: "button", action_id: part.action_id }, use));
}

const STATUS = { pending: ["○", "to do"], in_progress: ["◐", "in progress"], complete: ["●", "done"], error: ["✕", "failed"] };

function plan(block, use) {
  return element("div", { class: "block-plan" },
    element("p", { class: "block-header" }, textOf(block.title)),
    (block.tasks ?? []).map((part) => task(part, use)));
}

function task(block, use) {
  const [sign, words] = STATUS[block.status] ?? STATUS.pending;
  const more = [block.details, block.output].filter(Boolean).map((part) => (part.type === "rich_text" ? KINDS.rich_text(part, use) : mrkdwn(textOf(part), use.names)));
  return element("div", { class: `block-task ${block.status ?? "pending"}` },
    element("span", { class: "sign", role: "img", "aria-label": words }, sign),
    element("div", {}, element("span", {}, textOf(block.title)), more));
}

function rich(part, names) {
  switch (part.type) {
    case "rich_text_preformatted":
      return element("pre", { tabindex: "0" }, element("code", {}, part.elements.map((leaf) => leaf.text ?? leaf.url ?? "")));
    case "rich_text_quote":
      return element("blockquote", {}, part.elements.flatMap((leaf) => richLeaf(leaf, names)));
    case "rich_text_list":
      return element(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => element("li", {}, item.elements.flatMap((leaf) => richLeaf(leaf, names)))));
    default:
      return element("p", {}, part.elements.flatMap((leaf) => richLeaf(leaf, names)));
  }
}

function richLeaf(leaf, names) {
  switch (leaf.type) {
    case "user":
      return [element("span", { class: leaf.user_id === names.me ? "mention me" : "mention" }, `@${names.person(leaf.user_id)}`)];
    case "channel":
      return [element("a", { class: "mention", href: `#/${leaf.channel_id}` }, `#${names.channel(leaf.channel_id)}`)];
    case "broadcast":
      return [element("span", { class: "mention me" }, `@${leaf.range}`)];
    case "emoji":
      return [emoji(leaf.name) ?? `:${leaf.name}:`];
    case "link":
      return [link(leaf.url, leaf.text ?? leaf.url)];
    default:
      return styledLeaf(leaf);
  }
}

function styledLeaf(leaf) {
  const style = leaf.style ?? {};
  const rows = (leaf.text ?? "").split("\n").flatMap((row, index) => (index ? [element("br"), ...words(row, style)] : words(row, style)));
  const tag = style.code ? "code" : style.bold ? "strong" : style.italic ? "em" : style.strike ? "s" : null;
  return tag ? [element(tag, {}, rows)] : rows;
}

function words(row, style) {
  return style.code ? [row] : plain(row);
}

function dataTable(block, names) {
  const cell = (content) => (content.type === "rich_text" ? content.elements.map((part) => rich(part, names)) : textOf(content));
  return element("div", { class: "table", tabindex: "0" },
    element("table", {}, element("tbody", {}, (block.rows ?? []).map((row) => element("tr", {}, row.map((content) => element("td", {}, cell(content))))))));
}
