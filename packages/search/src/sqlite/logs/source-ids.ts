import {
  asBytes,
  asInteger,
  type Connection,
  numberIn,
  prepareRaw,
  type Statement,
  textIn,
} from '../files/database.ts';
import { hashOf } from '../files/document-hash.ts';
import type { LogLine } from './log-line.ts';

/** Sources that are remembered; all are forgotten when there are more. */
const MAX_REMEMBERED = 20_000;

/** The numbers of a line's source and of its namespace. */
export interface SourceIds {
  readonly source: number;
  readonly namespace: number;
}

/** Finds the numbers of sources in a file, and gives new ones theirs. */
export class SourceTable {
  readonly #known = new Map<string, SourceIds>();
  readonly #byHash: Statement;
  readonly #insert: Statement;
  readonly #namespace: Statement;
  readonly #insertNamespace: Statement;

  constructor(connection: Connection) {
    this.#byHash = prepareRaw(
      connection,
      `SELECT id, ${asInteger('namespace')}, ${asBytes('zone')}, ${asBytes('kubernetes')} FROM source WHERE hash = ?`,
    );
    this.#insert = prepareRaw(
      connection,
      'INSERT INTO source (namespace, hash, zone, kubernetes) VALUES (?, ?, ?, ?) RETURNING id',
    );
    this.#namespace = prepareRaw(connection, 'SELECT id FROM namespace WHERE name = ?');
    this.#insertNamespace = prepareRaw(
      connection,
      'INSERT INTO namespace (name) VALUES (?) RETURNING id',
    );
  }

  /** Returns the numbers of a line's source. */
  idsOf({ kubernetes, namespace, time }: LogLine): SourceIds {
    const key = time.zone + kubernetes;
    const known = this.#known.get(key);
    if (known) {
      return known;
    }

    const ids =
      this.#find(key, time.zone, kubernetes) ?? this.#add(key, time.zone, kubernetes, namespace);

    if (this.#known.size >= MAX_REMEMBERED) {
      this.#known.clear();
    }
    this.#known.set(key, ids);

    return ids;
  }

  #find(key: string, zone: string, kubernetes: string): SourceIds | undefined {
    const row = this.#byHash
      .all(hashOf(key))
      .find((one) => textIn(one, 2) === zone && textIn(one, 3) === kubernetes);

    return row === undefined ? undefined : { source: numberIn(row), namespace: numberIn(row, 1) };
  }

  #add(key: string, zone: string, kubernetes: string, name: string): SourceIds {
    const namespace =
      numberIn(this.#namespace.get(name)) || numberIn(this.#insertNamespace.get(name));
    const source = numberIn(this.#insert.get(namespace, hashOf(key), zone, kubernetes));

    return { source, namespace };
  }

  /** Forgets all: what a transaction added that was rolled back does not exist. */
  forget(): void {
    this.#known.clear();
  }
}
