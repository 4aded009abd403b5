import { derivedName } from '@ks-apiserver/apimachinery/meta/derived-name';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { SYSTEM_NAMESPACE } from './namespaces.ts';
import { CONFIG_MAPS } from './resources.ts';

/** Label of the ConfigMaps that mark retired names. */
export const RETIRED_LABEL = 'iam.kubesphere.io/retired-user';

/** Returns the key of the ConfigMap that marks the name of a deleted user. */
export function retiredUserKey(user: string) {
  return {
    resource: CONFIG_MAPS,
    namespace: SYSTEM_NAMESPACE,
    name: derivedName('retired-user', user),
  };
}

/** Makes the mark of a name that is retired until a time in milliseconds; `found` is an older one. */
export function makeRetiredUserMark(
  user: string,
  until: number,
  found: KubeObject | undefined,
): KubeObject {
  const { name, namespace } = retiredUserKey(user);

  return {
    ...found,
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...found?.metadata,
      name,
      namespace,
      labels: { ...found?.metadata.labels, [RETIRED_LABEL]: 'true' },
    },
    data: { user, until: timestamp(new Date(until)) },
  };
}

/** Returns until when a mark retires its name, in milliseconds; NaN for an unreadable mark. */
export function retiredUntil(mark: KubeObject | undefined): number {
  return Date.parse(String(mark?.data?.until ?? ''));
}
