import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { quote } from '@ks-apiserver/apimachinery/validation/field';
import { dnsLabelErrors } from '@ks-apiserver/apimachinery/validation/names';
import { claimWarnings, podWarnings } from '../validation/pods/warnings.ts';

type Warnings = (object: KubeObject, old: KubeObject | undefined) => string[];

function nameWarnings(name: string | undefined, use: string): string[] {
  const errors = dnsLabelErrors(name ?? '');
  if (errors.length === 0) return [];
  const why = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended`;
  return [`metadata.name: ${why}: [${errors.join(' ')}]`];
}

/** Warnings about what becomes a pod: told when it is new, and when what is wished has changed. */
function templates(at: string, find: (object: KubeObject) => object | undefined, named = true): Warnings {
  return (object, old) => {
    if (old && old.metadata.generation === object.metadata.generation) return [];
    const template = find(object);
    return [
      ...(named && !old ? nameWarnings(object.metadata.name, 'Pod names and hostnames') : []),
      ...(template ? podWarnings(template, at) : []),
    ];
  };
}

const ofTemplate = templates('spec.template', ({ spec }) => spec?.template);
const unnamed = templates('spec.template', ({ spec }) => spec?.template, false);

const statefulSets: Warnings = (object, old) => [
  ...unnamed(object, old),
  ...(old ? [] : (object.spec?.volumeClaimTemplates ?? [])).flatMap((claim: KubeObject, index: number) =>
    claimWarnings(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}].Spec`),
  ),
];

function tlsError(certificate: string, key: string): string | undefined {
  const found = (text: string) => /-----BEGIN [A-Z0-9 ]+-----/.test(text);
  if (!found(certificate)) return 'tls: failed to find any PEM data in certificate input';
  if (!found(key)) return 'tls: failed to find any PEM data in key input';
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? undefined : 'tls: private key does not match public key';
  } catch {
    return 'tls: failed to parse private key';
  }
}

const secrets: Warnings = ({ type, data = {} }) => {
  if (type !== 'kubernetes.io/tls') return [];
  const text = (key: string) => Buffer.from(String((data as Record<string, unknown>)[key] ?? ''), 'base64').toString();
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
    [isHeadless && sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'],
    [
      externalIPs.length > 0 && !isHeadless && !isExternalName,
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ],
    [isExternalName && externalIPs.length > 0, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    [!isExternalName && Boolean(externalName), 'spec.externalName is ignored when spec.type is not "ExternalName"'],
    [trafficDistribution === 'PreferClose', `spec.trafficDistribution: ${deprecated}`],
  ];
  return found.filter(([holds]) => holds).map(([, text]) => text);
};

const classAnnotation = 'kubernetes.io/ingress.class';

const ingresses: Warnings = ({ metadata, spec = {} }, old) => {
  if (old || metadata.annotations?.[classAnnotation] === undefined || spec.ingressClassName !== undefined) return [];
  return [`annotation ${quote(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`];
};

/** Warnings about valid objects, by `resource` or `resource.group`. */
export const WARNINGS: ReadonlyMap<string, Warnings> = new Map<string, Warnings>([
  ['deployments.apps', ofTemplate],
  ['replicasets.apps', ofTemplate],
  ['statefulsets.apps', statefulSets],
  ['daemonsets.apps', unnamed],
  ['replicationcontrollers', ofTemplate],
  ['podtemplates', templates('template', (object) => object.template as object | undefined, false)],
  ['jobs.batch', ofTemplate],
  ['cronjobs.batch', templates('spec.jobTemplate.spec.template', ({ spec }) => spec?.jobTemplate?.spec?.template)],
  ['persistentvolumeclaims', ({ spec = {} }) => claimWarnings(spec, 'spec')],
  ['secrets', secrets],
  ['services', services],
  ['ingresses.networking.k8s.io', ingresses],
]);
