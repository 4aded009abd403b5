// Serves the pages of an invented cluster over HTTP to clients that must see the same numbers.
import { createServer } from 'node:http';
import { portOf } from '../../server.mjs';
import { valueAt } from './invented-series.mjs';

/** @typedef {import('./invented-cluster.mjs').InventedTarget} InventedTarget */
/** @typedef {import('./invented-series.mjs').InventedSeries} InventedSeries */

/** Least time that numbers stay the same; they change at multiples of it. */
export const SLOT_MS = 5000;

/** How often each client has each page of a slot before the next slot begins. */
const TIMES = 2;

/** How far back counters of processors go on the first page, in milliseconds. */
const HISTORY_MS = 100_000;

/** Samples of a store's part of two hours cannot be older than the part. */
const PART_MS = 7_200_000;

/** Returns a series as the text format writes it. */
export function seriesText({ name, labels }) {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name;
}

/**
 * The pages of targets. Numbers change from slot to slot, and are stamped with the beginning of
 * their slot. A slot ends when all clients have all of its pages. Pages are empty before `begin`.
 */
export class PageServer {
  #targets;
  #clients;
  #isShown;
  /** Slots that are still to come. */
  #left = 0;
  /** Beginnings of the slots so far. */
  #slots = [];
  #pages = new Map();
  /** How often each client had each page of the slot. */
  #served = new Map();
  #server = createServer((req, res) => {
    const path = req.url ?? '';
    const slot = this.#slot();

    res.end(this.#page(path, slot));
    res.on('finish', () => this.#count(slot, `${req.headers['user-agent']} ${path}`));
  });

  /**
   * @param {InventedTarget[]} targets
   * @param {object} options
   * @param {number} options.clients how many scrape them, each with a user agent of its own
   * @param {(series: InventedSeries, slot: number) => boolean} options.isShown whether a series
   * without a timestamp is on the pages of a slot, which is given by its number
   */
  constructor(targets, { clients, isShown }) {
    this.#targets = targets;
    this.#clients = clients;
    this.#isShown = isShown;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
  }

  /** The address of the server. */
  get address() {
    return `127.0.0.1:${portOf(this.#server)}`;
  }

  /** The path of a target's page, by its place. */
  static path(/** @type {number} */ index) {
    return `/metrics/${index}`;
  }

  /** Beginnings of the slots so far, in milliseconds. */
  get slots() {
    return this.#slots;
  }

  /** Whether all clients have all pages of all slots. */
  get isComplete() {
    return this.#slots.length > 0 && this.#left === 0 && this.#isServed();
  }

  /** Shows so many slots, the first at the next multiple of their length. */
  begin(/** @type {number} */ slots) {
    this.#left = slots;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #isServed() {
    const all = this.#clients * this.#targets.length;
    return this.#served.size === all && [...this.#served.values()].every((count) => count >= TIMES);
  }

  #count(slot, key) {
    if (slot === this.#slots.at(-1)) {
      this.#served.set(key, (this.#served.get(key) ?? 0) + 1);
    }
  }

  /** Returns the beginning of the slot of which pages are shown now. */
  #slot() {
    const now = Math.floor(Date.now() / SLOT_MS) * SLOT_MS;
    const current = this.#slots.at(-1);
    const isNext = current === undefined ? this.#left > 0 : now > current && this.#isServed();

    if (isNext && this.#left > 0) {
      this.#left -= 1;
      this.#slots.push(now);
      this.#pages.clear();
      this.#served.clear();
    }

    return this.#slots.at(-1);
  }

  #page(path, slot) {
    if (slot === undefined) {
      return '';
    }

    const page = this.#pages.get(path) ?? this.#render(Number(path.split('/').at(-1)), slot);
    this.#pages.set(path, page);

    return page;
  }

  #render(index, slot) {
    const { series, isStamped } = this.#targets[index];
    const lines = [];

    for (const [seed, one] of series.entries()) {
      const text = seriesText(one);

      if (isStamped) {
        for (const time of this.#times(one, slot)) {
          lines.push(`${text} ${valueAt(one, time / 1000, seed)} ${time}`);
        }
      } else if (this.#isShown(one, this.#slots.length - 1)) {
        lines.push(`${text} ${valueAt(one, slot / 1000, seed)}`);
      }
    }

    return `${lines.join('\n')}\n`;
  }

  /** The times of the samples of a series on the page of a slot. */
  #times({ name }, slot) {
    if (this.#slots.length > 1 || !name.startsWith('container_cpu')) {
      return [slot];
    }

    const first = Math.max(slot - HISTORY_MS, Math.floor(slot / PART_MS) * PART_MS);
    return Array.from({ length: (slot - first) / SLOT_MS + 1 }, (_, at) => first + at * SLOT_MS);
  }
}
