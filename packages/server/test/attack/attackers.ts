import assert from 'node:assert/strict';
import { hash } from '@node-rs/bcrypt';
import type { OwnKubeconfig } from '../support/own-kubeconfig.ts';
import { ON_CLUSTER, PASSWORD, PATHS, type TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import { type BuiltInRole, querySatisfiedBy } from './built-in-roles.ts';

/** A user who has one role and nothing else. */
export interface Attacker {
  name: string;
  /** As tests name him: level and name of his role. */
  title: string;
  token: string;
  role: BuiltInRole;
  /**
   * His client at the port of the Kubernetes API; on a real cluster that asks little of this
   * server, and he may have none.
   */
  client: OwnKubeconfig | undefined;
}

let users = 0;
let cheapHash: Promise<string> | undefined;

/**
 * Puts a user past the server, with a hash that is quick to compare, and logs him in; answers his
 * token.
 */
export async function plantUser(platform: TestPlatform, name: string): Promise<string> {
  cheapHash ??= hash(PASSWORD, { cost: 4, version: '2a' });
  const { status, json } = await platform.server.kubernetes(`${PATHS.iamObjects}/users`, {
    method: 'POST',
    body: {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'User',
      metadata: { name, annotations: { 'iam.kubesphere.io/password-encrypted': 'true' } },
      spec: { email: `${name}@example.com`, password: await cheapHash },
      status: { state: 'Active', lastTransitionTime: '2020-12-01T00:00:00Z' },
    },
  });

  assert.equal(status, 201, JSON.stringify(json));

  return eventually(() => platform.server.token(name, PASSWORD));
}

/** Makes a user with one role and waits until it counts. */
export async function plantAttacker(
  platform: TestPlatform,
  role: BuiltInRole,
  hasClient = !ON_CLUSTER,
): Promise<Attacker> {
  users += 1;

  const name = `attacker-${users}`;
  const title = `${role.level} ${role.name}`;
  const token = await plantUser(platform, name);
  const { path, body } = role.binding(name);

  await platform.made(path, body);

  const query = querySatisfiedBy(role);
  if (query) {
    await platform.until(token, query);
  }

  const client = hasClient ? await platform.kubeconfigOf(name) : undefined;

  return { name, title, token, role, client };
}

/** Runs a step for each of many things, a few at a time; rejects with the first error. */
export async function each<T>(
  things: readonly T[],
  width: number,
  step: (thing: T) => Promise<void>,
): Promise<void> {
  const queue = [...things];

  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await step(next);
    }
  };

  await Promise.all(Array.from({ length: width }, worker));
}
