// The emoji that this workspace knows by name; any other name stays as it was written.

import { signOf } from "./icons.js";

const KNOWN = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", eyes: "👀", white_check_mark: "✅", heavy_check_mark: "✔️",
  x: "❌", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", stop_sign: "🛑", warning: "⚠️", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", tada: "🎉", rocket: "🚀", bug: "🐛", mag: "🔍", mag_right: "🔎", bulb: "💡", memo: "📝",
  thinking_face: "🤔", heart: "❤️", pray: "🙏", wave: "👋", clap: "👏", fire: "🔥", sparkles: "✨", lock: "🔒", unlock: "🔓",
  key: "🔑", link: "🔗", gear: "⚙️", wrench: "🔧", hammer_and_wrench: "🛠️", package: "📦", books: "📚", book: "📖", brain: "🧠",
  speech_balloon: "💬", question: "❓", exclamation: "❗", information_source: "ℹ️", arrow_right: "➡️", ballot_box_with_check: "☑️",
  black_square_button: "🔲", large_green_circle: "🟢", large_yellow_circle: "🟡", red_circle: "🔴", white_circle: "⚪",
  zzz: "💤", point_up: "☝️", raised_hands: "🙌", slightly_smiling_face: "🙂", smile: "😄", robot_face: "🤖", chart_with_upwards_trend: "📈",
  handshake: "🤝", test_tube: "🧪", recycle: "♻️", mute: "🔇", bell: "🔔", no_bell: "🔕", pushpin: "📌", clock1: "🕐", stopwatch: "⏱️", hand: "✋", raised_hand: "✋",
};

/** What people may put under a message. */
export const REACTIONS = ["white_check_mark", "x", "eyes"];

/** The sign of an emoji's name as text or as a drawing, or null. */
export function emoji(name) {
  return signOf(name) ?? KNOWN[name] ?? null;
}
