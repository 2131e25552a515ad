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

const line = (d, stroke, width = 2) => ["path", { d, fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" }];
const HOURGLASS = [line("M5 2.5h10M5 17.5h10M6.5 2.5v3.5L10 10l3.5-4V2.5M6.5 17.5V14l3.5-4 3.5 4v3.5", "#8a6d3b", 1.6), ["path", { d: "M8 16.6h4l-2-2.4z", fill: "#d9a441" }]];
const NO_ENTRY = [["circle", { cx: 10, cy: 10, r: 7.5, fill: "#d2453c" }], line("M6 10h8", "#fff", 2.6)];

const SIGNS = {
  heavy_check_mark: [line("M3.5 10.5l4.5 4.5L16.5 5", "#2e9e5b", 2.6)],
  heavy_multiplication_x: [line("M5 5l10 10M15 5L5 15", "#777", 2.6)],
  hourglass: HOURGLASS, hourglass_flowing_sand: HOURGLASS,
  white_circle: [["circle", { cx: 10, cy: 10, r: 6.5, fill: "none", stroke: "#999", "stroke-width": 1.8 }]],
  warning: [["path", { d: "M10 2.5L18.5 17h-17z", fill: "#f2b431" }], line("M10 7.5v4.5M10 14.6v.1", "#4a3500", 1.9)],
  octagonal_sign: [["path", { d: "M6.7 2h6.6L18 6.7v6.6L13.3 18H6.7L2 13.3V6.7z", fill: "#d2453c" }]],
  no_entry: NO_ENTRY,
  no_entry_sign: [["circle", { cx: 10, cy: 10, r: 7, fill: "none", stroke: "#d2453c", "stroke-width": 2.4 }], line("M5 5l10 10", "#d2453c", 2.4)],
  double_vertical_bar: [["rect", { x: 2, y: 2, width: 16, height: 16, rx: 4, fill: "#5b7f95" }], line("M7.5 6.5v7M12.5 6.5v7", "#fff", 2.2)],
  alarm_clock: [["circle", { cx: 10, cy: 11, r: 6.5, fill: "#fff", stroke: "#b5483f", "stroke-width": 1.8 }], line("M10 7.5V11l2.4 1.6M3 4.5l3-2M17 4.5l-3-2M5.5 16.5L4 18.5M14.5 16.5l1.5 2", "#b5483f", 1.6)],
  raised_hand: [["path", { d: "M5 10V5.5a1.2 1.2 0 0 1 2.4 0V9V3.7a1.2 1.2 0 0 1 2.4 0V9V4.4a1.2 1.2 0 0 1 2.4 0V10V6.4a1.2 1.2 0 0 1 2.4 0V13c0 3-1.8 5-4.8 5-2.6 0-3.7-1-5.6-4.3L3 11.5c-.5-1 1-1.8 1.7-1z", fill: "#f3c65f", stroke: "#a97a1e", "stroke-width": 1 }]],
  leftwards_arrow_with_hook: [line("M8 4L4 8l4 4M4 8h8a4 4 0 0 1 0 8H8", "#5b7f95")],
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
