/**
 * Elements without markup: whatever a span says ends as text, never as HTML.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} tag
 * @param {Object<string, string|boolean|Function|null>} attributes Handlers by `on...`;
 *   false and null leave an attribute out, true sets it empty.
 * @param {...(Node|string|null)} children Strings become text nodes.
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** The same for SVG. @returns {SVGElement} */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Set an element's text, and leave it alone where it says so already. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
  return node;
}

/** Set or remove an attribute, and leave it alone where it is so already. */
export function set(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Keep one part per key, in the order of the items, so that what has the focus keeps it.
 * @template T
 * @param {HTMLElement} parent Holds the parts' roots and nothing else.
 * @param {Map<string, {root: HTMLElement, update: function(T): void}>} parts Kept between calls.
 * @param {T[]} items
 * @param {function(T): string} keyOf
 * @param {function(T): {root: HTMLElement, update: function(T): void}} make
 */
export function keep(parent, parts, items, keyOf, make) {
  const wanted = new Set(items.map(keyOf));
  for (const [key, part] of parts) {
    if (wanted.has(key)) continue;
    part.root.remove();
    parts.delete(key);
  }
  const focused = document.activeElement;
  items.forEach((item, place) => {
    const key = keyOf(item);
    if (!parts.has(key)) parts.set(key, make(item));
    const part = parts.get(key);
    part.update(item);
    if (parent.children[place] !== part.root) {
      parent.insertBefore(part.root, parent.children[place] ?? null);
    }
  });
  // An element that is moved loses the focus.
  if (focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/** A list of terms and what they are; `rows` are [term, node or text] or null. */
export function terms(rows) {
  const list = el("dl", { class: "terms" });
  for (const row of rows) {
    if (row) list.append(el("div", {}, el("dt", {}, row[0]), el("dd", {}, row[1])));
  }
  return list;
}
