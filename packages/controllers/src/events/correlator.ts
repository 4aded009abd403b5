import { createHash } from 'node:crypto';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { LRUCache } from 'lru-cache';

/** Limits of client-go's event correlator. */
const LIMITS = {
  /** How many objects and events are remembered. */
  remembered: 4096,
  /**
   * This many messages with one reason, each less than an interval after the one before, become one
   * event.
   */
  similar: 10,
  similarMs: 600_000,
  /** How many events are written about one object at once; after that one in each interval. */
  burst: 25,
  refillMs: 300_000,
};

/** The object of an event, and what it says. */
export interface Occurrence {
  about: KubeObject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** An event that is written once and then counted. */
export interface Sighting {
  /** Name of the Event object; the same event has the same name also after a restart. */
  name: string;
  involved: Record<string, string>;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  count: number;
  first: string;
  last: string;
}

interface Similar {
  messages: Set<string>;
  at: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

function involvedIn({ apiVersion, kind, metadata }: KubeObject): Record<string, string> {
  const { namespace, uid, resourceVersion, name } = metadata;

  return {
    apiVersion: apiVersion ?? '',
    kind: kind ?? '',
    name: name ?? '',
    ...(namespace && { namespace }),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
  };
}

/**
 * Combines repeated events of one source as client-go does: the same event is counted, many that
 * differ only in their messages become one, and further events about a busy object are dropped.
 */
export class EventCorrelator {
  readonly #now: () => number;
  readonly #similar = new LRUCache<string, Similar>({ max: LIMITS.remembered });
  readonly #sightings = new LRUCache<string, Sighting>({ max: LIMITS.remembered });
  readonly #buckets = new LRUCache<string, Bucket>({ max: LIMITS.remembered });

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Counts an occurrence and returns the event to write; undefined when too many were written about
   * the object.
   */
  correlate({ about, type, reason, message }: Occurrence): Sighting | undefined {
    const { resourceVersion: _version, ...involved } = involvedIn(about);
    const object = JSON.stringify(involved);
    const kind = JSON.stringify([object, type, reason]);
    const combines = this.#isSimilar(kind, message);
    const text = combines ? `(combined from similar events): ${message}` : message;
    const key = combines ? kind : JSON.stringify([kind, message]);
    const known = this.#sightings.get(key);
    const last = timestamp();

    const sighting = known ?? {
      name: nameOf(involved.name ?? '', key),
      involved: involvedIn(about),
      type,
      reason,
      message: text,
      count: 0,
      first: last,
      last,
    };

    Object.assign(sighting, { message: text, count: sighting.count + 1, last });
    this.#sightings.set(key, sighting);

    return this.#takeToken(object) ? sighting : undefined;
  }

  #isSimilar(kind: string, message: string): boolean {
    const now = this.#now();
    const before = this.#similar.get(kind);

    const similar =
      before && now - before.at <= LIMITS.similarMs
        ? before
        : { messages: new Set<string>(), at: now };

    similar.at = now;
    similar.messages.add(message);
    this.#similar.set(kind, similar);

    if (similar.messages.size < LIMITS.similar) {
      return false;
    }

    for (const oldest of similar.messages) {
      similar.messages.delete(oldest);
      break;
    }

    return true;
  }

  #takeToken(object: string): boolean {
    const now = this.#now();
    const bucket = this.#buckets.get(object) ?? { tokens: LIMITS.burst, at: now };

    bucket.tokens = Math.min(LIMITS.burst, bucket.tokens + (now - bucket.at) / LIMITS.refillMs);
    bucket.at = now;
    this.#buckets.set(object, bucket);

    if (bucket.tokens < 1) {
      return false;
    }

    bucket.tokens -= 1;

    return true;
  }
}

/**
 * Returns a name that contains the object's, as the names of Kubernetes' events do; the rest
 * identifies what the event says.
 */
function nameOf(object: string, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex');
  return `${object.slice(0, 200)}.${hash.slice(0, 16)}`;
}
