import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from './client.ts';

/** Creates an object unless one of that name exists already. */
export async function ensureCreated(
  client: KubeClient,
  resource: GroupVersionResource,
  object: KubeObject,
): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
      throw error;
    }
  }
}
