import { DEPLOYMENTS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { OWN_SERVICE } from '../models/components/components.ts';

/**
 * Sets the status of this server's own Deployment to running: on the embedded API no controller
 * does. A Deployment that somebody deleted is not created again.
 */
export async function reportOwnDeployment(client: KubeClient): Promise<void> {
  const key = { resource: DEPLOYMENTS, ...OWN_SERVICE };
  const deployment = await client.find(key);
  if (!deployment) {
    return;
  }

  const time = timestamp();

  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    reason,
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  });

  const status = {
    observedGeneration: deployment.metadata.generation,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    conditions: [
      condition(
        'Available',
        'MinimumReplicasAvailable',
        'the server runs as a process of its host',
      ),
      condition(
        'Progressing',
        'NewReplicaSetAvailable',
        'the server runs as a process of its host',
      ),
    ],
  };

  try {
    await client.patch(key, 'merge', { status }, { subresource: 'status' });
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 404)) {
      throw error;
    }
  }
}
