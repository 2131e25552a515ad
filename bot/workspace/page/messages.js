// One message: author, time, content, reactions, what can be done with it.

import { renderBlocks } from "./blocks.js";
import { element } from "./elements.js";
import { emoji, REACTIONS } from "./emoji.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./text.js";

const HUES = [172, 205, 265, 20, 340, 95, 45, 230];

/** A round sign with the initial, in a colour of one's own. */
export function avatar(person, name) {
  const number = [...(person?.id ?? name)].reduce((sum, letter) => sum + letter.codePointAt(0), 0);
  const classes = `avatar hue-${number % HUES.length}${person?.is_bot ? " bot" : ""}`;
  if (person?.name === "oxbow") return element("img", { class: "avatar", src: "/page/mark.svg", alt: "" });
  return element("span", { class: classes, "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
}

/**
 * The message as an article. `deeds` says what may be done: `click(message, element, option)`,
 * `react(message, name)`, `openThread(message)`, `edit`, `remove`, `askBot`, `copyLink`; `inThread` hides the
 * summary of the thread.
 */
export function renderMessage(message, { workspace, deeds, inThread, follows }) {
  const person = workspace.people.get(message.user);
  const name = message.username ?? person?.display_name ?? "Somebody";
  const made = element("article",
    { class: classes(message, follows), id: `${inThread ? "t" : "m"}-${message.ts}`, data: { ts: message.ts }, tabindex: "-1", "aria-label": `${name}, ${clock(message.ts)}` },
    follows ? element("span", { class: "gutter", "aria-hidden": "true" }, clock(message.ts)) : avatar(person, name),
    element("div", { class: "body" },
      message.is_ephemeral ? element("p", { class: "whisper" }, "Only visible to you") : null,
      follows ? null : byline(message, person, name),
      message.subtype === "thread_broadcast" && !inThread ? element("p", { class: "whisper" }, "replied to a thread") : null,
      content(message, { workspace, deeds }),
      files(message, workspace),
      reactions(message, { workspace, deeds }),
      inThread ? null : threadLine(message, { workspace, deeds })),
    message.subtype === "tombstone" ? null : toolbar(message, { workspace, deeds, inThread }));
  return made;
}

/** Whether a message continues the one before it and needs no name of its own. */
export function continues(message, before) {
  return before !== undefined && before.user === message.user && before.username === message.username && !message.is_ephemeral && !before.is_ephemeral
    && !before.reply_count && Number(message.ts) - Number(before.ts) < 300;
}

/** The day of a time stamp in words, for the dividing lines. */
export function day(ts) {
  const date = new Date(Number(ts) * 1000);
  return date.toDateString() === new Date().toDateString() ? "Today" : date.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
}

/** Put a field with the old text in the place of the message's content; `save(text)` is called once. */
export function editInPlace(node, text, save) {
  const content = node.querySelector(".content");
  const area = element("textarea", { rows: String(Math.min(text.split("\n").length + 1, 14)), "aria-label": "Edit the message" });
  area.value = text;
  const done = () => form.replaceWith(content);
  const finish = () => { done(); if (area.value.trim() && area.value !== text) save(area.value.trim()); };
  const form = element("form", { class: "editor", on: { submit: (event) => { event.preventDefault(); finish(); } } }, area,
    element("div", { class: "block-actions" },
      element("button", { type: "submit", class: "button primary" }, "Save"),
      element("button", { type: "button", class: "button", on: { click: done } }, "Cancel")));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); done(); }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); finish(); }
  });
  content.replaceWith(form);
  area.focus();
}

function classes(message, follows) {
  const marks = ["message"];
  if (message.is_ephemeral) marks.push("ephemeral");
  if (message.subtype === "tombstone") marks.push("tombstone");
  if (follows) marks.push("follows");
  return marks.join(" ");
}

function byline(message, person, name) {
  const marks = [];
  if (person?.is_bot || message.bot_id) marks.push("APP");
  if (person?.is_guest) marks.push("GUEST");
  if (person?.is_stranger) marks.push("EXTERNAL");
  return element("p", { class: "byline" },
    element("strong", {}, name),
    marks.map((mark) => element("span", { class: "mark" }, mark)),
    element("time", { datetime: new Date(Number(message.ts) * 1000).toISOString(), title: new Date(Number(message.ts) * 1000).toLocaleString() }, clock(message.ts)));
}

function content(message, { workspace, deeds }) {
  const use = { names: workspace.names, act: (part, option) => deeds.click(message, part, option) };
  const blocks = message.blocks?.length ? renderBlocks(message.blocks, use) : mrkdwn(message.text ?? "", workspace.names);
  const person = workspace.people.get(message.user);
  const edited = message.edited && !person?.is_bot ? element("span", { class: "edited" }, "(edited)") : null;
  return element("div", { class: "content" }, blocks, edited);
}

function files(message, workspace) {
  const shared = message.files ?? [];
  if (shared.length === 0) return null;
  return element("ul", { class: "files" }, shared.map((file) => element("li", {},
    element("a", { href: `/workspace/files/${file.id}?as=${workspace.me}`, download: file.name ?? file.id },
      icon("file"), element("strong", {}, file.title ?? file.id), element("span", {}, size(file.size))))));
}

function size(bytes) {
  if (bytes === undefined) return "";
  return bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function reactions(message, { workspace, deeds }) {
  const given = message.reactions ?? [];
  if (given.length === 0) return null;
  return element("div", { class: "reactions" }, given.map((reaction) => {
    const mine = reaction.users.includes(workspace.me);
    const who = reaction.users.map(workspace.names.person).join(", ");
    return element("button",
      { type: "button", class: "reaction", "aria-pressed": String(mine), "aria-label": `${reaction.name}: ${who}`, title: `${who} · :${reaction.name}:`, on: { click: () => deeds.react(message, reaction.name) } },
      emoji(reaction.name) ?? `:${reaction.name}:`, " ", element("span", {}, String(reaction.count)));
  }));
}

function threadLine(message, { workspace, deeds }) {
  if (!message.reply_count) return null;
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return element("button", { type: "button", class: "thread-line", on: { click: () => deeds.openThread(message) } },
    message.reply_users.slice(0, 4).map((id) => avatar(workspace.people.get(id), workspace.names.person(id))),
    element("span", { class: "count" }, words),
    element("span", { class: "last" }, `last at ${clock(message.latest_reply)}`));
}

function toolbar(message, { workspace, deeds, inThread }) {
  const own = message.user === workspace.me;
  const tool = (label, sign, act) => element("button", { type: "button", class: "icon", "aria-label": label, title: label, on: { click: act } }, sign);
  if (message.is_ephemeral) return null;
  return element("div", { class: "toolbar", role: "toolbar", "aria-label": "Message" },
    REACTIONS.map((name) => tool(`React with ${name.replaceAll("_", " ")}`, emoji(name), () => deeds.react(message, name))),
    inThread ? null : tool("Reply in thread", icon("reply"), () => deeds.openThread(message)),
    tool("Ask Oxbow about this", icon("ask"), () => deeds.askBot(message)),
    tool("Copy link", icon("link"), () => deeds.copyLink(message)),
    own ? tool("Edit", icon("edit"), (event) => deeds.edit(message, event.currentTarget.closest(".message"))) : null,
    own ? tool("Delete", icon("remove"), () => deeds.remove(message)) : null);
}

function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}
