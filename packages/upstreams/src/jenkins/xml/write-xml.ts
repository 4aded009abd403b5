import type { XmlElement } from './element.ts';
import { escapeAttribute, escapeText } from './xml-text.ts';

/** As Jenkins writes it: XML 1.1 can hold control characters, as references. */
const HEADER = "<?xml version='1.1' encoding='UTF-8'?>";

/**
 * Writes a document as Jenkins does, with an indent of two spaces. Throws an XmlError for a text
 * that no document can hold.
 */
export function writeXml(root: XmlElement): string {
  return `${HEADER}\n${written(root, '')}`;
}

function written({ name, attributes, children, text }: XmlElement, indent: string): string {
  const tag = [
    name,
    ...Object.entries(attributes).map(([key, value]) => `${key}="${escapeAttribute(value)}"`),
  ].join(' ');

  if (children.length > 0) {
    const inner = children.map((child) => written(child, `${indent}  `)).join('');
    return `${indent}<${tag}>\n${inner}${indent}</${name}>\n`;
  }

  return text === '' ? `${indent}<${tag}/>\n` : `${indent}<${tag}>${escapeText(text)}</${name}>\n`;
}
