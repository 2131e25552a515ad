// The page: joins what is known, what is shown and what the person does.

import { renderBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { element } from "./elements.js";
import { MessageList } from "./lists.js";
import { editInPlace } from "./messages.js";
import { showModal } from "./modal.js";
import { drawPeople, drawSidebar, sign } from "./sidebar.js";
import { ask, Workspace } from "./workspace.js";

const find = (id) => document.getElementById(id);
const workspace = new Workspace();
const open = { channel: null, thread: null, home: false };

// What the person does

const deeds = {
  async click(message, part, option) {
    const done = await attempt("click", { channel: open.channel, ts: message.ts, action: part.action_id, option: option ?? "" });
    if (done?.error) fail(new Error(`Oxbow did not answer the click (${done.error}). Is it running?`));
  },
  react(message, name) {
    const mine = (message.reactions ?? []).some((reaction) => reaction.name === name && reaction.users.includes(workspace.me));
    return attempt(mine ? "unreact" : "react", { channel: open.channel, ts: message.ts, name });
  },
  openThread: (message) => go(`#/${open.channel}/${message.thread_ts ?? message.ts}`),
  askBot: async (message) => {
    const done = await attempt("shortcut", { channel: open.channel, ts: message.ts, callback: "ask_oxbow" });
    if (done?.error) fail(new Error(`Oxbow did not answer (${done.error}). Is it running?`));
  },
  copyLink: async (message) => {
    const thread = message.thread_ts ? `?thread_ts=${message.thread_ts}&cid=${open.channel}` : "";
    await navigator.clipboard.writeText(`${location.origin}/archives/${open.channel}/p${message.ts.replace(".", "")}${thread}`);
    say("Link copied.");
  },
  edit(message, node) {
    editInPlace(node, readable(message.text), (text) => attempt("edit", { channel: open.channel, ts: message.ts, text }));
  },
  remove(message) {
    if (window.confirm("Delete this message?")) attempt("delete", { channel: open.channel, ts: message.ts });
  },
};

const list = new MessageList(find("messages"), { workspace, deeds, inThread: false }, hint);
const replies = new MessageList(find("replies"), { workspace, deeds, inThread: true });
const composer = new Composer(find("composer"), { workspace, send: sayInChannel, share: (file, text) => shareFile(file, text), id: "composer-text" });
const threadComposer = new Composer(find("thread-composer"), { workspace, send: sayInThread, share: (file, text) => shareFile(file, text, open.thread), id: "thread-text", inThread: true });

async function sayInChannel(text) {
  const [name, ...rest] = text.split(/\s+/);
  if (name === "/invite") return (await attempt("join", { user: "oxbow", channel: open.channel })) !== null;
  if (!/^\/[a-z]/.test(name)) return (await attempt("post", { channel: open.channel, text })) !== null;
  return (await attempt("command", { channel: open.channel, name, text: rest.join(" ") })) !== null;
}

async function sayInThread(text, broadcast) {
  if (/^\/[a-z]/.test(text)) {
    fail(new Error("Slack has no slash commands inside threads. Mention Oxbow, or write !stop."));
    return false;
  }
  return (await attempt("post", { channel: open.channel, text, thread_ts: open.thread, broadcast })) !== null;
}

async function shareFile(file, text, thread = "") {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const content = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return (await attempt("share", { channel: open.channel, thread_ts: thread, text, name: file.name, mimetype: file.type, content })) !== null;
}

async function attempt(deed, given) {
  try {
    return await ask(deed, { user: workspace.me, ...given });
  } catch (error) {
    fail(error);
    return null;
  }
}

function readable(text) {
  const names = workspace.names;
  return text.replace(/<@(\w+)>/g, (_, id) => `@${names.person(id)}`).replace(/<#(\w+)>/g, (_, id) => `#${names.channel(id)}`)
    .replace(/<(https?:[^>|]+)>/g, "$1").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

// What is shown

function hint() {
  const channel = workspace.channels.get(open.channel);
  if (!channel || open.home) return null;
  if (channel.name !== "general" || workspace.scene.suggestions.length === 0) {
    return element("div", { class: "hint-card" }, element("p", {}, "Nothing has been said here yet."));
  }
  return element("div", { class: "hint-card" },
    element("h2", {}, "How to begin"),
    element("p", {}, "This is a small Slack workspace on your own machine. Mention Oxbow with a problem and watch it work in the thread."),
    element("ul", {}, workspace.scene.suggestions.map((text) => element("li", {}, element("button", { type: "button", class: "suggestion", on: { click: () => composer.fill(text) } }, text)))),
    element("p", { class: "quiet" }, "You may change who you are at the bottom left, to join a thread as a colleague."));
}

function draw({ jump = false } = {}) {
  const channel = workspace.channels.get(open.channel);
  drawSidebar(find("channels"), workspace, open.home ? "home" : open.channel);
  drawBar(channel);
  if (open.home) drawHome();
  else list.show(channel ? workspace.history(channel.id) : [], { jump });
  composer.address(channel && !open.home ? `Message ${sign(channel)}${workspace.title(channel)}` : "", closedReason(channel));
  drawThread(jump);
  showModal(find("modal"), workspace.scene.view, { workspace, fail });
}

function closedReason(channel) {
  if (open.home) return "Settings and sessions, as Oxbow published them.";
  if (channel?.is_archived) return "This channel is archived: it can be read, nothing more.";
  return null;
}

function drawBar(channel) {
  find("channel-title").textContent = open.home ? "Oxbow" : channel ? `${sign(channel)} ${workspace.title(channel)}`.trim() : "";
  const notes = [];
  if (open.home) notes.push("App Home");
  else if (channel) {
    if (channel.purpose) notes.push(channel.purpose);
    if (channel.sharing === "pending") notes.push("invitation to another organisation pending");
    if (channel.kind === "private" || channel.kind === "group_message") notes.push("not public: Oxbow will decline here");
    if (channel.kind === "public" && !channel.has_bot && !channel.is_archived) notes.push("Oxbow is not in this channel: /invite @Oxbow");
  }
  find("channel-note").textContent = notes.join(" · ");
  document.title = `${find("channel-title").textContent} · ${workspace.scene.team}`;
}

function drawThread(jump) {
  const shown = !open.home && open.thread !== null && workspace.channels.has(open.channel);
  find("thread").hidden = !shown;
  document.body.classList.toggle("with-thread", shown);
  if (!shown) return;
  const messages = workspace.thread(open.channel, open.thread);
  replies.show(messages, { jump });
  const count = messages.length - 1;
  find("thread-note").textContent = `#${workspace.names.channel(open.channel)} · ${count === 1 ? "1 reply" : `${Math.max(count, 0)} replies`}`;
  const archived = workspace.channels.get(open.channel).is_archived;
  threadComposer.address("Reply…", archived ? "This channel is archived." : null);
}

function drawHome() {
  list.clear();
  const view = workspace.scene.home;
  const act = async (part, option) => {
    const done = await attempt("act", { view: view.id, action: part.action_id, option: option ?? "" });
    if (done?.error) fail(new Error(`Oxbow did not answer (${done.error}). Is it running?`));
  };
  const nodes = view ? renderBlocks(view.blocks, { names: workspace.names, act }) : [element("p", { class: "quiet" }, "Oxbow has not published a home view yet.")];
  find("messages").replaceChildren(element("div", { class: "home" }, nodes));
}

function drawConnection() {
  const place = find("connection");
  const [words, state] = !workspace.online ? ["workspace unreachable", "bad"] : workspace.connections > 0 ? ["Oxbow is connected", "good"] : ["waiting for Oxbow", "idle"];
  place.textContent = words;
  place.dataset.state = state;
}

let noticeTimer = 0;
function say(words, bad = false) {
  const notice = find("notice");
  notice.textContent = words;
  notice.classList.toggle("bad", bad);
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { notice.hidden = true; }, bad ? 8000 : 2500);
}
function fail(error) { say(error.message, true); return null; }

// Where the person is: #/channel, #/channel/thread, #/channel/thread/message, #/home

function go(hash) {
  if (location.hash === hash) route();
  else location.hash = hash;
}

function route() {
  const [, channel, thread, message] = location.hash.split("/");
  const before = { ...open };
  open.home = channel === "home";
  open.channel = workspace.channels.has(channel) ? channel : open.home ? before.channel : general();
  open.thread = thread ?? null;
  if (message !== undefined && message === thread && !workspace.messages.get(open.channel)?.get(thread)?.reply_count) open.thread = null;
  workspace.unread.delete(open.channel);
  if (open.home !== before.home || open.channel !== before.channel) {
    list.clear();
    find("messages").scrollTop = 0;
  }
  if (open.home && !before.home) attempt("home", {});
  document.body.classList.remove("with-channels");
  find("menu").setAttribute("aria-expanded", "false");
  draw({ jump: true });
  if (message !== undefined) (open.thread === null ? list : replies).point(message);
  else if (open.thread !== null && open.thread !== before.thread) threadComposer.area.focus();
}

function general() {
  return [...workspace.channels.values()].find((channel) => channel.name === "general")?.id ?? [...workspace.channels.keys()][0];
}

// Life

workspace.onChange((kind, body) => {
  if (kind === "connection") { drawConnection(); return; }
  if (kind === "scene") {
    drawPeople(find("person"), workspace);
    find("team-name").textContent = workspace.scene.team;
    drawConnection();
    if (open.channel !== null) route();
    return;
  }
  if (kind === "message" && body.fresh && body.channel !== open.channel && body.message.user !== workspace.me) workspace.unread.add(body.channel);
  draw();
});

async function become(name) {
  list.clear();
  replies.clear();
  try {
    await workspace.open(name);
    localStorage.setItem("person", name);
  } catch (error) {
    fail(error);
  }
}

window.addEventListener("hashchange", route);
find("person").addEventListener("change", (event) => become(event.target.value));
find("close-thread").addEventListener("click", () => { go(`#/${open.channel}`); composer.area.focus(); });
find("menu").addEventListener("click", () => {
  find("menu").setAttribute("aria-expanded", String(document.body.classList.toggle("with-channels")));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open.thread !== null && !find("modal").open) go(`#/${open.channel}`);
});

await become(localStorage.getItem("person") ?? "ada");
if (!workspace.scene) await become("ada");
route();
if (open.thread === null && !open.home) composer.area.focus();
