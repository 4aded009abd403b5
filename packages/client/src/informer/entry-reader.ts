import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Entry, makeEntry } from './entry.ts';
import type { InformerOptions } from './informer-options.ts';
import { objectBytes } from './object-bytes.ts';
import { type ListItem, readText } from './split-items.ts';

const OPEN_BRACE = 0x7b;
const REPORT_EVERY_MS = 60_000;

/**
 * Returns an object to keep without its managed fields, which are as large as the rest. An update
 * without them leaves them as they are (Kubernetes "Server-Side Apply").
 */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _fields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/**
 * Makes entries of the objects that the API sends. Objects that cannot be read are counted and
 * reported: one broken object must not hide the others.
 */
export class EntryReader {
  readonly #options: InformerOptions;
  /** Start of an object in a list, whose items have no kind and apiVersion. */
  readonly #prefix: Buffer;
  #skipped = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: InformerOptions) {
    const { kind, resource } = options;
    this.#options = options;
    this.#prefix = Buffer.from(
      `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersionOf(resource))},`,
    );
  }

  /** How many objects of the API could not be read. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Parses an object of the API. Returns undefined, and reports it, for a text that is none. */
  parse(text: string): KubeObject | undefined {
    try {
      const object: unknown = JSON.parse(text);

      if (typeof object === 'object' && object !== null) {
        return object as KubeObject;
      }

      this.skip('it is no object');
    } catch (error) {
      this.skip((error as Error).message);
    }

    return undefined;
  }

  /** Makes the entry of an item of a list. Returns undefined, and reports it, for no object. */
  listed(item: ListItem): Entry | undefined {
    const { redact, keepObjects } = this.#options;
    const object = this.parse(redact || keepObjects ? item.bytes.toString() : readText(item));

    return object && this.entry(item.bytes, object);
  }

  /**
   * Makes the entry of an object from its bytes, which are copied because they are a slice of a
   * larger page. Returns undefined, and reports it, for an object that cannot be kept.
   */
  entry(slice: Buffer, object: KubeObject): Entry | undefined {
    if (typeof object.metadata?.name !== 'string') {
      this.skip('it has no name');
      return undefined;
    }

    try {
      return this.#entryOf(object, slice);
    } catch (error) {
      this.skip(`${object.metadata.name}: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Counts an object that is left out, and reports why from time to time. */
  skip(why: string): void {
    this.#skipped += 1;

    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) {
      return;
    }

    this.#reportedAt = now;
    const { resource, report } = this.#options;
    report?.(`an object among ${resource.resource} was left out: ${why}`);
  }

  #entryOf(object: KubeObject, slice: Buffer): Entry {
    const { kind, resource, redact, fields, keepObjects } = this.#options;

    if (redact) {
      const shown = redact({ kind, apiVersion: apiVersionOf(resource), ...object });
      const bytes = objectBytes(Buffer.from(JSON.stringify(shown)));
      const kept = keepObjects ? withoutManagedFields(shown) : shown;

      return makeEntry(kept, bytes, { fields: fields?.(kept), keepObject: keepObjects });
    }

    const kept = keepObjects ? withoutManagedFields(object) : object;
    const isTyped = object.kind !== undefined && object.apiVersion !== undefined;
    const bytes = isTyped
      ? objectBytes(slice)
      : objectBytes(this.#prefix, slice.subarray(slice.indexOf(OPEN_BRACE) + 1));

    return makeEntry(kept, bytes, { fields: fields?.(kept), keepObject: keepObjects });
  }
}
