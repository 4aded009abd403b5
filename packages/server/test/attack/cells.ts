import { isDeepStrictEqual } from 'node:util';
import { doorsOf } from '../support/doors.ts';
import type { TestPlatform } from '../support/test-platform.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';
import type { Alteration, Attack, Creation, Request } from './attack.ts';
import type { Attacker } from './attackers.ts';
import type { RawClient } from './raw-client.ts';
import type { Tally } from './tally.ts';

const ATTEMPTS = 5;

/** Approximate number of requests for a change at one port. */
const FORMS = 10;

const SUBRESOURCES = new Set(['status', 'approval', 'password']);

/** A request that was sent, and its door. */
export interface Sent {
  door: string;
  path: string;
}

/** One request and how it is sent. */
interface Cell extends Request {
  door: string;
  /** Sent with `dryRun=All` only. */
  tries: boolean;
  /**
   * The request asks for an upgrade: sent only if the plain form was not denied, and its answer
   * does not show what was done.
   */
  upgrades: boolean;
  send: () => Promise<{ status: number; text: string }>;
}

/** The effect of requests, and how to undo it. */
interface Effect {
  undo: () => Promise<void>;
  /** Reports whether the effect exists now, regardless of the answer. */
  isDone?: () => Promise<boolean>;
  /**
   * Returns the same cells for the object as it is now stored, after another write came in between.
   */
  fresh?: () => Promise<Cell[] | undefined>;
}

/**
 * Reports whether an object has everything that a merge patch sets in it; removed fields are
 * ignored.
 */
export function hasChange(object: unknown, change: unknown): boolean {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) {
    return change === null || isDeepStrictEqual(object, change);
  }

  return Object.entries(change).every(([key, value]) =>
    hasChange((object as Record<string, unknown>)?.[key], value),
  );
}

/** Sends the requests of one attacker's attacks through every door, and undoes their changes. */
export class Cells {
  readonly #platform: TestPlatform;
  readonly #client: RawClient;
  readonly #attacker: Attacker;
  readonly #tally: Tally;
  /** Rights that were denied to the attacker before the object was read. */
  readonly #denied = new Set<string>();

  constructor(platform: TestPlatform, client: RawClient, attacker: Attacker, tally: Tally) {
    this.#platform = platform;
    this.#client = client;
    this.#attacker = attacker;
    this.#tally = tally;
  }

  /**
   * Sends all requests of an attack; calls `took` with each accepted one that was no dry run,
   * before its effect is undone.
   */
  async sendAll(
    attack: Attack,
    ownPort: boolean,
    took: (sent: Sent) => Promise<void>,
  ): Promise<void> {
    if (attack.changes) {
      await this.#sendChange(attack.changes, ownPort, took);
    }
    if (attack.creates) {
      await this.#sendCreation(attack.creates, ownPort, took);
    }

    const { calls = [], kapis = [], touches = [] } = attack;
    if (calls.length + kapis.length === 0) {
      return;
    }

    const before = await Promise.all(
      touches.map(async (path) => [path, await this.#stored(path)] as const),
    );

    const undo = async () => {
      for (const [path, stored] of before) {
        if (stored) {
          await this.#restore(path, stored);
        }
      }
    };

    for (const request of [...calls, ...kapis]) {
      const isOwnPort = ownPort && calls.includes(request);

      const cells = this.#cells(
        await this.#whole(request),
        `${request.method} ${request.path}`,
        isOwnPort,
      );

      await this.#send(cells, took, { undo });
    }
  }

  async #sendChange(
    change: Alteration,
    ownPort: boolean,
    took: (sent: Sent) => Promise<void>,
  ): Promise<void> {
    const { path } = change;

    // Checks whether any of them would be sent at all: most attackers may write nothing of the
    // kind.
    const doors = ownPort && this.#attacker.client ? ['', 'own port'] : [''];

    const open = doors.some((door) =>
      ['PUT', 'PATCH'].some(
        (method) => !this.#denied.has(this.#keyOf({ method, path, door }) ?? ''),
      ),
    );

    if (!open) {
      this.#tally.pruned += FORMS * doors.length;
      return;
    }

    const stored = await this.#stored(path);
    if (!stored) {
      return;
    }

    const forms = (object: typeof stored) =>
      doorsOf(object, change).filter((form) => !form.path.includes('dryRun='));
    for (const [index, form] of forms(stored).entries()) {
      const name = form.name.split(' of ', 1)[0]!;

      const fresh = async () => {
        const now = await this.#stored(path);
        return now && this.#cells(forms(now)[index]!, name, ownPort);
      };

      const isDone = async () => hasChange(await this.#stored(path), change.change);
      const undo = () => this.#restore(path, stored);

      await this.#send(this.#cells(form, name, ownPort), took, { undo, isDone, fresh });
    }
  }

  async #sendCreation(
    creation: Creation,
    ownPort: boolean,
    took: (sent: Sent) => Promise<void>,
  ): Promise<void> {
    const { collection, apiVersion, kind, body } = creation;
    const object = { apiVersion, kind, ...body };
    const path = `${collection}/${body.metadata.name}`;

    const effect = {
      undo: async () => {
        await this.#platform.call(path, { method: 'DELETE' });
      },
      // An object that is being deleted was created by an earlier request.
      isDone: async () => {
        const now = await this.#stored(path);
        return now !== undefined && now.metadata.deletionTimestamp === undefined;
      },
    };

    const applied: Request = {
      method: 'PATCH',
      path: `${path}?fieldManager=mallory&force=true`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(object),
    };

    await this.#send(
      this.#cells({ method: 'POST', path: collection, body: object }, 'POST', ownPort),
      took,
      effect,
    );

    await this.#send(this.#cells(applied, 'apply that makes it', ownPort), took, effect);
  }

  /** Sends a request that follows an accepted one. */
  async follow(request: Request): Promise<void> {
    await this.#plain(request);
  }

  async #plain({
    method,
    path,
    headers = {},
    body,
  }: Request): Promise<{ status: number; text: string }> {
    const { token } = this.#attacker;

    const answer = await this.#client.send(path, {
      method,
      token,
      headers,
      ...(body !== undefined && { body }),
    });

    return { status: answer.status, text: answer.body };
  }

  /**
   * Returns the doors of a request: as a dry run, as it is, as an upgrade, and at the Kubernetes
   * API's own port.
   */
  #cells(request: Request, name: string, ownPort: boolean): Cell[] {
    const { token, client } = this.#attacker;

    const tried = {
      ...request,
      path: `${request.path}${request.path.includes('?') ? '&' : '?'}dryRun=All`,
    };

    const upgrade = () =>
      callWithUpgrade(this.#platform.server.url, request.path, { ...request, token });
    const atOwnPort = ({ path, method, headers = {}, body }: Request) =>
      client!.call(path, { method, headers, ...(body !== undefined && { body }) });

    const cell = (own: Request, door: string, send: Cell['send'], upgrades = false): Cell => ({
      ...own,
      door,
      tries: own === tried,
      upgrades,
      send,
    });

    return [
      cell(tried, name, () => this.#plain(tried)),
      cell(request, name, () => this.#plain(request)),
      // One form of each verb is enough.
      ...(name.includes('patch') && name !== 'merge patch'
        ? []
        : [cell(request, `${name} that asks for an upgrade`, upgrade, true)]),
      ...(ownPort && client
        ? [tried, request].map((own) => cell(own, `${name} at the own port`, () => atOwnPort(own)))
        : []),
    ];
  }

  /** Sends cells one after the other, counts them, and undoes accepted writes. */
  async #send(
    cells: readonly Cell[],
    took: (sent: Sent) => Promise<void>,
    { undo, isDone, fresh }: Effect,
  ): Promise<void> {
    let wasDenied = false;

    for (const [index, first] of cells.entries()) {
      let cell = first;
      const key = this.#keyOf(cell);
      if ((key && this.#denied.has(key)) || (cell.upgrades && wasDenied)) {
        this.#tally.pruned += 1;
        continue;
      }

      let { status, text } = await cell.send();
      for (let attempt = 1; status === 409 && fresh && attempt < ATTEMPTS; attempt += 1) {
        cell = (await fresh())?.[index] ?? cell;
        ({ status, text } = await cell.send());
      }

      const isAccepted =
        (status >= 200 && status < 300) ||
        (cell.upgrades && isDone !== undefined && (await isDone()));

      if (isAccepted) {
        this.#tally.accepted += 1;
      } else {
        this.#tally.refused += 1;
      }

      wasDenied = status === 403 && /cannot \S+ resource/.test(text);

      // A right that was denied before the object was read is not asked for again.
      if (wasDenied && key) {
        this.#denied.add(key);
      }
      if (!isAccepted || cell.tries) {
        continue;
      }

      await took({ door: cell.door, path: cell.path });
      await undo();
    }
  }

  #keyOf(cell: Pick<Cell, 'method' | 'path' | 'door'>): string | undefined {
    return deniedKey(cell, this.#attacker.name);
  }

  // biome-ignore lint/suspicious/noExplicitAny: an object of any kind.
  async #stored(path: string): Promise<any> {
    const { status, json } = await this.#platform.call(path);
    return status === 200 ? json : undefined;
  }

  /** Returns the request with the version of its object filled in. */
  async #whole(request: Request): Promise<Request> {
    const text = JSON.stringify(request.body ?? '');
    if (!text.includes('{resourceVersion}')) {
      return request;
    }

    const stored = await this.#stored(request.path.replace('/kapis/', '/apis/'));

    return {
      ...request,
      body: JSON.parse(text.replace('{resourceVersion}', stored?.metadata.resourceVersion ?? '')),
    };
  }

  /** Restores an object. */
  // biome-ignore lint/suspicious/noExplicitAny: an object of any kind.
  async #restore(path: string, stored: any): Promise<void> {
    const { managedFields: _fields, ...metadata } = stored.metadata;

    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const now = await this.#stored(path);

      const body = {
        ...stored,
        metadata: { ...metadata, resourceVersion: now?.metadata.resourceVersion },
      };

      const { status } = await this.#platform.call(path, { method: 'PUT', body });
      if (status !== 409) {
        return;
      }
    }
  }
}

/**
 * Returns the key of a denial that is the same for one attacker: a verb on a kind in a place,
 * through a door. The server allows more on paths with the attacker's own name, and each namespace
 * and workspace is a place of its own.
 */
function deniedKey(
  { method, path, door }: Pick<Cell, 'method' | 'path' | 'door'>,
  self: string,
): string | undefined {
  const [plain = '', query = ''] = path.split('?', 2);
  if (plain.startsWith('/kapis/') && plain.split('/').includes(self)) {
    return undefined;
  }

  const segments = plain.split('/');
  const name = segments.length - (SUBRESOURCES.has(segments.at(-1)!) ? 2 : 1);
  const isPlace = segments[name - 1] === 'namespaces' || segments[name - 1] === 'workspaces';

  // A list has no name to leave out.
  if (method !== 'POST' && !query.includes('fieldSelector') && !isPlace) {
    segments[name] = '*';
  }

  return `${door.includes('own port')} ${method} ${segments.join('/')}`;
}
