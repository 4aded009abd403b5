import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { History, Operation, Seen, Watching } from './history.ts';
import type { Reply, StormClient } from './storm-client.ts';

/** Namespace of the storm. */
export const NAMESPACE = 'storm';

const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const SELECTOR = 'labelSelector=storm%3Dtrue';
const KEYS = Array.from({ length: 8 }, (_, i) => `key-${i}`);

/** A version of an object that a client knows. */
interface Known {
  revision: string;
  content: string;
}

const REFUSALS: Record<string, Operation['result']> = {
  AlreadyExists: 'exists',
  Conflict: 'conflict',
  NotFound: 'missing',
};

/**
 * Clients that create, update, delete, get and list a few ConfigMaps at once, and record their
 * calls.
 */
export class Storm {
  readonly #history: History;
  /** Calls with unknown results, which get their end once the server is known to be dead. */
  readonly #cutOff: Operation[] = [];
  #contents = 0;

  constructor(history: History) {
    this.#history = history;
  }

  /** Runs `clients` of them until `signal`, or until their connections break. */
  async run(client: StormClient, clients: number, signal: AbortSignal): Promise<void> {
    await Promise.all(
      Array.from({ length: clients }, async () => {
        const known = new Map<string, Known>();

        try {
          while (!signal.aborted) {
            await this.#step(client, known);
          }
        } catch (error) {
          if ((error as Error).name === 'AssertionError') {
            throw error;
          }
        }
      }),
    );
  }

  /** Records the death of the server: no interrupted call can take effect after it. */
  recordDeath(): void {
    for (const operation of this.#cutOff.splice(0)) {
      operation.returned = this.#history.tick();
    }
  }

  async #step(client: StormClient, known: Map<string, Known>): Promise<void> {
    const key = KEYS[Math.floor(Math.random() * KEYS.length)]!;
    const version = known.get(key);
    const chance = Math.random();
    if (chance < 0.08) {
      return this.#list(client);
    }
    if (chance < 0.3) {
      return this.#operate(client, known, { key, kind: 'get' }, 'GET');
    }

    const writes = `content-${++this.#contents}`;

    if (chance < 0.7 && version) {
      const operation = { key, kind: 'update', writes, expects: version.content } as const;

      return this.#operate(
        client,
        known,
        operation,
        'PUT',
        configMap(key, writes, version.revision),
      );
    }

    if (chance < 0.8) {
      const preconditions = version && { preconditions: { resourceVersion: version.revision } };

      const operation = {
        key,
        kind: 'delete',
        ...(version && { expects: version.content }),
      } as const;

      return this.#operate(client, known, operation, 'DELETE', preconditions);
    }

    return this.#operate(
      client,
      known,
      { key, kind: 'create', writes },
      'POST',
      configMap(key, writes),
    );
  }

  async #operate(
    client: StormClient,
    known: Map<string, Known>,
    started: Omit<Operation, 'called' | 'returned' | 'result'>,
    method: string,
    body?: unknown,
  ): Promise<void> {
    const never = Number.POSITIVE_INFINITY;

    const operation: Operation = {
      ...started,
      called: this.#history.tick(),
      returned: never,
      result: 'unknown',
    };

    this.#history.operations.push(operation);

    let reply: Reply;

    try {
      reply = await client.call(
        method,
        method === 'POST' ? CONFIG_MAPS : `${CONFIG_MAPS}/${started.key}`,
        body,
      );
    } catch (error) {
      this.#cutOff.push(operation);
      throw error;
    }

    operation.returned = this.#history.tick();

    const { status, json } = reply;
    if (status >= 400) {
      const result = REFUSALS[json.reason as string];
      assert.ok(result, `${method} ${started.key}: ${status} ${JSON.stringify(json)}`);
      operation.result = result;
      known.delete(started.key);

      return;
    }

    operation.result = 'ok';

    if (started.kind === 'delete') {
      return void known.delete(started.key);
    }

    const content = json.data.content as string;

    if (started.kind === 'get') {
      operation.reads = content;
    } else {
      assert.equal(content, started.writes);
    }

    operation.revision = Number(json.metadata.resourceVersion);
    known.set(started.key, { revision: json.metadata.resourceVersion, content });
  }

  async #list(client: StormClient): Promise<void> {
    const called = this.#history.tick();
    const { status, json } = await client.call('GET', `${CONFIG_MAPS}?${SELECTOR}`);

    assert.equal(status, 200);

    this.#history.listings.push({
      revision: Number(json.metadata.resourceVersion),
      items: new Map(
        json.items.map((item: Reply['json']) => [item.metadata.name, item.data.content]),
      ),
      called,
      returned: this.#history.tick(),
    });
  }
}

function configMap(name: string, content: string, resourceVersion?: string) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { storm: 'true' }, ...(resourceVersion && { resourceVersion }) },
    data: { content },
  };
}

/** A client that watches the storm, across restarts of the server. */
export class StormWatcher {
  readonly #watches: Watching[] = [];
  #last: number;

  constructor(history: History, after: number) {
    history.watchers.push(this.#watches);
    this.#last = after;
  }

  /** The newest resourceVersion that it saw. */
  get last(): number {
    return this.#last;
  }

  /** Watches from the last seen resourceVersion until the connection or `signal` ends it. */
  async run(client: StormClient, signal: AbortSignal): Promise<void> {
    const events: Seen[] = [];
    this.#watches.push({ after: this.#last, events });

    const path = `${CONFIG_MAPS}?${SELECTOR}&watch=true&allowWatchBookmarks=true&resourceVersion=${this.#last}`;
    await client.watch(
      path,
      ({ type, object }) => {
        assert.notEqual(type, 'ERROR', JSON.stringify(object));

        const revision = Number(object.metadata.resourceVersion);
        const { name = '' } = object.metadata;
        events.push({
          revision,
          type: type as Seen['type'],
          key: name,
          content: object.data?.content ?? '',
        });

        this.#last = revision;
      },
      signal,
    );
  }

  /** Waits until it has seen a resourceVersion. */
  async waitFor(revision: number): Promise<void> {
    for (let i = 0; this.#last < revision; i++) {
      assert.ok(i < 500, `a watch stopped at ${this.#last}, before ${revision}`);
      await sleep(20);
    }
  }
}
