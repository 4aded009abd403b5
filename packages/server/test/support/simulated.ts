// A server that simulates workloads, and helpers that create and read them.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Reply, StormClient } from '../robustness/storm-client.ts';
import { eventually, TestServer } from './test-server.ts';

export const CORE = '/api/v1/namespaces/default';
export const APPS = '/apis/apps/v1/namespaces/default';
export const BATCH = '/apis/batch/v1/namespaces/default';

/** Any object of the API. */
// biome-ignore lint/suspicious/noExplicitAny: tests read fields of any object.
export type Item = any;

export let dir: string;
export let server: TestServer;
export let client: StormClient;

export async function start(): Promise<void> {
  server = await TestServer.start({
    dataDir: dir,
    args: ['--simulate', '--config', join(dir, 'config.yaml')],
  });

  client = new StormClient(await readFile(server.kubeconfig, 'utf8'));
}

/** Starts a server on an empty data directory whose workloads are simulated. */
export async function startSimulation(): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'ks-simulate-'));
  await writeFile(
    join(dir, 'config.yaml'),
    'simulation: {nodes: 3, startDelay: 200ms, runDuration: 300ms}\n',
  );

  await start();
}

/** Stops the server. */
export async function stopSimulation(): Promise<void> {
  client.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}

export async function expectOk(reply: Promise<Reply>): Promise<Item> {
  const { status, json } = await reply;
  assert.ok(status < 300, JSON.stringify(json));
  return json;
}

export const get = (path: string): Promise<Item> => expectOk(client.call('GET', path));
export const post = (path: string, body: unknown): Promise<Item> =>
  expectOk(client.call('POST', path, body));
export const remove = (path: string) => expectOk(client.call('DELETE', path));

/** Changes an object based on its current state, and tries again after a conflict. */
export async function change(path: string, edit: (object: Item) => void): Promise<Item> {
  return eventually(async () => {
    const object = await get(path);
    edit(object);
    return expectOk(client.call('PUT', path, object));
  });
}

export const podsOf = async (app: string): Promise<Item[]> =>
  (await get(`${CORE}/pods?labelSelector=app%3D${app}`)).items;

export const until = (path: string, check: (object: Item) => void) =>
  eventually(async () => {
    const object = await get(path);
    check(object);
    return object;
  }, 20_000);

export const conditionOf = (object: Item, type: string) =>
  object.status.conditions?.find((one: Item) => one.type === type);

export function template(
  app: string,
  image = 'example/app:1',
  annotations: Record<string, string> = {},
  spec: Item = {},
): Item {
  return {
    metadata: { labels: { app }, annotations },
    spec: { containers: [{ name: 'c', image }], ...spec },
  };
}

export const workload = (app: string, spec: Item, image?: string) => ({
  metadata: { name: app },
  spec: { selector: { matchLabels: { app } }, template: template(app, image), ...spec },
});

export const waitForRollout = (app: string) =>
  until(`${APPS}/deployments/${app}`, ({ metadata, spec, status }) => {
    assert.equal(status.observedGeneration, metadata.generation);
    assert.equal(status.updatedReplicas, spec.replicas);
    assert.equal(status.replicas, spec.replicas);
    assert.equal(status.availableReplicas, spec.replicas);
  });
