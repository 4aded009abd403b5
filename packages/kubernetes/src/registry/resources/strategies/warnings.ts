import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { quote } from '@ks-apiserver/apimachinery/validation/field';
import { dnsLabelErrors } from '@ks-apiserver/apimachinery/validation/names';
import { claimWarnings, podWarnings, termWarnings } from '../../validation/pods/warnings.ts';

type Warnings = (object: KubeObject, old: KubeObject | undefined) => string[];

function nameWarnings(name: string | undefined, use: string): string[] {
  const errors = dnsLabelErrors(name ?? '');
  if (errors.length === 0) {
    return [];
  }

  const why = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended`;

  return [`metadata.name: ${why}: [${errors.join(' ')}]`];
}

/** Warnings about a pod template, given when it is new and when its generation changes. */
function templates(
  at: string,
  find: (object: KubeObject) => object | undefined,
  { named } = { named: true },
): Warnings {
  return (object, old) => {
    if (old && old.metadata.generation === object.metadata.generation) {
      return [];
    }

    const template = find(object);

    return [
      ...(named && !old ? nameWarnings(object.metadata.name, 'Pod names and hostnames') : []),
      ...(template ? podWarnings(template, at) : []),
    ];
  };
}

const ofTemplate = templates('spec.template', ({ spec }) => spec?.template);
const unnamed = templates('spec.template', ({ spec }) => spec?.template, { named: false });

const statefulSets: Warnings = (object, old) => [
  ...unnamed(object, old),
  ...(old ? [] : (object.spec?.volumeClaimTemplates ?? [])).flatMap(
    (claim: KubeObject, index: number) =>
      claimWarnings(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}].Spec`),
  ),
];

function tlsError(certificate: string, key: string): string | undefined {
  const found = (text: string) => /-----BEGIN [A-Z0-9 ]+-----/.test(text);
  if (!found(certificate)) {
    return 'tls: failed to find any PEM data in certificate input';
  }
  if (!found(key)) {
    return 'tls: failed to find any PEM data in key input';
  }

  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? undefined : 'tls: private key does not match public key';
  } catch {
    return 'tls: failed to parse private key';
  }
}

const secrets: Warnings = ({ type, data = {} }) => {
  if (type !== 'kubernetes.io/tls') {
    return [];
  }

  const text = (key: string) => Buffer.from(String(data[key] ?? ''), 'base64').toString();
  const error = tlsError(text('tls.crt'), text('tls.key'));

  return error ? [error] : [];
};

const services: Warnings = ({ spec = {}, metadata }) => {
  const hints = 'service.kubernetes.io/topology-aware-hints';
  const { trafficDistribution } = spec;
  const deprecated = '"PreferClose" is deprecated; use "PreferSameZone"';
  const { type, clusterIP, loadBalancerIP, externalIPs = [], externalName, sessionAffinity } = spec;
  const isExternalName = type === 'ExternalName';
  const isHeadless = type === 'ClusterIP' && clusterIP === 'None';

  const found: [boolean, string][] = [
    [
      metadata.annotations?.[hints] !== undefined,
      `annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    ],
    [isHeadless && Boolean(loadBalancerIP), 'spec.loadBalancerIP is ignored for headless services'],
    [isHeadless && externalIPs.length > 0, 'spec.externalIPs is ignored for headless services'],
    [
      isHeadless && sessionAffinity !== 'None',
      'spec.SessionAffinity is ignored for headless services',
    ],
    [
      externalIPs.length > 0 && !isHeadless && !isExternalName,
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ],
    [
      isExternalName && externalIPs.length > 0,
      'spec.externalIPs is ignored when spec.type is "ExternalName"',
    ],
    [
      !isExternalName && Boolean(externalName),
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ],
    [trafficDistribution === 'PreferClose', `spec.trafficDistribution: ${deprecated}`],
  ];

  return found.filter(([holds]) => holds).map(([, text]) => text);
};

/** Deprecated annotations of claims and volumes. */
function classWarnings({ annotations = {} }: KubeObject['metadata']): string[] {
  const key = 'volume.beta.kubernetes.io/storage-class';
  if (annotations[key] === undefined) {
    return [];
  }

  return [
    `metadata.annotations[${key}]: deprecated since v1.8; use "storageClassName" attribute instead`,
  ];
}

/** Versions since which kinds of volumes are deprecated, or do not work. */
const oldVolumes: Readonly<Record<string, readonly [name: string, since: string, gone: string]>> = {
  cephfs: ['cephfs', 'v1.28', 'v1.31'],
  photonPersistentDisk: ['photonPersistentDisk', 'v1.11', 'v1.16'],
  scaleIO: ['scaleIO', 'v1.16', 'v1.22'],
  storageos: ['storageOS', 'v1.22', 'v1.25'],
  glusterfs: ['glusterfs', 'v1.25', 'v1.26'],
  rbd: ['rbd', 'v1.28', 'v1.31'],
};

const volumes: Warnings = ({ metadata, spec = {} }) => {
  const found = classWarnings(metadata);

  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const instead = 'Instead, the recommended approach is to use dynamic provisioning.';
    found.push(
      `spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${instead}`,
    );
  }

  found.push(
    ...termWarnings(
      spec.nodeAffinity?.required?.nodeSelectorTerms,
      'spec.nodeAffinity.required.nodeSelectorTerms',
    ),
  );

  for (const [kind, [name, since, gone]] of Object.entries(oldVolumes)) {
    if (spec[kind]) {
      found.push(`spec.${name}: deprecated in ${since}, non-functional in ${gone}+`);
    }
  }

  return found;
};

const drivers: Warnings = ({ spec = {} }) => {
  if (!spec.tokenRequests?.length || spec.serviceAccountTokenInSecrets !== undefined) {
    return [];
  }

  const why = 'set to true to prevent possible logging of tokens in volume attributes';
  return [`spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, ${why}`];
};

const classAnnotation = 'kubernetes.io/ingress.class';

const ingresses: Warnings = ({ metadata, spec = {} }, old) => {
  if (
    old ||
    metadata.annotations?.[classAnnotation] === undefined ||
    spec.ingressClassName !== undefined
  ) {
    return [];
  }

  return [
    `annotation ${quote(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`,
  ];
};

/** Warnings about valid objects, by `resource` or `resource.group`. */
export const WARNINGS: ReadonlyMap<string, Warnings> = new Map<string, Warnings>([
  ['deployments.apps', ofTemplate],
  ['replicasets.apps', ofTemplate],
  ['statefulsets.apps', statefulSets],
  ['daemonsets.apps', unnamed],
  ['replicationcontrollers', ofTemplate],
  [
    'podtemplates',
    templates('template', (object) => object.template, {
      named: false,
    }),
  ],
  ['jobs.batch', ofTemplate],
  [
    'cronjobs.batch',
    templates('spec.jobTemplate.spec.template', ({ spec }) => spec?.jobTemplate?.spec?.template),
  ],
  [
    'persistentvolumeclaims',
    ({ metadata, spec = {} }) => [...classWarnings(metadata), ...claimWarnings(spec, 'spec')],
  ],
  ['persistentvolumes', volumes],
  [
    'nodes',
    ({ spec = {} }) =>
      spec.externalID
        ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes']
        : [],
  ],
  ['csidrivers.storage.k8s.io', drivers],
  ['secrets', secrets],
  ['services', services],
  ['ingresses.networking.k8s.io', ingresses],
]);
