// The message field: sends on Enter, completes mentions, channels and commands.

import { element } from "./elements.js";
import { icon } from "./icons.js";

const COMMANDS = [
  ["/oxbow search ", "find solved problems, for you alone"],
  ["/oxbow status", "what runs in this channel"],
  ["/oxbow stats", "figures"],
  ["/oxbow settings", "repository, model and instructions of this channel"],
  ["/oxbow ask ", "a fixed question about what was solved"],
  ["/oxbow help", "what Oxbow can do"],
  ["/invite @Oxbow", "bring Oxbow into this channel"],
];

export class Composer {
  /** `send(text, broadcast)` and `share(file, text)` are awaited; `workspace` offers the names; `inThread` allows sending to the channel. */
  constructor(place, { workspace, send, share, inThread = false, id }) {
    this.workspace = workspace;
    this.send = send;
    this.share = share;
    this.chosen = 0;
    this.choices = [];
    this.area = element("textarea", {
      id, rows: "1", autocomplete: "off", spellcheck: "true", "aria-autocomplete": "list", "aria-controls": `${id}-choices`, "aria-expanded": "false", role: "combobox",
      on: { input: () => this.changed(), keydown: (event) => this.key(event), blur: () => setTimeout(() => this.offer([]), 150) },
    });
    this.list = element("ul", { id: `${id}-choices`, class: "choices", role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.button = element("button", { type: "submit", class: "send", "aria-label": "Send", disabled: true }, "Send");
    this.picked = element("input", { type: "file", class: "picked", "aria-label": "Share a file", on: { change: () => this.attach() } });
    this.broadcast = element("input", { type: "checkbox" });
    this.form = element("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); this.submit(); } } },
      this.list,
      element("div", { class: "composer-box" }, this.area, element("label", { class: "icon attach", title: "Share a file" }, icon("attach"), this.picked), this.button),
      inThread ? element("label", { class: "broadcast" }, this.broadcast, " Also send to the channel") : null);
    this.closed = element("p", { class: "composer-closed", hidden: true });
    place.append(this.form, this.closed);
  }

  /** What the empty field says, or the reason why nothing can be written here. */
  address(label, reason = null) {
    this.area.placeholder = label;
    this.area.setAttribute("aria-label", label);
    this.form.hidden = reason !== null;
    this.closed.hidden = reason === null;
    this.closed.textContent = reason ?? "";
  }

  /** Put a text into the field and the cursor behind it. */
  fill(text) {
    this.area.value = text;
    this.changed();
    this.area.focus();
  }

  changed() {
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight, 220)}px`;
    this.button.disabled = this.area.value.trim() === "";
    this.offer(this.matching());
  }

  matching() {
    const before = this.area.value.slice(0, this.area.selectionStart);
    if (/^\/[a-z ]*$/.test(before)) {
      return COMMANDS.filter(([command]) => command.startsWith(before) && command !== before).map(([command, note]) => ({ label: command.trim(), note, whole: command }));
    }
    const mention = /(^|\s)([@#])([\w-]*)$/.exec(before);
    if (mention === null) return [];
    const [, , sign, start] = mention;
    const names = sign === "@"
      ? [...this.workspace.people.values()].filter((person) => person.id !== this.workspace.me).sort((one, other) => other.is_bot - one.is_bot).map((person) => [person.display_name, person.title])
      : [...this.workspace.channels.values()].filter((channel) => channel.kind === "public").map((channel) => [channel.name, channel.purpose]);
    return names.filter(([name]) => name.toLowerCase().startsWith(start.toLowerCase())).slice(0, 7)
      .map(([name, note]) => ({ label: `${sign}${name}`, note, from: start.length + 1 }));
  }

  offer(choices) {
    this.choices = choices;
    this.chosen = 0;
    this.list.hidden = choices.length === 0;
    this.area.setAttribute("aria-expanded", String(choices.length > 0));
    this.drawChoices();
  }

  drawChoices() {
    this.list.replaceChildren(...this.choices.map((choice, index) => element("li",
      { id: `${this.list.id}-${index}`, role: "option", "aria-selected": String(index === this.chosen), on: { mousedown: (event) => { event.preventDefault(); this.choose(index); } } },
      element("strong", {}, choice.label), element("span", {}, choice.note ?? ""))));
    if (this.choices.length) this.area.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    else this.area.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    const choice = this.choices[index];
    const at = this.area.selectionStart;
    const before = choice.whole ?? `${this.area.value.slice(0, at - choice.from)}${choice.label} `;
    this.area.value = before + this.area.value.slice(at);
    this.area.setSelectionRange(before.length, before.length);
    this.changed();
    this.offer([]);
    this.area.focus();
  }

  key(event) {
    if (event.isComposing) return;
    if (this.choices.length && ["ArrowDown", "ArrowUp", "Tab", "Enter", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape") { event.stopPropagation(); this.offer([]); return; }
      if (event.key === "Tab" || event.key === "Enter") { this.choose(this.chosen); return; }
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.chosen = (this.chosen + step + this.choices.length) % this.choices.length;
      this.drawChoices();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  /** The chosen file goes at once, with the words in the field. */
  async attach() {
    const [file] = this.picked.files;
    if (file === undefined) return;
    const text = this.area.value.trim();
    this.area.value = "";
    this.changed();
    if (!(await this.share(file, text)) && this.area.value === "") this.fill(text);
    this.picked.value = "";
  }

  async submit() {
    const text = this.area.value.trim();
    if (text === "") return;
    this.offer([]);
    const broadcast = this.broadcast.checked;
    this.area.value = "";
    this.broadcast.checked = false;
    this.changed();
    if (!(await this.send(text, broadcast)) && this.area.value === "") this.fill(text);
  }
}
