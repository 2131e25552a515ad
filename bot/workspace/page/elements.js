// Building the document. Text is always set as data, never as markup.

/**
 * An element with properties and children. A child that is a string becomes a text node; null and false are
 * left out. `on` holds listeners, `data` the data attributes, `aria-*` and other names are attributes.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (name === "class") {
      made.className = value;
    } else {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined && child !== ""));
  return made;
}

/** Addresses that may become links: of the web, of mail, of this page. */
export function safeAddress(address) {
  return /^(https?:|mailto:)/i.test(address) ? address : null;
}

/** A link, or plain text when the address is of a kind that the page does not follow. */
export function link(address, label) {
  const safe = safeAddress(address);
  if (safe === null) return document.createTextNode(label);
  const own = safe.startsWith(`${location.origin}/`);
  return element("a", { href: safe, target: own ? null : "_blank", rel: own ? null : "noopener noreferrer" }, label);
}

/** Whether the reader is at the end of a scrolling list, so that it should follow what arrives. */
export function atEnd(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}
