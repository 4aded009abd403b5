import { doorsOf } from '../doors.ts';
import type { TestPlatform } from '../test-platform.ts';
import { upgradedCall } from '../upgraded-call.ts';
import type { Attack, Request } from './attack.ts';
import type { Attacker } from './attackers.ts';
import type { Tally } from './tally.ts';

const ATTEMPTS = 5;

/** A request that was sent, and by which door. */
export interface Sent {
  door: string;
  path: string;
}

/** One request and how it is sent. */
interface Cell extends Request {
  door: string;
  /** Only tried, with `dryRun=All`. */
  tries: boolean;
  /** Asked once more in another way only where the plain way was not denied. */
  unlessDenied: boolean;
  send: () => Promise<{ status: number; text: string }>;
}

/** Sends the requests of one attacker's attacks through every door, and puts back what they change. */
export class Cells {
  readonly #platform: TestPlatform;
  readonly #attacker: Attacker;
  readonly #tally: Tally;
  /** What was denied to him before anything was looked at. */
  readonly #denied = new Set<string>();

  constructor(platform: TestPlatform, attacker: Attacker, tally: Tally) {
    this.#platform = platform;
    this.#attacker = attacker;
    this.#tally = tally;
  }

  /** Sends all requests of an attack; `took` is told of each that was accepted and was no trial, before its effect is undone. */
  async sendAll(attack: Attack, ownPort: boolean, took: (sent: Sent) => Promise<void>): Promise<void> {
    const { changes, creates, calls = [], kapis = [], touches = [] } = attack;
    if (changes) {
      // biome-ignore lint/suspicious/noExplicitAny: an object of any kind.
      const stored: any = await this.#stored(changes.path);
      const forms = stored ? doorsOf(stored, changes).filter(({ path }) => !path.includes('dryRun=')) : [];
      for (const { name, ...request } of forms)
        await this.#send(this.#cells(request, name.split(' of ', 1)[0]!, ownPort), took, () =>
          this.#restore(changes.path, stored),
        );
    }
    if (creates) {
      const { collection, apiVersion, kind, body } = creates;
      const object = { apiVersion, kind, ...body };
      const path = `${collection}/${body.metadata.name}`;
      const remove = async () => {
        await this.#platform.call(path, { method: 'DELETE' });
      };
      const applied: Request = {
        method: 'PATCH',
        path: `${path}?fieldManager=mallory&force=true`,
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify(object),
      };
      await this.#send(this.#cells({ method: 'POST', path: collection, body: object }, 'POST', ownPort), took, remove);
      await this.#send(this.#cells(applied, 'apply that makes it', ownPort), took, remove);
    }
    const before = await Promise.all(touches.map(async (path) => [path, await this.#stored(path)] as const));
    const restore = async () => {
      for (const [path, stored] of before) if (stored) await this.#restore(path, stored);
    };
    for (const request of calls)
      await this.#send(
        this.#cells(await this.#whole(request), `${request.method} ${request.path}`, ownPort),
        took,
        restore,
      );
    for (const request of kapis)
      await this.#send(
        this.#cells(await this.#whole(request), `${request.method} ${request.path}`, false),
        took,
        restore,
      );
  }

  /** Sends a request that follows an accepted one. */
  async follow(request: Request): Promise<void> {
    await this.#plain(request);
  }

  #plain({ method, path, headers = {}, body }: Request): Promise<{ status: number; text: string }> {
    const { token } = this.#attacker;
    return this.#platform.server.call(path, { method, token, headers, ...(body !== undefined && { body }) });
  }

  /** The doors of a request: tried first, as it is, by an upgrade, and at the own port. */
  #cells(request: Request, name: string, ownPort: boolean): Cell[] {
    const { token, client } = this.#attacker;
    const tried = { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}dryRun=All` };
    const upgrade = () => upgradedCall(this.#platform.server.url, request.path, { ...request, token });
    const atOwnPort = ({ path, method, headers = {}, body }: Request) =>
      client!.call(path, { method, headers, ...(body !== undefined && { body }) });
    const cell = (own: Request, door: string, send: Cell['send'], unlessDenied = false): Cell => ({
      ...own,
      door,
      tries: own === tried,
      unlessDenied,
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

  /** Sends cells one after the other, counts them, and undoes what was accepted. */
  async #send(cells: readonly Cell[], took: (sent: Sent) => Promise<void>, undo: () => Promise<void>): Promise<void> {
    let wasDenied = false;
    for (const cell of cells) {
      const key = deniedKey(cell);
      if ((key && this.#denied.has(key)) || (cell.unlessDenied && wasDenied)) {
        this.#tally.pruned += 1;
        continue;
      }
      const { status, text } = await cell.send();
      const isAccepted = status >= 200 && status < 300;
      if (isAccepted) this.#tally.accepted += 1;
      else this.#tally.refused += 1;
      wasDenied = status === 403 && /cannot \S+ resource/.test(text);
      // Denied before anything was looked at: the same right is not asked for again.
      if (wasDenied && key) this.#denied.add(key);
      if (!isAccepted || cell.tries) continue;
      await took({ door: cell.door, path: cell.path });
      await undo();
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: an object of any kind.
  async #stored(path: string): Promise<any> {
    const { status, json } = await this.#platform.call(path);
    return status === 200 ? json : undefined;
  }

  /** The request with what stands for the version of its object. */
  async #whole(request: Request): Promise<Request> {
    const text = JSON.stringify(request.body ?? '');
    if (!text.includes('{resourceVersion}')) return request;
    const stored = await this.#stored(request.path.replace('/kapis/', '/apis/'));
    return { ...request, body: JSON.parse(text.replace('{resourceVersion}', stored?.metadata.resourceVersion ?? '')) };
  }

  /** Writes an object back as it was. */
  // biome-ignore lint/suspicious/noExplicitAny: an object of any kind.
  async #restore(path: string, stored: any): Promise<void> {
    const { managedFields: _fields, ...metadata } = stored.metadata;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const now = await this.#stored(path);
      const body = { ...stored, metadata: { ...metadata, resourceVersion: now?.metadata.resourceVersion } };
      const { status } = await this.#platform.call(path, { method: 'PUT', body });
      if (status !== 409) return;
    }
  }
}

/**
 * What is denied alike to one attacker through the Kubernetes API: a verb on a kind in a place, at a door. This server's own
 * API looks at names too, so nothing of it is left out.
 */
function deniedKey({ method, path, door }: Cell): string | undefined {
  if (!/^\/apis?\//.test(path)) return undefined;
  const [plain = '', query = ''] = path.split('?', 2);
  const collection =
    method === 'POST' || query.includes('fieldSelector')
      ? plain
      : plain.replace(/\/[^/]+((\/(status|approval))?)$/, '$1');
  return `${door.includes('own port')} ${method} ${collection}`;
}
