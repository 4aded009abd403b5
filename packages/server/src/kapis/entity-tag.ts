import { randomBytes } from 'node:crypto';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import type { Page } from '../models/resources/list/list.ts';
import type { ResourceDefinition } from '../models/resources/query/resource-definition.ts';

/**
 * Tags of one process are not valid in another: the counters behind computed annotations restart
 * with each.
 */
const INSTANCE = randomBytes(6).toString('base64url');

/**
 * Two hashes of 32 bits over values that only the server chooses: nobody can make two lists look
 * the same.
 */
class Digest {
  #a = 0x811c9dc5;
  #b = 0x9747b28c;

  number(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul(this.#b ^ (value + (this.#a >>> 13)), 0x85ebca6b);
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.number(text.charCodeAt(i));
    }
    this.number(0x10000);
  }

  toString(): string {
    return (this.#a >>> 0).toString(36) + (this.#b >>> 0).toString(36).padStart(7, '0');
  }
}

/**
 * Returns the ETag of an answer made of cached objects: it depends on the versions of the objects,
 * their order, and their total number. Two callers get the same tag only for the same answer, and
 * changes of other objects do not change it. A weak tag, as the same answer may be sent in several
 * codings. Undefined when objects have no version.
 */
export function entityTag(
  { entries, total, continue: next = '' }: Page,
  definition: ResourceDefinition,
  catalog: Catalog,
  form: string,
): string | undefined {
  const digest = new Digest();
  digest.text(`${definition.group}/${definition.version}/${definition.resource}/${form}/${next}`);
  digest.number(total);

  const versionOf = definition.annotate && definition.annotationVersion;

  for (const entry of entries) {
    if (entry.uid === '' || entry.resourceVersion === '') {
      return undefined;
    }

    // Some characters of the uid are enough: together with the version they identify objects.
    digest.text(entry.uid.slice(0, 8));
    digest.text(entry.resourceVersion);

    if (versionOf) {
      digest.text(String(versionOf(entry, catalog)));
    }
  }

  return `W/"${INSTANCE}.${digest}"`;
}
