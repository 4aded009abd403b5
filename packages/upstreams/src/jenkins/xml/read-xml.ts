import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { XmlElement } from './element.ts';
import { unescapeText, XmlError } from './xml-text.ts';

/** Longest document that is read, in characters. */
const MAX_LENGTH = 8 * 1024 * 1024;

const TEXT = '#text';
const CDATA = '#cdata';
const ATTRIBUTES = ':@';

/** What the parser makes of an element: its name leads to what is below it. */
type Node = Readonly<Record<string, unknown>>;

/** References are replaced below, so that there is no place in which entities could grow. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  ignoreDeclaration: true,
  ignorePiTags: true,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  cdataPropName: CDATA,
});

/**
 * Reads a document. Throws an XmlError for one that is not well-formed, declares a document type or
 * is very long.
 */
export function readXml(text: string): XmlElement {
  if (text.length > MAX_LENGTH) {
    throw new XmlError(`the document has more than ${MAX_LENGTH} characters`);
  }
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) {
    throw new XmlError('the document declares a document type');
  }

  // Blank lines before the declaration are no reason to give up a job.
  const document = text.trimStart();
  const checked = XMLValidator.validate(document);
  if (checked !== true) {
    throw new XmlError(`the document is not well-formed: ${checked.err.msg}`);
  }

  let nodes: readonly Node[];

  try {
    nodes = parser.parse(document);
  } catch (error) {
    throw new XmlError(`the document cannot be read: ${messageOf(error)}`, { cause: error });
  }

  const [root, second] = nodes.filter((node) => !(TEXT in node)).map(elementOf);
  if (!root || second) {
    throw new XmlError('the document has no root element, or more than one');
  }

  return root;
}

function elementOf(node: Node): XmlElement {
  const name = Object.keys(node).find((key) => key !== ATTRIBUTES) ?? '';
  const below = node[name] as readonly Node[];
  const children = below.filter((child) => !(TEXT in child) && !(CDATA in child)).map(elementOf);

  const attributes = Object.entries((node[ATTRIBUTES] ?? {}) as Readonly<Record<string, string>>);

  return {
    name,
    attributes: Object.fromEntries(attributes.map(([key, value]) => [key, unescapeText(value)])),
    children,
    text: children.length > 0 ? '' : below.map(textOf).join(''),
  };
}

function textOf(node: Node): string {
  if (CDATA in node) {
    return (node[CDATA] as readonly Node[]).map((piece) => String(piece[TEXT] ?? '')).join('');
  }

  return unescapeText(String(node[TEXT]));
}
