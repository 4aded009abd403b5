import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { bytesAsText, PageText } from '../../exposition/page-text.ts';
import { type ObjectKind, RENDERERS } from './object-kinds.ts';

/**
 * The series of all objects of a kind. Each object's lines are made when the object changes; a page
 * joins them.
 */
export class ObjectPages {
  readonly kind: ObjectKind;
  readonly #lines = new Map<string, string>();
  #page: string | undefined;

  constructor(kind: ObjectKind) {
    this.kind = kind;
  }

  /** How many objects there are. */
  get size(): number {
    return this.#lines.size;
  }

  /** Keeps the series of an object; throws a TypeError for one that is not of the kind's shape. */
  set(key: string, object: KubeObject): void {
    const page = new PageText();

    RENDERERS[this.kind](page, object);

    const lines = bytesAsText(page.toString());

    if (this.#lines.get(key) !== lines) {
      this.#lines.set(key, lines);
      this.#page = undefined;
    }
  }

  delete(key: string): void {
    if (this.#lines.delete(key)) {
      this.#page = undefined;
    }
  }

  /** All series, for the page's reader. */
  page(): string {
    this.#page ??= [...this.#lines.values()].join('');
    return this.#page;
  }
}
