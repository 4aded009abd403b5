/** An element of a document: it has either elements below it or a text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** What an element holds: a text, or elements; undefined ones are left out. */
export type XmlContent = string | readonly (XmlElement | undefined)[];

/** Makes an element. */
export function element(
  name: string,
  content: XmlContent = '',
  attributes: Readonly<Record<string, string>> = {},
): XmlElement {
  return typeof content === 'string'
    ? { name, attributes, children: [], text: content }
    : { name, attributes, children: content.filter((child) => child !== undefined), text: '' };
}

/** Makes an element of a Java class; `plugin` is the plugin that the class belongs to. */
export function ofClass(
  name: string,
  { className, plugin }: { className: string; plugin?: string },
  content: XmlContent = '',
): XmlElement {
  return element(name, content, { class: className, ...(plugin !== undefined && { plugin }) });
}

/** Makes an element with a text, or none for an empty text. */
export function unlessEmpty(name: string, text: string | undefined): XmlElement | undefined {
  return text ? element(name, text) : undefined;
}

/** Returns the element that a path of names leads to, if there is one. */
export function find(from: XmlElement | undefined, ...names: string[]): XmlElement | undefined {
  let found = from;

  for (const name of names) {
    found = found?.children.find((child) => child.name === name);
  }

  return found;
}

/** Returns the text that a path of names leads to; undefined for an empty or a missing one. */
export function textAt(from: XmlElement | undefined, ...names: string[]): string | undefined {
  return find(from, ...names)?.text || undefined;
}

/** Returns the whole number that a path of names leads to; 0 without one. */
export function numberAt(from: XmlElement | undefined, ...names: string[]): number {
  const number = Number(textAt(from, ...names) ?? '0');
  return Number.isSafeInteger(number) ? number : 0;
}
