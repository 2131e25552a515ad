// Small drawings, so that the page looks the same on machines without an emoji font.

const SPACE = "http://www.w3.org/2000/svg";

const LINES = {
  lock: "M6 9V6.5a4 4 0 0 1 8 0V9M5 9h10v8H5z",
  people: "M7 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm6.5 0a2.5 2.5 0 1 0 0-5M2 16c0-3 2-4.5 5-4.5s5 1.5 5 4.5m2-4.3c2.3.4 4 1.8 4 4.3",
  shared: "M3 7h12l-3-3M17 13H5l3 3",
  reply: "M4 4v5a3 3 0 0 0 3 3h9m-4-4 4 4-4 4",
  ask: "M10 3a7 6 0 0 1 0 12c-.8 0-1.5-.1-2.2-.3L4 17l.9-3.6A6 6 0 0 1 10 3zM10 6.5v2.5m0 2.5v.1",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.8-2.8a3 3 0 0 0-4.2-4.2l-1 1m1.2 3a3 3 0 0 0-4.2 0l-2.8 2.8a3 3 0 0 0 4.2 4.2l1-1",
  file: "M5 3h6l4 4v10H5zM11 3v4h4",
  attach: "M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l6-6a2 2 0 0 1 2.9 2.9l-6 6a1 1 0 0 1-1.4-1.4l5-5",
  edit: "M4 16l1-4 8-8 3 3-8 8zM11.5 5.5l3 3",
  remove: "M4 6h12M8 6V4h4v2M6 6l.7 11h6.6L14 6",
};

const SIGNS = {
  white_check_mark: [["rect", { x: 2, y: 2, width: 16, height: 16, rx: 4, fill: "#2e9e5b" }], ["path", { d: "M6 10.5l2.8 2.8L14.5 7", fill: "none", stroke: "#fff", "stroke-width": 2.2 }]],
  x: [["path", { d: "M5 5l10 10M15 5L5 15", fill: "none", stroke: "#d2453c", "stroke-width": 3, "stroke-linecap": "round" }]],
  eyes: [["ellipse", { cx: 6, cy: 10, rx: 4, ry: 6, fill: "#fff", stroke: "#536" }], ["ellipse", { cx: 14, cy: 10, rx: 4, ry: 6, fill: "#fff", stroke: "#536" }], ["circle", { cx: 4.8, cy: 11.5, r: 2, fill: "#223" }], ["circle", { cx: 12.8, cy: 11.5, r: 2, fill: "#223" }]],
};

/** A line drawing in the colour of the text around it. */
export function icon(name) {
  return drawing([["path", { d: LINES[name], fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" }]], "line");
}

/** A coloured sign for the emoji that matter most here, or null. */
export function signOf(name) {
  return SIGNS[name] ? drawing(SIGNS[name], "sign-drawing") : null;
}

function drawing(parts, kind) {
  const made = document.createElementNS(SPACE, "svg");
  made.setAttribute("viewBox", "0 0 20 20");
  made.setAttribute("class", `drawing ${kind}`);
  made.setAttribute("aria-hidden", "true");
  for (const [tag, properties] of parts) {
    const part = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(properties)) part.setAttribute(name, value);
    made.append(part);
  }
  return made;
}
