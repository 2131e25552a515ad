// The list of conversations and the choice of the person.

import { element } from "./elements.js";
import { icon } from "./icons.js";
import { avatar } from "./messages.js";

const GROUPS = [
  ["Channels", (channel) => channel.kind === "public" && !channel.is_archived && channel.sharing === "none"],
  ["Shared with others", (channel) => channel.kind === "public" && !channel.is_archived && channel.sharing !== "none"],
  ["Private", (channel) => channel.kind === "private" && !channel.is_archived],
  ["Messages", (channel) => channel.kind === "group_message"],
  ["Archived", (channel) => channel.is_archived],
];
const DRAWINGS = { private: "lock", group_message: "people" };

/** Draw the list; `current` is the identifier of the open conversation or `home`. */
export function drawSidebar(place, workspace, current) {
  const channels = [...workspace.channels.values()];
  place.replaceChildren(
    ...GROUPS.map(([title, belongs]) => group(title, channels.filter(belongs), workspace, current)).filter((made) => made !== null),
    apps(channels, workspace, current));
}

/** The sign before the name of a conversation, as text. */
export function sign(channel) {
  return channel.kind === "public" ? "#" : "";
}

function drawn(channel) {
  if (channel.sharing !== "none") return icon("shared");
  return DRAWINGS[channel.kind] ? icon(DRAWINGS[channel.kind]) : sign(channel);
}

/** Fill the choice of persons with the people (not the bots) of the workspace. */
export function drawPeople(select, workspace) {
  const people = [...workspace.people.values()].filter((person) => !person.is_bot);
  select.replaceChildren(...people.map((person) => element("option", { value: person.name, selected: person.id === workspace.me },
    person.title ? `${person.display_name} · ${person.title}` : person.display_name)));
}

function group(title, channels, workspace, current) {
  if (channels.length === 0) return null;
  return element("section", {}, element("h2", {}, title), element("ul", {}, channels.map((channel) => entry(channel, workspace, current))));
}

function entry(channel, workspace, current) {
  const unread = workspace.unread.has(channel.id);
  return element("li", {}, element("a",
    { href: `#/${channel.id}`, class: `${unread ? "unread" : ""}${channel.is_member ? "" : " outside"}`, "aria-current": channel.id === current ? "page" : null },
    element("span", { class: "sign", "aria-hidden": "true" }, drawn(channel)), element("span", { class: "name" }, workspace.title(channel)),
    unread ? element("span", { class: "visually-hidden" }, " unread") : null));
}

function apps(channels, workspace, current) {
  const direct = channels.find((channel) => channel.kind === "direct_message");
  const row = (href, words, key) => element("li", {}, element("a", { href, "aria-current": key === current ? "page" : null },
    avatar(workspace.people.get(workspace.bot), "Oxbow"), element("span", { class: "name" }, words)));
  return element("section", {}, element("h2", {}, "Apps"), element("ul", {},
    row("#/home", "Oxbow home", "home"),
    direct ? row(`#/${direct.id}`, "Oxbow (direct message)", direct.id) : null));
}
