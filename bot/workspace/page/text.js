// Slack's two text formats, mrkdwn and Markdown, as document nodes.

import { element, link } from "./elements.js";
import { emoji } from "./emoji.js";

const MRKDWN = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?!\w)|(?<!\w)_([^_\n]+)_(?!\w)|(?<!\w)~([^~\n]+)~(?!\w)|:([a-z0-9_+'-]+):/;
const MARKDOWN = /<([@#!][^<>\n]+|https?:[^<>\n]+)>|`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<![\w*])[*_]([^*_\n]+)[*_](?!\w)|~~([^~\n]+)~~|:([a-z0-9_+'-]+):|\[([^\]\n]+)\]\((https?:[^)\s]+)\)|(https?:\/\/[^\s<>)]+[^\s<>).,;:!?])/;

/** mrkdwn as block-level nodes. `names` resolves identifiers of people and channels. */
export function mrkdwn(text, names) {
  return blocks(text, (line) => inline(line, MRKDWN, names), false);
}

/** Standard Markdown as block-level nodes. */
export function markdown(text, names) {
  return blocks(text, (line) => inline(line, MARKDOWN, names), true);
}

/** Text without any format. */
export function plain(text) {
  return text.split(/(:[a-z0-9_+'-]+:)/).map((part) => (/^:.+:$/.test(part) ? emoji(part.slice(1, -1)) ?? part : part));
}

/** A mention of a person, a channel or everybody, or a link: what stands between angle brackets. */
export function token(inside, names) {
  const [target, label] = inside.split(/\|(.*)/s);
  switch (target[0]) {
    case "@":
      return element("span", { class: target.slice(1) === names.me ? "mention me" : "mention" }, `@${names.person(target.slice(1))}`);
    case "#":
      return element("a", { class: "mention", href: `#/${target.slice(1)}` }, `#${names.channel(target.slice(1))}`);
    case "!":
      return element("span", { class: "mention me" }, date(target, label) ?? `@${target.slice(1).split("^")[0]}`);
    default:
      return link(unescape(target), unescape(label ?? target));
  }
}

function inline(text, pattern, names) {
  const nodes = [];
  let rest = text;
  for (let match = pattern.exec(rest); match !== null; match = pattern.exec(rest)) {
    if (match.index > 0) nodes.push(unescape(rest.slice(0, match.index)));
    nodes.push(styled(match, pattern, names));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest) nodes.push(unescape(rest));
  return nodes;
}

function styled(match, pattern, names) {
  const [whole, inside, code, strong, emphasis, struck, name, label, address, bare] = match;
  if (inside !== undefined) return token(inside, names);
  if (code !== undefined) return element("code", {}, unescape(code));
  if (strong !== undefined) return element("strong", {}, inline(strong, pattern, names));
  if (emphasis !== undefined) return element("em", {}, inline(emphasis, pattern, names));
  if (struck !== undefined) return element("s", {}, inline(struck, pattern, names));
  if (name !== undefined) return emoji(name) ?? whole;
  if (label !== undefined) return link(address, label);
  return link(bare, bare);
}

function blocks(text, line, full) {
  const nodes = [];
  text.split(/(```[\s\S]*?(?:```|$))/).forEach((part, index) => {
    if (index % 2) nodes.push(fence(part, full));
    else if (part.trim()) nodes.push(...lines(part.replace(/^\n|\n$/g, ""), line, full));
  });
  return nodes;
}

function fence(part, full) {
  const body = part.slice(3).replace(/```$/, "");
  const code = full ? body.replace(/^[\w+-]*\n/, "") : body.replace(/^\n/, "");
  return element("pre", { tabindex: "0" }, element("code", {}, unescape(code.replace(/\n$/, ""))));
}

function lines(text, line, full) {
  const nodes = [];
  const rows = text.split("\n");
  for (let at = 0; at < rows.length; ) {
    const kind = full ? kindOf(rows, at) : quoteOnly(rows[at]);
    let end = at + 1;
    while (end < rows.length && kind.joins(rows[end])) end += 1;
    nodes.push(kind.make(rows.slice(at, end), line));
    at = end;
  }
  return nodes.filter((node) => node !== null);
}

const PARAGRAPH = (stops) => ({
  joins: (row) => row.trim() !== "" && !stops(row),
  make: (rows, line) => element("p", {}, rows.flatMap((row, index) => (index ? [element("br"), ...line(row)] : line(row)))),
});
const BLANK = { joins: (row) => row.trim() === "", make: () => null };
const QUOTE_MARK = /^(?:&gt;|>)\s?/;
const QUOTE = {
  joins: (row) => QUOTE_MARK.test(row),
  make: (rows, line) => element("blockquote", {}, rows.flatMap((row, index) => (index ? [element("br"), ...line(row.replace(QUOTE_MARK, ""))] : line(row.replace(QUOTE_MARK, ""))))),
};
const HEADING = {
  joins: () => false,
  make: ([row], line) => element("p", { class: "heading", role: "heading", "aria-level": "3" }, line(row.replace(/^#+\s+/, ""))),
};
const RULE = { joins: () => false, make: () => element("hr") };
const ITEM = /^(\s*)([-*•]|\d+[.)])\s+(.*)$/;
const LIST = { joins: (row) => ITEM.test(row) || /^\s{2,}\S/.test(row), make: list };
const TABLE = { joins: (row) => row.trim().startsWith("|"), make: table };

function quoteOnly(row) {
  if (row.trim() === "") return BLANK;
  return QUOTE_MARK.test(row) ? QUOTE : PARAGRAPH((next) => QUOTE_MARK.test(next));
}

function kindOf(rows, at) {
  const row = rows[at];
  if (row.trim() === "") return BLANK;
  if (QUOTE_MARK.test(row)) return QUOTE;
  if (/^#{1,6}\s/.test(row)) return HEADING;
  if (/^\s*(-{3,}|\*{3,})\s*$/.test(row)) return RULE;
  if (ITEM.test(row)) return LIST;
  if (row.trim().startsWith("|") && /^[\s|:-]+$/.test(rows[at + 1] ?? "")) return TABLE;
  return PARAGRAPH((next) => /^#{1,6}\s/.test(next) || ITEM.test(next) || QUOTE_MARK.test(next));
}

function list(rows, line) {
  const top = element(/^\s*\d/.test(rows[0]) ? "ol" : "ul");
  const open = [{ indent: 0, list: top }];
  for (const row of rows) {
    const match = ITEM.exec(row);
    if (match === null) {
      open.at(-1).list.lastElementChild?.append(element("br"), ...line(row.trim()));
      continue;
    }
    const [, space, mark, words] = match;
    while (open.length > 1 && space.length < open.at(-1).indent) open.pop();
    if (space.length >= open.at(-1).indent + 2 && open.at(-1).list.lastElementChild) {
      const inner = element(/\d/.test(mark) ? "ol" : "ul");
      open.at(-1).list.lastElementChild.append(inner);
      open.push({ indent: space.length, list: inner });
    }
    open.at(-1).list.append(item(words, line));
  }
  return top;
}

function item(words, line) {
  const box = /^\[([ xX])\]\s+(.*)$/.exec(words);
  if (box === null) return element("li", {}, line(words));
  return element("li", { class: "check" }, element("span", { role: "img", "aria-label": box[1] === " " ? "to do" : "done" }, box[1] === " " ? "☐" : "☑"), " ", line(box[2]));
}

function table(rows, line) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const [head, , ...body] = rows;
  return element("div", { class: "table", tabindex: "0" },
    element("table", {},
      element("thead", {}, element("tr", {}, cells(head).map((cell) => element("th", { scope: "col" }, line(cell))))),
      element("tbody", {}, body.map((row) => element("tr", {}, cells(row).map((cell) => element("td", {}, line(cell))))))));
}

function date(target, label) {
  const match = /^!date\^(\d+)\^/.exec(target);
  if (match === null) return null;
  return Number.isFinite(Number(match[1])) ? new Date(Number(match[1]) * 1000).toLocaleString() : label;
}

function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
