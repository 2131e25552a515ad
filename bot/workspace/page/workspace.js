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
  }

  /** Load everything as this person sees it and follow the changes. */
  async open(person) {
    this.source?.close();
    const answer = await fetch(`/workspace/api/scene?as=${encodeURIComponent(person)}`);
    if (!answer.ok) throw new Error((await answer.json()).error);
    this.take(await answer.json());
    this.follow(person);
  }

  take(scene) {
    this.scene = scene;
    this.people = new Map(scene.people.map((person) => [person.id, person]));
    this.channels = new Map(scene.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map(Object.entries(scene.messages).map(([channel, list]) => [channel, new Map(list.map((message) => [message.ts, message]))]));
    this.connections = scene.connections;
    this.tell("scene", {});
  }

  follow(person) {
    const source = new EventSource(`/workspace/events?as=${encodeURIComponent(person)}`);
    this.source = source;
    const on = (kind, act) => source.addEventListener(kind, (event) => act(JSON.parse(event.data)));
    on("message", (body) => this.put(body));
    on("gone", (body) => { this.messages.get(body.channel)?.delete(body.ts); this.tell("gone", body); });
    on("channel", () => this.reload(person));
    on("channel_gone", () => this.reload(person));
    on("home", (body) => { this.scene.home = body.view; this.tell("home", body); });
    on("view", (body) => { this.scene.view = body.view; this.tell("view", body); });
    on("view_gone", () => { this.scene.view = null; this.tell("view", {}); });
    on("connection", (body) => { this.connections = body.connections; this.tell("connection", body); });
    source.addEventListener("open", () => this.reconnected(person));
    source.addEventListener("error", () => { this.online = false; this.lost = true; this.tell("connection", {}); });
  }

  async reconnected(person) {
    this.online = true;
    this.tell("connection", {});
    if (this.lost) await this.reload(person);
    this.lost = false;
  }

  async reload(person) {
    const answer = await fetch(`/workspace/api/scene?as=${encodeURIComponent(person)}`);
    if (answer.ok && person === this.me) this.take(await answer.json());
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
