import { addUsage, type Usage } from '@ks-apiserver/apimachinery/quota/usage';

/** How long a write counts that the cache does not show yet, in milliseconds. */
const RESERVED_MS = 10_000;

/** What a permitted write uses, until the cache shows the write. */
export interface Reservation {
  namespace: string;
  usage: Usage;
  /** Whether the cache shows the write. */
  isShown: () => boolean;
}

/** What permitted writes use that the cache does not show yet. */
export class Reservations {
  readonly #ends = new Map<Reservation, number>();

  /** Adds a reservation; returns a function that releases it. */
  add(reservation: Reservation): () => void {
    this.#ends.set(reservation, Date.now() + RESERVED_MS);
    return () => void this.#ends.delete(reservation);
  }

  /** Adds to a usage what is reserved of some limits in some namespaces. */
  addTo(used: Usage, names: readonly string[], namespaces: ReadonlySet<string>): void {
    for (const [reservation, end] of this.#ends) {
      if (end < Date.now() || reservation.isShown()) {
        this.#ends.delete(reservation);
        continue;
      }

      if (!namespaces.has(reservation.namespace)) {
        continue;
      }

      for (const name of names) {
        const quantity = reservation.usage[name];
        if (quantity) {
          addUsage(used, { [name]: quantity });
        }
      }
    }
  }
}
