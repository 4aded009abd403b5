import {
  AUDIT_FIELDS,
  type DocumentKind,
  EVENT_FIELDS,
  type Field,
  LOG_FIELDS,
} from '@ks-apiserver/search/query/documents';
import type { Condition, Scope, Search } from '@ks-apiserver/search/query/search';

const START = Date.parse('2026-05-10T00:00:00Z');
const SPAN = 3 * 86_400_000;

/** Numbers that are the same in each run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Returns a whole number from 0 to below a limit. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  /** Returns one of several values. */
  of<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }
}

const WORDS = [
  'error',
  'Error',
  'erroneous',
  'timeout',
  'time',
  'TIMED',
  'out',
  'connection',
  'connect',
  'réseau',
  'Über',
  'uber',
  '数据',
  '库',
  'user_id',
  'user',
  '42',
  '404',
  'x',
  'node1',
] as const;

const SIGNS = [' ', ' ', ' ', ', ', '-', '=', '/', '! ', ' (', '" '] as const;
const NAMESPACES = ['shop', 'bank', 'shop-2', 'kube-system'] as const;
const PODS = ['web-0', 'web-12', 'web-7d4b9c5f6d-x2x4z', 'web-x2x4z', 'web-api-0', 'db-1'] as const;
const REASONS = ['BackOff', 'Pulled', 'FailedMount', 'Failed'] as const;
const USERS = ['jane', 'Jane', 'john', 'system:node:n1'] as const;
const RESOURCES = ['pods', 'podtemplates', 'deployments', ''] as const;

function sentence(random: Random): string {
  let text = '';

  for (let count = random.below(8); count >= 0; count--) {
    text += random.of(WORDS) + random.of(SIGNS);
  }

  return text;
}

type DocumentMaker = (random: Random, id: string, time: string) => object;

function randomNamespace(random: Random): string | undefined {
  return random.below(5) === 0 ? undefined : random.of(NAMESPACES);
}

const DOCUMENT_MAKERS: Readonly<Record<DocumentKind, DocumentMaker>> = {
  logs: (random, id, time) => ({
    id,
    time,
    log: sentence(random),
    kubernetes: {
      namespace_name: randomNamespace(random),
      pod_name: random.of(PODS),
      container_name: random.of(['app', 'side-car'] as const),
      docker_id: `d${random.below(9)}`,
    },
  }),

  events: (random, id, lastTimestamp) => ({
    id,
    lastTimestamp,
    involvedObject: {
      namespace: randomNamespace(random),
      kind: random.of(['Pod', 'Node'] as const),
      name: random.of(PODS),
      uid: `u${random.below(9)}`,
    },
    reason: random.of(REASONS),
    message: sentence(random),
    type: random.of(['Normal', 'Warning'] as const),
  }),

  auditing: (random, id, RequestReceivedTimestamp) => ({
    id,
    AuditID: id,
    RequestReceivedTimestamp,
    Workspace: random.of(['', 'ws-1', 'ws-2'] as const),
    Level: random.of(['Metadata', 'Request'] as const),
    Verb: random.of(['get', 'create', 'delete'] as const),
    User: { Username: random.of(USERS), Groups: [random.of(['dev', 'ops'] as const), 'all'] },
    SourceIPs: [`10.0.0.${random.below(5)}`],
    ObjectRef: {
      Namespace: randomNamespace(random) ?? '',
      Name: random.of(PODS),
      Resource: random.of(RESOURCES),
      Subresource: random.of(['', 'exec'] as const),
    },
    ResponseStatus: { code: random.of([200, 201, 404] as const), status: 'Success' },
  }),
};

/** Returns documents of a kind, each with a time and an `id` of its own. */
export function randomDocuments(random: Random, kind: DocumentKind, count: number): object[] {
  const times = new Set<number>();
  while (times.size < count) {
    times.add(START + random.below(SPAN));
  }

  return [...times].map((time, index) =>
    DOCUMENT_MAKERS[kind](random, `${kind}-${index}`, new Date(time).toISOString()),
  );
}

function phraseOf(random: Random): string {
  const words = Array.from({ length: 1 + random.below(3) }, () => random.of(WORDS));
  const text = words.join(random.of(SIGNS));

  return random.below(3) === 0 ? text.slice(0, Math.max(1, text.length - 2)) : text;
}

const part = (random: Random, values: readonly [string, ...string[]]) => {
  const value = random.of(values);
  const from = random.below(value.length);
  const text = value.slice(from, from + 1 + random.below(4));

  return random.below(4) === 0 && text.length > 1 ? `${text[0]}?${text.slice(2)}` : text;
};

type Maker = (random: Random) => Condition;

const phrase =
  (field: Field, values: readonly [string, ...string[]]): Maker =>
  (random) => ({ match: 'phrase', field, value: random.of(values) });

const words =
  (field: Field): Maker =>
  (random) => ({ match: 'phrase-prefix', field, value: phraseOf(random) });

const wildcard =
  (field: Field, values: readonly [string, ...string[]]): Maker =>
  (random) => ({ match: 'wildcard', field, pattern: `*${part(random, values)}*` });

const MAKERS: Readonly<Record<DocumentKind, readonly [Maker, ...Maker[]]>> = {
  logs: [
    words(LOG_FIELDS.log),
    words(LOG_FIELDS.log),
    phrase(LOG_FIELDS.pod, PODS),
    (random) => ({
      match: 'phrase-prefix',
      field: LOG_FIELDS.podText,
      value: part(random, PODS).replace('?', ''),
    }),
    (random) => ({
      match: 'pod-of',
      field: LOG_FIELDS.pod,
      workload: random.of(['web', 'db', 'web-api'] as const),
    }),
    phrase(LOG_FIELDS.container, ['app', 'side-car', 'side']),
  ],
  events: [
    words(EVENT_FIELDS.message),
    phrase(EVENT_FIELDS.reason, [...REASONS, 'failed']),
    (random) => ({
      match: 'wildcard',
      field: EVENT_FIELDS.reason,
      pattern: `*${part(random, REASONS).toLowerCase()}*`,
    }),
    phrase(EVENT_FIELDS.kind, ['pod', 'Node']),
    phrase(EVENT_FIELDS.type, ['Warning', 'normal']),
    phrase(EVENT_FIELDS.name, PODS),
  ],
  auditing: [
    wildcard(AUDIT_FIELDS.user, USERS),
    phrase(AUDIT_FIELDS.user, USERS),
    wildcard(AUDIT_FIELDS.group, ['dev', 'ops']),
    wildcard(AUDIT_FIELDS.sourceIP, ['10.0.0.1', '10.0.0.3']),
    (random) => ({
      match: 'phrase-prefix',
      field: AUDIT_FIELDS.resource,
      value: random.of(['pod', 'pods', 'dep', 'x'] as const),
    }),
    (random) => ({ match: 'number', field: AUDIT_FIELDS.code, value: random.of([200, 404]) }),
    phrase(AUDIT_FIELDS.workspace, ['', 'ws-1']),
    wildcard(AUDIT_FIELDS.namespace, NAMESPACES),
    phrase(AUDIT_FIELDS.verb, ['get', 'Get']),
  ],
};

const SCOPE_FIELDS = {
  logs: LOG_FIELDS.namespace,
  events: EVENT_FIELDS.namespace,
  auditing: AUDIT_FIELDS.namespace,
} as const;

function randomScopes(random: Random, kind: DocumentKind): Scope[] | undefined {
  if (random.below(3) === 0) {
    return undefined;
  }

  const field = SCOPE_FIELDS[kind];
  const scopes = NAMESPACES.filter(() => random.below(2) === 0).map(
    (value): Scope => ({
      field,
      value,
      ...(random.below(2) === 0 && { since: START + random.below(SPAN) }),
    }),
  );

  return random.below(3) === 0 ? [...scopes, { field, value: undefined }] : scopes;
}

/** Returns a search of documents that `randomDocuments` made. */
export function randomSearch(random: Random, kind: DocumentKind): Search {
  const makers = MAKERS[kind];

  const conditions = Array.from({ length: random.below(3) }, () => {
    // The values of one parameter are all of one field.
    const maker = random.of(makers);
    return Array.from({ length: 1 + random.below(2) }, () => maker(random));
  });

  return {
    scopes: randomScopes(random, kind),
    conditions,
    range: {
      ...(random.below(2) === 0 && { start: START + random.below(SPAN) }),
      ...(random.below(2) === 0 && { end: START + random.below(SPAN) }),
    },
  };
}
