/** A child of an element: text is set as text, never as markup, since names come from workers and clients. */
export type Child = Node | string | null;

/** Attributes by name; a boolean is present or absent; `on...` is no attribute and not taken. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes an HTML element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an SVG element. */
export function svgElement<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  setAttributes(made, attributes);
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

/** Sets what differs: a page that is refreshed each second must not make a browser lay out what is as it was. */
export function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) {
      if (target.hasAttribute(name)) target.removeAttribute(name);
      continue;
    }
    const text = value === true ? '' : String(value);
    if (target.getAttribute(name) !== text) target.setAttribute(name, text);
  }
}

/** Sets an element's text where it differs. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** The element with this id, which the page is known to have. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found as E;
}

/**
 * Keeps the children of a parent in step with a list: one element per key, made once, updated ever after, in the order
 * of the list. What has the keyboard's focus keeps it.
 */
export class KeyedList<T, E extends Element> {
  private readonly elements = new Map<string, E>();

  constructor(
    private readonly parent: Element,
    private readonly make: (item: T) => E,
    private readonly update: (made: E, item: T) => void,
  ) {}

  show(items: readonly T[], keyOf: (item: T) => string): void {
    const left = new Set(this.elements.keys());
    let before: Element | null = this.parent.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      left.delete(key);
      let made = this.elements.get(key);
      if (made === undefined) this.elements.set(key, (made = this.make(item)));
      this.update(made, item);
      if (made === before) before = before.nextElementSibling;
      else this.parent.insertBefore(made, before);
    }
    for (const key of left) {
      this.elements.get(key)?.remove();
      this.elements.delete(key);
    }
  }
}
