import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { age, type Cell, humanDuration, orNone, type Printer, printer, since } from './printer.ts';

/** What a component's condition says of its health. */
const HEALTH: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy' };

const name = (object: KubeObject): string => object.metadata.name ?? '';

function nodeStatus(node: KubeObject): string {
  const ready = (node.status?.conditions ?? []).find(
    ({ type }: { type: string }) => type === 'Ready',
  );
  const known = ready?.status === 'True' ? 'Ready' : 'NotReady';
  const words = [ready === undefined ? 'Unknown' : known];

  if (node.spec?.unschedulable) {
    words.push('SchedulingDisabled');
  }

  return words.join(',');
}

function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';

  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(prefix)) {
      return key.length > prefix.length ? [key.slice(prefix.length)] : [];
    }
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });

  return roles.length === 0 ? '<none>' : [...new Set(roles)].sort().join(',');
}

function address(node: KubeObject, type: string): string {
  const found = (node.status?.addresses ?? []).find(
    (entry: { type: string }) => entry.type === type,
  );
  return orNone(found?.address);
}

function kernel(node: KubeObject): string {
  const { kernelVersion, architecture } = node.status?.nodeInfo ?? {};
  return architecture && kernelVersion
    ? `${kernelVersion} (${architecture})`
    : orUnknown(kernelVersion);
}

function orUnknown(text: unknown): string {
  return typeof text === 'string' && text !== '' ? text : '<unknown>';
}

function eventCells(event: KubeObject, now: number): Cell[] {
  const { series, involvedObject = event.regarding ?? {} } = event;
  const first = event.firstTimestamp ?? event.deprecatedFirstTimestamp ?? event.eventTime;
  const last =
    series?.lastObservedTime ?? event.lastTimestamp ?? event.deprecatedLastTimestamp ?? first;
  const count = series?.count ?? event.count ?? event.deprecatedCount;
  const target = involvedObject.name
    ? `${involvedObject.kind?.toLowerCase()}/${involvedObject.name}`
    : (involvedObject.kind?.toLowerCase() ?? '');
  const source = event.source ?? event.deprecatedSource ?? {};
  const component = source.component || event.reportingComponent || event.reportingController || '';
  const host = source.host || event.reportingInstance || '';

  return [
    since(last, now),
    event.type ?? '',
    event.reason ?? '',
    target,
    involvedObject.fieldPath ?? '',
    host === '' ? component : `${component}, ${host}`,
    (event.message ?? event.note ?? '').trim(),
    since(first, now),
    count || 1,
    name(event),
  ];
}

/** The used and allowed amounts of some of a quota's limits. */
function quotaText(
  names: readonly string[],
  hard: Record<string, string>,
  used: Record<string, string>,
): string {
  return names
    .toSorted()
    .map((key) => `${key}: ${used[key] ?? '0'}/${hard[key]}`)
    .join(', ');
}

function csrCells(csr: KubeObject, now: number): Cell[] {
  const { signerName, username = '', expirationSeconds } = csr.spec ?? {};
  const types = new Set((csr.status?.conditions ?? []).map(({ type }: { type: string }) => type));
  let condition = ['Denied', 'Approved'].find((type) => types.has(type)) ?? 'Pending';

  if (types.has('Failed')) {
    condition += ',Failed';
  }
  if (csr.status?.certificate) {
    condition += ',Issued';
  }

  const duration =
    expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000);

  return [name(csr), age(csr, now), orNone(signerName), username, duration, condition];
}

/** Columns of kinds about the cluster itself, by `group/Kind`. */
export const clusterPrinters: Readonly<Record<string, Printer>> = {
  '/Node': printer(
    'Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*',
    (o, now) => [
      name(o),
      nodeStatus(o),
      nodeRoles(o),
      age(o, now),
      o.status?.nodeInfo?.kubeletVersion ?? '',
      address(o, 'InternalIP'),
      address(o, 'ExternalIP'),
      orUnknown(o.status?.nodeInfo?.osImage),
      kernel(o),
      orUnknown(o.status?.nodeInfo?.containerRuntimeVersion),
    ],
  ),
  '/Namespace': printer('Name|Status|Age', (o, now) => [
    name(o),
    o.status?.phase ?? '',
    age(o, now),
  ]),
  '/Event': printer(
    'Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*',
    eventCells,
  ),
  'events.k8s.io/Event': printer(
    'Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*',
    eventCells,
  ),
  '/ComponentStatus': printer('Name|Status|Message|Error', (o) => {
    const { status, message = '', error = '' } = o.conditions?.[0] ?? {};

    return [name(o), HEALTH[status] ?? 'Unknown', message, error];
  }),
  '/ConfigMap': printer('Name|Data|Age', (o, now) => [
    name(o),
    Object.keys(o.data ?? {}).length + Object.keys(o.binaryData ?? {}).length,
    age(o, now),
  ]),
  '/Secret': printer('Name|Type|Data|Age', (o, now) => [
    name(o),
    o.type ?? '',
    Object.keys(o.data ?? {}).length,
    age(o, now),
  ]),
  '/ServiceAccount': printer('Name|Age', (o, now) => [name(o), age(o, now)]),
  '/ResourceQuota': printer('Name|Request|Limit|Age', (o, now) => {
    const hard = o.status?.hard ?? {};
    const used = o.status?.used ?? {};
    const names = Object.keys(hard);
    const requests = names.filter((key) => !key.startsWith('limits'));
    const limits = names.filter((key) => key.startsWith('limits'));

    return [name(o), quotaText(requests, hard, used), quotaText(limits, hard, used), age(o, now)];
  }),
  'scheduling.k8s.io/PriorityClass': printer(
    'Name|Value#|Global-Default?|Age|PreemptionPolicy',
    (o, now) => [
      name(o),
      o.value ?? 0,
      o.globalDefault ?? false,
      age(o, now),
      o.preemptionPolicy ?? '<unset>',
    ],
  ),
  'node.k8s.io/RuntimeClass': printer('Name|Handler|Age', (o, now) => [
    name(o),
    o.handler ?? '',
    age(o, now),
  ]),
  'coordination.k8s.io/Lease': printer('Name|Holder|Age', (o, now) => [
    name(o),
    o.spec?.holderIdentity ?? '',
    age(o, now),
  ]),
  'certificates.k8s.io/CertificateSigningRequest': printer(
    'Name|Age|SignerName|Requestor|RequestedDuration|Condition',
    csrCells,
  ),
  'flowcontrol.apiserver.k8s.io/FlowSchema': printer(
    'Name|PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL',
    (o, now) => {
      const dangling = (o.status?.conditions ?? []).find(
        ({ type }: { type: string }) => type === 'Dangling',
      );

      return [
        name(o),
        orNone(o.spec?.priorityLevelConfiguration?.name),
        o.spec?.matchingPrecedence ?? 0,
        orNone(o.spec?.distinguisherMethod?.type),
        age(o, now),
        dangling?.status ?? '?',
      ];
    },
  ),
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': printer(
    'Name|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age',
    (o, now) => {
      const { nominalConcurrencyShares, limitResponse } = o.spec?.limited ?? {};
      const { queues, handSize, queueLengthLimit } = limitResponse?.queuing ?? {};
      const or = (value: number | undefined) => value ?? '<none>';

      return [
        name(o),
        o.spec?.type ?? '',
        or(nominalConcurrencyShares),
        or(queues),
        or(handSize),
        or(queueLengthLimit),
        age(o, now),
      ];
    },
  ),
};
