import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Container, containersOf, listOf } from '../resources/core-types.ts';
import { generateName } from '../store/metadata.ts';
import {
  type AdmissionPlugin,
  type Attributes,
  refusalError,
  requireObject,
} from './attributes.ts';

const DEFAULT_ACCOUNT = 'default';
const MIRROR_POD = 'kubernetes.io/config.mirror';
const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';
const TOKEN_VOLUME = 'kube-api-access-';
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Lifetime of a mounted token in seconds (kube-apiserver's WarnOnlyBoundTokenExpirationSeconds).
 */
const TOKEN_SECONDS = 3607;

/** Storage key of a ServiceAccount. */
export function serviceAccountKey(namespace: string, name: string): string {
  return `/registry/core/serviceaccounts/${namespace}/${name}`;
}

/**
 * Whether a pod uses its namespace's default ServiceAccount, which a new namespace gets a moment
 * later.
 */
export function usesDefaultAccount(pod: KubeObject): boolean {
  const name = pod.spec?.serviceAccountName;
  return !name || name === DEFAULT_ACCOUNT;
}

function accountOf(attributes: Attributes): KubeObject {
  const { namespace, context } = attributes;
  const name: string = requireObject(attributes).spec.serviceAccountName;
  const stored = context.reader.get(serviceAccountKey(namespace, name));
  if (stored) {
    return stored.shared<KubeObject>();
  }

  throw refusalError(
    attributes,
    `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
  );
}

function tokenVolume(name: string) {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}

function mountToken(spec: KubeObject['spec']): void {
  const volumes: { name: string }[] = spec.volumes ?? [];
  const existing = volumes.find(({ name }) => name?.startsWith(TOKEN_VOLUME));
  const name = existing?.name ?? generateName(TOKEN_VOLUME);
  let mounted = false;

  for (const container of containersOf(spec)) {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some(({ mountPath }) => mountPath === TOKEN_PATH)) {
      continue;
    }

    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: TOKEN_PATH }];
    mounted = true;
  }

  if (mounted && !existing) {
    spec.volumes = [...volumes, tokenVolume(name)];
  }
}

/** Why a pod may not use its Secrets when its ServiceAccount limits them; undefined when it may. */
function forbiddenSecret(spec: KubeObject['spec'], account: KubeObject): string | undefined {
  const name = account.metadata.name;
  const because = `is not allowed because service account ${name} does not reference that`;
  const names = (list: { name?: string }[] | undefined) =>
    new Set((list ?? []).map((item) => item.name));
  const secrets = names(account.secrets);

  for (const volume of spec.volumes ?? []) {
    const secret: string | undefined = volume.secret?.secretName;
    if (secret !== undefined && !secrets.has(secret)) {
      return `volume with secret.secretName="${secret}" ${because} secret`;
    }
  }

  const groups: [string, Container[]][] = [
    ['init container', spec.initContainers ?? []],
    ['container', spec.containers ?? []],
  ];

  for (const [what, containers] of groups) {
    for (const container of containers) {
      for (const { name: variable, valueFrom } of container.env ?? []) {
        const secret = valueFrom?.secretKeyRef?.name;
        if (secret !== undefined && !secrets.has(secret)) {
          return `${what} ${container.name} with envVar ${variable} referencing secret.secretName="${secret}" ${because} secret`;
        }
      }

      for (const { secretRef } of container.envFrom ?? []) {
        if (secretRef?.name !== undefined && !secrets.has(secretRef.name)) {
          return `${what} ${container.name} with envFrom referencing secret.secretName="${secretRef.name}" ${because} secret`;
        }
      }
    }
  }

  const pullSecrets = names(account.imagePullSecrets);
  const index = listOf<{ name?: string }>(spec.imagePullSecrets).findIndex(
    (item) => !pullSecrets.has(item.name),
  );

  if (index < 0) {
    return undefined;
  }

  return `imagePullSecrets[${index}].name="${spec.imagePullSecrets[index].name}" ${because} imagePullSecret`;
}

function mirrorViolation({ spec }: KubeObject): string | undefined {
  if (spec?.serviceAccountName) {
    return 'a mirror pod may not reference service accounts';
  }

  const volumes: KubeObject['spec'][] = spec?.volumes ?? [];
  if (volumes.some(({ secret }) => secret)) {
    return 'a mirror pod may not reference secrets';
  }

  const projects = volumes.some(({ projected }) =>
    projected?.sources?.some((source: Record<string, unknown>) => source.serviceAccountToken),
  );

  return projects ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}

function validate(attributes: Attributes): void {
  const pod = requireObject(attributes);
  if (pod.metadata.annotations?.[MIRROR_POD] !== undefined) {
    const violation = mirrorViolation(pod);
    if (violation) {
      throw refusalError(attributes, violation);
    }

    return;
  }

  const account = accountOf(attributes);
  const limited = account.metadata.annotations?.[ENFORCE_SECRETS];
  if (limited === undefined || !/^(1|t|T|TRUE|true|True)$/.test(limited)) {
    return;
  }

  const violation = forbiddenSecret(pod.spec, account);
  if (violation) {
    throw refusalError(attributes, violation);
  }
}

const applies = ({ operation, subresource }: Attributes) =>
  operation === 'CREATE' && subresource === '';

/**
 * ServiceAccount: pods get an account, its pull secrets and a mounted token (Kubernetes "Managing
 * Service Accounts").
 */
export const serviceAccount: AdmissionPlugin = {
  resources: ['pods'],
  admit(attributes) {
    if (!applies(attributes)) {
      return;
    }

    const pod = requireObject(attributes);
    if (!pod.spec) {
      return;
    }
    if (pod.metadata.annotations?.[MIRROR_POD] !== undefined) {
      return;
    }

    const { spec } = pod;
    spec.serviceAccountName ||= spec.serviceAccount || DEFAULT_ACCOUNT;
    spec.serviceAccount = spec.serviceAccountName;

    const account = accountOf(attributes);
    if ((spec.automountServiceAccountToken ?? account.automountServiceAccountToken) !== false) {
      mountToken(spec);
    }

    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      spec.imagePullSecrets = account.imagePullSecrets.map(({ name }: { name: string }) => ({
        name,
      }));
    }
  },
  validate(attributes) {
    if (applies(attributes) && requireObject(attributes).spec) {
      validate(attributes);
    }
  },
};
