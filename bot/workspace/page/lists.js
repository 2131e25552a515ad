// The two scrolling lists of messages, updated in place so that reading and focus are not disturbed.

import { atEnd, element } from "./elements.js";
import { continues, day, renderMessage } from "./messages.js";

export class MessageList {
  /** `options` are passed to every message; `empty` makes what is shown when there is none. */
  constructor(place, options, empty = () => null) {
    this.place = place;
    this.options = options;
    this.empty = empty;
    this.shown = new Map();
    this.atEnd = true;
    place.addEventListener("scroll", () => { this.atEnd = atEnd(place); });
    place.addEventListener("keydown", (event) => this.step(event));
    new ResizeObserver(() => { if (this.atEnd) place.scrollTop = place.scrollHeight; }).observe(place);
  }

  /** Show these messages; those that did not change keep their nodes. */
  show(messages, { jump = false } = {}) {
    const follow = jump || this.atEnd;
    const nodes = [];
    const kept = new Map();
    let last = null;
    messages.forEach((message, index) => {
      if (day(message.ts) !== last) {
        last = day(message.ts);
        nodes.push(element("div", { class: "day", role: "separator" }, element("span", {}, last)));
      }
      const follows = continues(message, messages[index - 1]);
      const known = this.shown.get(message.ts);
      const key = JSON.stringify([message, follows]);
      const node = known?.key === key ? known.node : renderMessage(message, { ...this.options, follows });
      kept.set(message.ts, { key, node });
      nodes.push(node);
    });
    this.shown = kept;
    this.replace(nodes.length ? nodes : [this.empty()].filter((node) => node !== null));
    if (!follow) return;
    this.place.scrollTop = this.place.scrollHeight;
    this.atEnd = true;
  }

  /** Forget everything shown, as when another person looks; what takes its place is read from its beginning. */
  clear() {
    this.shown = new Map();
    this.atEnd = false;
  }

  /** Bring a message into view and point it out. */
  point(ts) {
    const node = this.shown.get(ts)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("pointed");
    node.focus({ preventScroll: true });
    setTimeout(() => node.classList.remove("pointed"), 2500);
  }

  /** The arrow keys walk from message to message; Tab then reaches what can be done with it. */
  step(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    if (event.target !== this.place && !event.target.classList.contains("message")) return;
    const all = [...this.place.querySelectorAll(".message")];
    const at = all.indexOf(event.target);
    const next = event.key === "ArrowUp" ? (at === -1 ? all.length - 1 : at - 1) : at + 1;
    if (!all[next]) return;
    event.preventDefault();
    all[next].focus();
  }

  replace(nodes) {
    const wanted = new Set(nodes);
    for (const child of [...this.place.childNodes]) if (!wanted.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (this.place.childNodes[index] !== node) this.place.insertBefore(node, this.place.childNodes[index] ?? null);
    });
  }
}
