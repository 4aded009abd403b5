import type { DocumentKind } from '@ks-apiserver/search/query/documents';

/** A document of the suite: `id` names it in the expected results. */
export interface SuiteDocument {
  readonly id: string;
  readonly [key: string]: unknown;
}

const DAY = '2026-05-10';

function line(id: string, time: string, pod: string, log: string): SuiteDocument {
  const [namespace_name = '', pod_name = ''] = pod.split('/');

  return {
    id,
    '@timestamp': `${time.slice(0, 19)}.000Z`,
    time,
    log: `${log}\n`,
    kubernetes: {
      namespace_name,
      pod_name,
      container_name: pod_name.startsWith('db') ? 'mysql' : 'app-server',
      docker_id: `docker-of-${pod}`,
      container_image: 'registry.example/app:1',
    },
  };
}

const LOGS: readonly SuiteDocument[] = [
  line('l1', `${DAY}T08:00:00.100000000Z`, 'shop/web-7d4b9c5f6d-x2x4z', 'GET /cart 200 in 12ms'),
  line('l2', `${DAY}T08:00:01.200000000Z`, 'shop/web-7d4b9c5f6d-x2x4z', 'Connection timed out'),
  line(
    'l3',
    `${DAY}T08:20:00.300000000Z`,
    'shop/web-7d4b9c5f6d-zz9b2',
    'connection TIMEOUT, retry',
  ),
  line('l4', `${DAY}T09:10:00.400000000Z`, 'bank/db-0', 'timed: out of memory'),
  line('l5', `${DAY}T23:59:59.900000000Z`, 'bank/db-1', 'Café geöffnet für alle'),
  line('l6', '2026-05-11T00:00:00.000000000Z', 'bank/web-api-0', '数据库连接失败 error_code=42'),
  line('l7', '2026-05-11T10:00:00.123456789Z', 'shop/web-xxxxx', 'connection reset by peer'),
  { id: 'l8', time: '2026-05-11T11:00:00.000000000Z', log: 'nothing is known of this line\n' },
];

function event(
  id: string,
  lastTimestamp: string,
  involvedObject: Record<string, string>,
  more: Record<string, unknown>,
): SuiteDocument {
  return {
    id,
    metadata: { name: `event-${id}`, uid: `uid-${id}` },
    involvedObject,
    lastTimestamp,
    type: 'Normal',
    ...more,
  };
}

const EVENTS: readonly SuiteDocument[] = [
  event(
    'e1',
    `${DAY}T08:00:00Z`,
    { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'u1' },
    {
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      type: 'Warning',
    },
  ),
  event(
    'e2',
    `${DAY}T08:30:00Z`,
    { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'u1' },
    {
      reason: 'Pulled',
      message: 'Container image already present on machine',
    },
  ),
  event(
    'e3',
    `${DAY}T10:00:00Z`,
    { kind: 'Deployment', namespace: 'bank', name: 'web', uid: 'u2' },
    {
      reason: 'ScalingReplicaSet',
      message: 'Scaled up replica set web-1 to 3',
    },
  ),
  event(
    'e4',
    '2026-05-11T00:30:00Z',
    { kind: 'Node', name: 'node-1', uid: 'u3' },
    {
      reason: 'NodeNotReady',
      message: 'Node node-1 status is now: NodeNotReady',
      type: 'Warning',
    },
  ),
];

function record(id: string, time: string, more: Record<string, unknown>): SuiteDocument {
  return {
    id,
    AuditID: `audit-${id}`,
    Stage: 'ResponseComplete',
    Level: 'Metadata',
    Verb: 'get',
    Workspace: '',
    ObjectRef: { Resource: 'pods', Namespace: '', Name: '', Subresource: '' },
    SourceIPs: ['10.1.2.3'],
    RequestReceivedTimestamp: time,
    ...more,
  };
}

const AUDITING: readonly SuiteDocument[] = [
  record('a1', `${DAY}T08:00:00.000001Z`, {
    Verb: 'create',
    Workspace: 'ws-shop',
    ObjectRef: { Resource: 'pods', Namespace: 'shop', Name: 'web-1', Subresource: 'exec' },
    User: { Username: 'jane', Groups: ['system:authenticated', 'ops'] },
    ResponseStatus: { code: 201, status: 'Success' },
  }),
  record('a2', `${DAY}T08:00:00.500000Z`, {
    Verb: 'delete',
    Level: 'Request',
    Workspace: 'ws-bank',
    ObjectRef: { Resource: 'deployments', Namespace: 'bank', Name: 'web', Subresource: '' },
    User: { Username: 'Jane.Doe', Groups: ['system:authenticated'] },
    SourceIPs: ['192.168.7.8', '10.9.9.9'],
    ResponseStatus: { code: 403, status: 'Failure' },
  }),
  record('a3', '2026-05-11T01:00:00.000000Z', {
    ObjectRef: { Resource: 'podtemplates', Namespace: 'shop', Name: 'x', Subresource: '' },
    User: { Username: 'system:serviceaccount:kube-system:job', Groups: null },
    ResponseStatus: { code: 200 },
  }),
];

/** The documents of the suite: of two days, in UTC. */
export const SUITE_DOCUMENTS: Readonly<Record<DocumentKind, readonly SuiteDocument[]>> = {
  logs: LOGS,
  events: EVENTS,
  auditing: AUDITING,
};

/** Returns the day of a document as names of daily indices end: `2026.05.10`. */
export function dayOf(document: SuiteDocument): string {
  const time = document.time ?? document.lastTimestamp ?? document.RequestReceivedTimestamp;
  return String(time).slice(0, 10).replaceAll('-', '.');
}
