import { SYNC } from '@ks-apiserver/api/devops';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { JobSpecError } from '@ks-apiserver/upstreams/jenkins/xml/job-spec';
import type { EventRecorder } from '../events/recorder.ts';

/** Longest message in an annotation, in characters. */
const MAX_MESSAGE = 500;

/**
 * Jenkins cannot have what an object describes: only a change of the object, or of Jenkins, helps.
 */
export class SyncError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SyncError';
  }
}

/** Where what became of objects in Jenkins is reported. */
export interface SyncReporter {
  client: KubeClient;
  events: EventRecorder;
  resource: GroupVersionResource;
  /** Prefix of the annotations. */
  prefix: string;
}

/**
 * Brings an object to Jenkins by `sync`, which returns a hash of what Jenkins has now, and reports
 * the result in annotations. A failure that trying again does not change is reported as an event and
 * does not reject; every other one rejects, for a controller to try again.
 */
export async function reportSync(
  { client, events, resource, prefix }: SyncReporter,
  object: PersistedObject,
  sync: () => Promise<string | undefined>,
): Promise<void> {
  const annotate = (annotations: Record<string, string | undefined>) =>
    writeAnnotations(client, resource, object, prefix, annotations);

  try {
    const hash = await sync();

    await annotate({
      [SYNC.status]: 'successful',
      [SYNC.message]: undefined,
      ...(hash !== undefined && { [SYNC.hash]: hash }),
    });
  } catch (error) {
    // Kubernetes' own answers say nothing about Jenkins.
    if (error instanceof StatusError) {
      throw error;
    }

    const text = messageOf(error).slice(0, MAX_MESSAGE);
    await annotate({ [SYNC.status]: 'failed', [SYNC.message]: text });

    if (!(error instanceof SyncError || error instanceof JobSpecError)) {
      throw error;
    }

    events.record(object, 'Warning', 'SyncFailed', text);
  }
}

/** Writes annotations that differ, and the time with them; undefined removes one. */
async function writeAnnotations(
  client: KubeClient,
  resource: GroupVersionResource,
  { metadata }: PersistedObject,
  prefix: string,
  wanted: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const stored = metadata.annotations ?? {};
  const changed = Object.entries(wanted).filter(([key, value]) => stored[prefix + key] !== value);
  if (changed.length === 0) {
    return;
  }

  const annotations = Object.fromEntries(
    [...changed, [SYNC.time, new Date().toISOString()] as const].map(([key, value]) => [
      prefix + key,
      value ?? null,
    ]),
  );

  const { name, namespace, uid } = metadata;

  // The uid keeps a later object of the same name as it is.
  await client.patch({ resource, name, ...(namespace && { namespace }) }, 'merge', {
    metadata: { annotations, uid },
  });
}
