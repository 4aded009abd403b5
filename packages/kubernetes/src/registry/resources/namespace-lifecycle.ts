import { notFound, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Reader } from '../../storage/backend.ts';
import { qualifiedResource, type ResourceType } from './resource-type.ts';

/** Storage key of a namespace. */
export function namespaceKey(name: string): string {
  return `/registry/core/namespaces/${name}`;
}

/**
 * Refuses new objects in a namespace that does not exist (404) or is being deleted (403), as
 * NamespaceLifecycle does.
 */
export function admitNamespace(type: ResourceType, object: KubeObject, reader: Reader): void {
  if (!type.namespaced) {
    return;
  }

  const namespace = object.metadata.namespace ?? '';
  const stored = reader.get(namespaceKey(namespace));
  if (!stored) {
    throw notFound({ resource: 'namespaces', name: namespace });
  }
  if (!stored.shared<KubeObject>().metadata.deletionTimestamp) {
    return;
  }

  const name = object.metadata.name ?? '';

  throw new StatusError(
    403,
    'Forbidden',
    `${qualifiedResource(type)} ${JSON.stringify(name)} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      name,
      ...(type.group && { group: type.group }),
      kind: type.resource,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  );
}
