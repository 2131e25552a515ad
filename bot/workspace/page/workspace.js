// What the page knows of the workspace, kept true by the server's live changes.

/** Ask the workspace for a deed; resolves to its answer. Rejects with the reason in words. */
export async function ask(deed, given) {
  const reply = await fetch(`/workspace/api/${deed}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(given),
  });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error);
  return answer;
}

export class Workspace {
  constructor() {
    this.listeners = new Set();
    this.unread = new Set();
    this.connections = 0;
    this.online = false;
    this.waiting = null;
  }

  /** Follow the changes as this person sees them and load the scene; resolves when it is there. */
  open(person) {
    this.source?.close();
    this.waiting = null;
    return new Promise((resolve, reject) => { this.follow(person, resolve, reject); });
  }

  take(scene) {
    this.scene = scene;
    this.people = new Map(scene.people.map((person) => [person.id, person]));
    this.channels = new Map(scene.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map(Object.entries(scene.messages).map(([channel, list]) => [channel, new Map(list.map((message) => [message.ts, message]))]));
    this.connections = scene.connections;
    this.tell("scene", {});
  }

  follow(person, resolve, reject) {
    const source = new EventSource(`/workspace/events?as=${encodeURIComponent(person)}`);
    this.source = source;
    const on = (kind, act) => source.addEventListener(kind, (event) => this.when(source, () => act(JSON.parse(event.data))));
    on("message", (body) => this.put(body));
    on("gone", (body) => { this.messages.get(body.channel)?.delete(body.ts); this.tell("gone", body); });
    on("channel", () => this.load(person, source));
    on("channel_gone", () => this.load(person, source));
    on("home", (body) => { this.scene.home = body.view; this.tell("home", body); });
    on("view", (body) => { this.scene.view = body.view; this.tell("view", body); });
    on("view_gone", () => { this.scene.view = null; this.tell("view", {}); });
    on("connection", (body) => { this.connections = body.connections; this.tell("connection", body); });
    source.addEventListener("ready", () => this.load(person, source).then(resolve, reject));
    source.addEventListener("error", () => {
      this.online = false;
      this.tell("connection", {});
      if (source.readyState === EventSource.CLOSED) reject(new Error(`The workspace does not know ${person}.`));
    });
  }

  /** Changes that arrive while the scene is on its way are applied after it. */
  when(source, act) {
    if (source !== this.source) return;
    if (this.waiting) this.waiting.push(act);
    else act();
  }

  async load(person, source) {
    if (source !== this.source) return;
    this.waiting ??= [];
    const answer = await fetch(`/workspace/api/scene?as=${encodeURIComponent(person)}`);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    if (source !== this.source) return;
    const waiting = this.waiting ?? [];
    this.waiting = null;
    this.online = true;
    this.take(body);
    for (const act of waiting) act();
  }

  put({ channel, message }) {
    const known = this.messages.get(channel);
    if (!known) return;
    const fresh = !known.has(message.ts);
    known.set(message.ts, message);
    this.tell("message", { channel, message, fresh });
  }

  onChange(listener) { this.listeners.add(listener); }
  tell(kind, body) { for (const listener of this.listeners) listener(kind, body); }

  get me() { return this.scene.me; }
  get bot() { return this.scene.bot; }

  /** Names for the renderers. */
  get names() {
    return {
      me: this.me,
      person: (id) => this.people.get(id)?.display_name ?? id,
      channel: (id) => this.channels.get(id)?.name ?? id,
    };
  }

  /** What a conversation is called for the person at the page. */
  title(channel) {
    if (channel.kind === "group_message") return channel.members.filter((id) => id !== this.me).map(this.names.person).join(", ");
    return channel.name;
  }

  sorted(channel) {
    return [...(this.messages.get(channel)?.values() ?? [])].sort((one, other) => (one.ts < other.ts ? -1 : 1));
  }

  /** Messages shown in the channel itself. */
  history(channel) {
    return this.sorted(channel).filter((message) => !message.thread_ts || message.thread_ts === message.ts || message.subtype === "thread_broadcast");
  }

  /** The root and the replies of a thread. */
  thread(channel, ts) {
    return this.sorted(channel).filter((message) => message.ts === ts || message.thread_ts === ts);
  }
}
