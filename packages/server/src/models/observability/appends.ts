import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';

/** What may be on its way to the store: documents, and characters of them. */
const MAX_DOCUMENTS = 1000;
const MAX_CHARACTERS = 1024 * 1024;

/** Documents of one source on their way to the store. */
export class Appends<T extends AppendedDocument> {
  readonly #append: (document: T) => Promise<void>;
  readonly #onFailure: () => void;
  readonly #inFlight = new Set<Promise<void>>();
  #characters = 0;
  #failure: { readonly error: unknown } | undefined;

  /** `append` resolves when a document is stored; `onFailure` is called when one was not. */
  constructor(append: (document: T) => Promise<void>, onFailure: () => void) {
    this.#append = append;
    this.#onFailure = onFailure;
  }

  /** Sends a document; waits while there are many. Rejects when one was not stored. */
  async add(document: T): Promise<void> {
    this.#characters += document.json.length;

    const one = this.#append(document)
      .catch((error) => {
        this.#failure ??= { error };
        this.#onFailure();
      })
      .finally(() => {
        this.#characters -= document.json.length;
        this.#inFlight.delete(one);
      });

    this.#inFlight.add(one);

    const isFull = this.#inFlight.size >= MAX_DOCUMENTS || this.#characters > MAX_CHARACTERS;

    if (isFull || this.#failure) {
      await this.all();
    }
  }

  /** Waits until all are stored. Rejects when one was not. */
  async all(): Promise<void> {
    await Promise.all(this.#inFlight);

    if (this.#failure) {
      throw this.#failure.error;
    }
  }
}
