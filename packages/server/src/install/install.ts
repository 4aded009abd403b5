import { createHash } from 'node:crypto';
import { MONITORING_GROUP } from '@ks-apiserver/api/groups';
import { FEDERATED_LABEL } from '@ks-apiserver/api/labels';
import { timeout } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import pMap from 'p-map';
import { applyObject, type Change, resourceOf, resourceVersions } from './apply.ts';
import { federationCrds } from './federation-crds.ts';
import { builtinManifests, type Manifests } from './manifests.ts';

/** What is installed, and when. */
export interface InstallOptions {
  /** Includes the objects that only the embedded Kubernetes API gets. */
  embedded?: boolean;
  /** Includes the kinds of objects that are propagated to member clusters. */
  federation?: boolean;
  /**
   * Does nothing when this very version was installed before, even if objects were changed or
   * deleted since.
   */
  onlyIfOutdated?: boolean;
  manifests?: Manifests;
  signal?: AbortSignal;
}

/**
 * How many requests run at the same time: enough to share disk flushes, few enough for a busy API.
 */
const CONCURRENCY = 48;
const ESTABLISH_MS = 30_000;

const crdResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};

const marker = { namespace: 'kubesphere-system', name: 'ks-apiserver-manifests' };

function isEstablished(crd: KubeObject | undefined): boolean {
  const conditions = (crd?.status?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}

async function established(client: KubeClient, name: string, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + ESTABLISH_MS;
  for (let delayMs = 10; ; delayMs = Math.min(delayMs * 2, 500)) {
    if (isEstablished(await client.find({ resource: crdResource, name }, signal))) {
      return;
    }
    if (Date.now() > deadline) {
      throw timeout(`CustomResourceDefinition ${name} is not established`);
    }

    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/** Whether an API serves ValidatingAdmissionPolicies, which Kubernetes does as v1 since 1.30. */
async function servesPolicies(client: KubeClient, signal?: AbortSignal): Promise<boolean> {
  const { status, bytes } = await client.call('GET', '/apis/admissionregistration.k8s.io/v1', {
    signal,
  });

  if (status !== 200) {
    return false;
  }

  const { resources = [] } = JSON.parse(bytes.toString()) as { resources?: { name: string }[] };

  return resources.some(({ name }) => name === 'validatingadmissionpolicies');
}

/**
 * Whether a CRD is KubeSphere's own, and not one of a project that it works with, such as the CSI
 * snapshotter, Istio or the dashboards.
 */
function isOwn({ spec }: KubeObject): boolean {
  const group = String(spec?.group);
  return group !== MONITORING_GROUP && /(^|\.)kubesphere\.io$/.test(group);
}

/** Returns a text that changes with every change of some objects. */
function hashOf(objects: readonly KubeObject[]): string {
  return createHash('sha256').update(JSON.stringify(objects)).digest('hex').slice(0, 16);
}

/**
 * Returns a built-in object without KubeFed's label: the controllers of propagation set it to
 * another value on what they propagate, and an object that others have changed is not upgraded.
 */
function withoutFederatedLabel(object: KubeObject): KubeObject {
  const { [FEDERATED_LABEL]: label, ...labels } = object.metadata.labels ?? {};
  return label === undefined ? object : { ...object, metadata: { ...object.metadata, labels } };
}

class Installation {
  readonly changes: Change[] = [];
  readonly #client: KubeClient;
  readonly #crds: readonly KubeObject[];
  readonly #signal: AbortSignal | undefined;

  constructor(client: KubeClient, crds: readonly KubeObject[], signal: AbortSignal | undefined) {
    this.#client = client;
    this.#crds = crds;
    this.#signal = signal;
  }

  /** Applies objects that do not depend on each other; results are in the order of the objects. */
  async apply(
    objects: readonly KubeObject[],
    { force }: { force: boolean },
  ): Promise<KubeObject[]> {
    const work = objects.map((object) => ({ object, resource: resourceOf(object, this.#crds) }));
    const types = new Map(
      work.map(({ resource }) => [`${resource.group}/${resource.resource}`, resource]),
    );
    const known = new Map<string, Map<string, string>>();
    await Promise.all(
      [...types].map(async ([type, resource]) => {
        known.set(type, await resourceVersions(this.#client, resource, this.#signal));
      }),
    );

    const applyOne = ({ object, resource }: (typeof work)[number]) => {
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
      const before = known.get(`${resource.group}/${resource.resource}`)?.get(key);
      return applyObject(this.#client, object, { resource, force, before, signal: this.#signal });
    };

    const outcomes = await pMap(work, applyOne, { concurrency: CONCURRENCY });
    this.changes.push(...outcomes.map(({ change }) => change));

    return outcomes.flatMap(({ object }) => (object ? [object] : []));
  }
}

/**
 * Applies the CRDs and, once they are established, the built-in objects of KubeSphere; answers what
 * became of each.
 *
 * KubeSphere's own CRDs are taken over by force, since the server stands on these very schemas. Of
 * everything else a field that somebody else set to another value is theirs, as is a CRD of another
 * project that a cluster has in a version of its own: such an object is kept and said to be. Throws
 * a StatusError only where nothing can be done, such as for an API that cannot be reached; what
 * failed for one object is in its change.
 */
export async function install(client: KubeClient, options: InstallOptions = {}): Promise<Change[]> {
  const { embedded, policies, ...manifests } = options.manifests ?? builtinManifests();
  const { signal } = options;
  const objects = options.federation
    ? manifests.objects.map(withoutFederatedLabel)
    : manifests.objects;
  const federation = options.federation ? federationCrds() : [];
  const crds = [...manifests.crds, ...federation];
  const hash = options.federation ? `${manifests.hash}-${hashOf(federation)}` : manifests.hash;

  if (options.onlyIfOutdated) {
    const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
    const found = await client.find({ resource: configMaps, ...marker }, signal);
    if (found?.data?.hash === hash) {
      return [];
    }
  }

  const wanted = options.embedded
    ? [...objects, ...embedded]
    : [...objects, ...((await servesPolicies(client, signal)) ? policies : [])];
  const installation = new Installation(client, crds, signal);

  const [own, foreign] = await Promise.all([
    installation.apply(crds.filter(isOwn), { force: true }),
    installation.apply(
      crds.filter((crd) => !isOwn(crd)),
      { force: false },
    ),
    installation.apply(
      wanted.filter(({ kind }) => kind === 'Namespace'),
      { force: false },
    ),
  ]);

  const waiting = [...own, ...foreign].filter((crd) => !isEstablished(crd));
  await Promise.all(
    waiting.map(({ metadata }) => established(client, metadata.name ?? '', signal)),
  );

  await installation.apply(
    wanted.filter(({ kind }) => kind !== 'Namespace'),
    { force: false },
  );

  // Written last, so that an interrupted installation is resumed.
  if (installation.changes.every(({ result }) => result !== 'failed')) {
    await installation.apply(
      [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: marker, data: { hash } }],
      { force: true },
    );
  }

  return installation.changes;
}
