import { CREDENTIAL_KEYS, isCredentialType } from '@ks-apiserver/api/devops';
import { SECRETS } from '@ks-apiserver/api/resources';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { WriteOptions } from '@ks-apiserver/client/kube/client';
import { missing } from '../../iam/errors.ts';
import { secretFieldsOf, withoutSecrets, withSecretsOf } from '../../redaction/redaction.ts';
import { type Page, pageEntries } from '../../resources/list/list.ts';
import type { ListQuery } from '../../resources/query/query.ts';
import type { DevOpsObjectDependencies } from './devops-projects.ts';
import { entriesOf, type ProjectNamespaces } from './project-namespaces.ts';

/** How often an update without a version is tried while the credential keeps changing. */
const ATTEMPTS = 5;

/**
 * Credentials of DevOps projects: Secrets of certain types. Their values can be written, and reach
 * Jenkins, but are never shown again. Other Secrets do not exist here: the right to credentials is
 * no right to them.
 */
export class DevOpsCredentials {
  readonly #dependencies: DevOpsObjectDependencies;
  readonly #namespaces: ProjectNamespaces;

  constructor(dependencies: DevOpsObjectDependencies, namespaces: ProjectNamespaces) {
    this.#dependencies = dependencies;
    this.#namespaces = namespaces;
  }

  /** Returns a page of the credentials of a project. Throws NotFound. */
  async list(project: string, query: ListQuery, signal: AbortSignal): Promise<Page> {
    const { catalog } = this.#dependencies;
    const namespace = this.#namespaces.find(project);
    const definition = catalog.definition('secrets');
    const store = await catalog.synced(definition, { signal });
    const entries = entriesOf(store, namespace).filter(({ fields }) =>
      isCredentialType(fields.type),
    );

    return pageEntries(entries, definition, query, catalog);
  }

  /** Returns a credential of a project, without its values. Throws NotFound. */
  async get(project: string, name: string): Promise<KubeObject> {
    const namespace = this.#namespaces.find(project);
    const found = namespace && (await this.#find(namespace, name));
    if (!found) {
      throw missing('secret', '', name);
    }

    const fields = secretFieldsOf(SECRETS);

    return fields ? withoutSecrets(found, fields) : found;
  }

  /** Creates a credential in a project. Throws BadRequest, NotFound, AlreadyExists, Forbidden. */
  async create(
    caller: UserInfo,
    project: string,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const namespace = this.#namespaces.require(project);
    if (!isCredentialType(given.type)) {
      throw badRequest(
        `type: "${given.type ?? ''}" is no type of credentials: use ${Object.keys(CREDENTIAL_KEYS).join(', ')}`,
      );
    }

    return this.#dependencies.writers
      .clientFor(caller)
      .create(SECRETS, typed(namespace, given), options);
  }

  /**
   * Replaces a credential of a project; values that are left out, which nobody can have read, stay.
   * Throws BadRequest, NotFound, Conflict, Forbidden.
   */
  async update(
    caller: UserInfo,
    project: string,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const namespace = this.#namespaces.require(project);
    const writer = this.#dependencies.writers.clientFor(caller);

    for (let attempt = 1; ; attempt += 1) {
      const stored = await this.#require(namespace, given.metadata.name ?? '');

      try {
        return await writer.update(SECRETS, withStored(stored, typed(namespace, given)), options);
      } catch (error) {
        const hasChanged = error instanceof StatusError && error.reason === 'Conflict';
        if (!hasChanged || given.metadata.resourceVersion !== undefined || attempt === ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  /** Deletes a credential of a project. Throws BadRequest, NotFound, Forbidden. */
  async delete(
    caller: UserInfo,
    project: string,
    name: string,
    options: WriteOptions,
  ): Promise<void> {
    const namespace = this.#namespaces.require(project);
    await this.#require(namespace, name);
    await this.#dependencies.writers
      .clientFor(caller)
      .delete({ resource: SECRETS, namespace, name }, options);
  }

  async #find(namespace: string, name: string): Promise<PersistedObject | undefined> {
    const found = await this.#dependencies.client.find({ resource: SECRETS, namespace, name });
    return isCredentialType(found?.type) ? found : undefined;
  }

  async #require(namespace: string, name: string): Promise<PersistedObject> {
    const found = await this.#find(namespace, name);
    if (!found) {
      throw missing('secrets', '', name);
    }

    return found;
  }
}

/** Returns a Secret with its kind and the namespace of its project, whatever it says itself. */
function typed(namespace: string, given: KubeObject): KubeObject {
  return {
    ...given,
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...given.metadata, namespace },
  };
}

/** Returns what is to be stored: values, finalizers and version of the stored object fill gaps. */
function withStored(stored: PersistedObject, given: KubeObject): KubeObject {
  const fields = secretFieldsOf(SECRETS);
  const { finalizers, resourceVersion } = stored.metadata;

  const encoded = Object.entries((given.stringData ?? {}) as Record<string, unknown>).map(
    ([key, value]) => [key, Buffer.from(String(value)).toString('base64')],
  );

  const { stringData: _texts, ...secret } = given;
  const data = { ...given.data, ...Object.fromEntries(encoded) };
  const metadata = {
    ...(finalizers && { finalizers }),
    resourceVersion,
    ...given.metadata,
  };

  const proposed = { ...secret, type: given.type ?? stored.type, data, metadata };

  return fields ? withSecretsOf(stored, proposed, fields) : proposed;
}
