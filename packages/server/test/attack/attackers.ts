import assert from 'node:assert/strict';
import { hash } from '@node-rs/bcrypt';
import type { OwnKubeconfig } from '../support/own-kubeconfig.ts';
import { ON_CLUSTER, PASSWORD, PATHS, type TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import { type BuiltInRole, querySatisfiedBy } from './built-in-roles.ts';

/** A user with exactly one role. */
export interface Attacker {
  name: string;
  /** Name of the attacker in test output: level and name of the role. */
  title: string;
  token: string;
  role: BuiltInRole;
  /**
   * The attacker's client at the port of the Kubernetes API; absent on a real cluster, which asks
   * little of this server.
   */
  client: OwnKubeconfig | undefined;
}

let users = 0;
let cheapHash: Promise<string> | undefined;

/**
 * Stores a user without the server, with a hash that is quick to compare, and logs in; returns the
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

/** Creates a user with one role and waits until the role takes effect. */
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

  await platform.write(path, body);

  const query = querySatisfiedBy(role);
  if (query) {
    await platform.waitUntilAllowed(token, query);
  }

  const client = hasClient ? await platform.kubeconfigOf(name) : undefined;

  return { name, title, token, role, client };
}

/** Runs a step for each item, a few at a time; rejects with the first error. */
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
