import { StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type GroupVersionResource,
  type KubeList,
  type KubeObject,
  parseApiVersion,
} from '@ks-apiserver/apimachinery/meta/types';
import { errorFrom, type KubeClient } from '@ks-apiserver/client/kube/client';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';

/** The field manager that installed fields belong to. */
export const FIELD_MANAGER = 'ks-apiserver-install';

/**
 * The result for one object; `kept` means that other managers own a field with another value, and
 * the object stays as it is.
 */
export interface Change {
  /**
   * `name` or `namespace/name`, after the kind's resource:
   * `globalroles.iam.kubesphere.io/anonymous`.
   */
  object: string;
  result: 'created' | 'configured' | 'unchanged' | 'kept' | 'failed';
  /** Why it was kept, or has failed. */
  error?: StatusError;
}

const plurals: Readonly<Record<string, string>> = {
  CustomResourceDefinition: 'customresourcedefinitions',
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Service: 'services',
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};

/**
 * Returns the resource of an object: of a built-in kind that is installed, or of one of the CRDs.
 * Throws when it is neither.
 */
export function resourceOf(object: KubeObject, crds: readonly KubeObject[]): GroupVersionResource {
  const { group, version } = parseApiVersion(object.apiVersion ?? '');
  const crd = crds.find(({ spec }) => spec.group === group && spec.names.kind === object.kind);
  const resource = crd?.spec.names.plural ?? plurals[object.kind ?? ''];
  if (!resource) {
    throw new Error(`unknown resource of ${object.apiVersion} ${object.kind}`);
  }

  return { group, version, resource };
}

/** Returns an object's name for people: `roles.rbac.authorization.k8s.io/ns/name`. */
export function describe(resource: GroupVersionResource, { metadata }: KubeObject): string {
  const type = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
  return [type, metadata.namespace, metadata.name].filter(Boolean).join('/');
}

/**
 * Returns the resourceVersion by `namespace/name` of all objects of a resource; only metadata is
 * read, because CRDs may be many and large.
 */
export async function resourceVersions(
  client: KubeClient,
  resource: GroupVersionResource,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const accept =
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
  const { status, bytes } = await client.call('GET', resourcePath(resource), { accept, signal });
  if (status === 404) {
    return new Map(); // The CRD is not served yet.
  }
  if (status !== 200) {
    throw errorFrom(status, bytes);
  }

  // An empty list may be null.
  const { items } = JSON.parse(bytes.toString()) as { items: KubeList['items'] | null };

  return new Map(
    (items ?? []).map(({ metadata: m }) => [
      `${m.namespace ?? ''}/${m.name}`,
      m.resourceVersion ?? '',
    ]),
  );
}

/** How one object is applied. */
export interface ApplyOptions {
  resource: GroupVersionResource;
  /**
   * Takes fields over from other managers; otherwise an object with such a field is kept as it is.
   */
  force: boolean;
  /** The former resourceVersion; undefined when the object does not exist. */
  before: string | undefined;
  signal?: AbortSignal | undefined;
}

const servingMs = 10_000;

/** Returns what an apply has done; `before` is the resourceVersion before it. */
function resultOf({ metadata }: KubeObject, before: string | undefined): Change['result'] {
  if (before === undefined) {
    return 'created';
  }
  return metadata.resourceVersion === before ? 'unchanged' : 'configured';
}

/**
 * Applies one object by server-side apply (kubernetes.io "Server-Side Apply"); errors become part
 * of the result.
 */
export async function applyObject(
  client: KubeClient,
  object: KubeObject,
  { resource, force, before, signal }: ApplyOptions,
): Promise<{ change: Change; object?: KubeObject }> {
  const name = describe(resource, object);
  const deadline = Date.now() + servingMs;
  for (let delayMs = 20; ; delayMs = Math.min(delayMs * 2, 500)) {
    try {
      const applied = await client.apply(resource, object, {
        fieldManager: FIELD_MANAGER,
        force,
        ...(signal && { signal }),
      });

      return { change: { object: name, result: resultOf(applied, before) }, object: applied };
    } catch (thrown) {
      const error = toStatusError(thrown);

      // A CRD is served a moment after it is established; a 404 with a name would be about a
      // missing namespace.
      const notServed = error.code === 404 && !error.details?.name;
      if (notServed && Date.now() < deadline && !signal?.aborted) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        continue;
      }

      const foreign = error instanceof StatusError && error.code === 409 && !force;

      return { change: { object: name, result: foreign ? 'kept' : 'failed', error } };
    }
  }
}

/**
 * Throws an Error that names what failed; for starts, which cannot go on without the CRDs and
 * objects.
 */
export function requireInstalled(changes: readonly Change[]): void {
  const failed = changes.filter(({ result }) => result === 'failed');
  if (failed.length === 0) {
    return;
  }

  const lines = failed.slice(0, 5).map(({ object, error }) => `${object}: ${error?.message}`);

  throw new Error(`${failed.length} objects could not be installed: ${lines.join('; ')}`, {
    cause: failed[0]?.error,
  });
}
