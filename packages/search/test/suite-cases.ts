import {
  AUDIT_FIELDS,
  type DocumentKind,
  EVENT_FIELDS,
  type Field,
  LOG_FIELDS,
} from '@ks-apiserver/search/query/documents';
import type { Condition, Scope, Search } from '@ks-apiserver/search/query/search';

/** A search and the documents that it finds. */
export interface SuiteCase {
  readonly name: string;
  readonly kind: DocumentKind;
  readonly search: Partial<Search>;
  readonly found: string;
}

const phrase = (field: Field, value: string): Condition => ({ match: 'phrase', field, value });
const prefix = (field: Field, value: string): Condition => ({
  match: 'phrase-prefix',
  field,
  value,
});
const wildcard = (field: Field, pattern: string): Condition => ({
  match: 'wildcard',
  field,
  pattern,
});
const podOf = (workload: string): Condition => ({
  match: 'pod-of',
  field: LOG_FIELDS.pod,
  workload,
});
const scope = (field: Field, value: string, since?: string): Scope => ({
  field,
  value,
  ...(since !== undefined && { since: Date.parse(since) }),
});

type Row = [name: string, conditions: readonly Condition[], found: string, more?: Partial<Search>];

const LOG_ROWS: readonly Row[] = [
  ['everything', [], 'l1 l2 l3 l4 l5 l6 l7 l8'],
  ['a word, without regard to case', [prefix(LOG_FIELDS.log, 'timeout')], 'l3'],
  ['the beginning of a word', [prefix(LOG_FIELDS.log, 'time')], 'l2 l3 l4'],
  ['words in sequence', [prefix(LOG_FIELDS.log, 'timed out')], 'l2 l4'],
  ['words in sequence, the last going on', [prefix(LOG_FIELDS.log, 'Connection t')], 'l2 l3'],
  ['words in the wrong sequence', [prefix(LOG_FIELDS.log, 'out timed')], ''],
  ['a word that does not begin another', [prefix(LOG_FIELDS.log, 'onnection')], ''],
  ['punctuation separates words', [prefix(LOG_FIELDS.log, 'cart 200')], 'l1'],
  ['letters of other alphabets', [prefix(LOG_FIELDS.log, 'CAFÉ GEÖ')], 'l5'],
  ['accents count', [prefix(LOG_FIELDS.log, 'cafe')], ''],
  ['ideographs are words', [prefix(LOG_FIELDS.log, '连接失败')], 'l6'],
  ['underscores belong to words', [prefix(LOG_FIELDS.log, 'code')], ''],
  ['an equals sign does not', [prefix(LOG_FIELDS.log, 'error_code 4')], 'l6'],
  ['only signs', [prefix(LOG_FIELDS.log, '!?')], ''],
  ['a pod', [phrase(LOG_FIELDS.pod, 'db-0')], 'l4'],
  ['a pod in other letters', [phrase(LOG_FIELDS.pod, 'DB-0')], ''],
  ['part of a pod', [phrase(LOG_FIELDS.pod, 'db')], ''],
  ['one of two pods', [phrase(LOG_FIELDS.pod, 'db-0'), phrase(LOG_FIELDS.pod, 'db-1')], 'l4 l5'],
  ['words of a pod', [prefix(LOG_FIELDS.podText, 'WEB')], 'l1 l2 l3 l6 l7'],
  ['words in the middle of a pod', [prefix(LOG_FIELDS.podText, 'api')], 'l6'],
  ['a container by words', [prefix(LOG_FIELDS.containerText, 'app serv')], 'l1 l2 l3 l6 l7'],
  ['pods of a Deployment or DaemonSet', [podOf('web')], 'l1 l2 l3 l7'],
  ['pods of a StatefulSet', [podOf('db')], 'l4 l5'],
  ['pods of a longer name', [podOf('web-api')], 'l6'],
  ['namespaces', [], 'l1 l2 l3 l7', { scopes: [scope(LOG_FIELDS.namespace, 'shop')] }],
  [
    'namespaces from a time on',
    [],
    'l3 l4 l5 l6 l7',
    {
      scopes: [
        scope(LOG_FIELDS.namespace, 'shop', '2026-05-10T08:00:01.300Z'),
        scope(LOG_FIELDS.namespace, 'bank', '2026-05-10T09:10:00.400Z'),
      ],
    },
  ],
  [
    'documents without a namespace',
    [],
    'l8',
    { scopes: [{ field: LOG_FIELDS.namespace, value: undefined }] },
  ],
  [
    'a range, its ends included',
    [],
    'l3 l4 l5 l6',
    {
      range: {
        start: Date.parse('2026-05-10T08:20:00.300Z'),
        end: Date.parse('2026-05-11T00:00:00Z'),
      },
    },
  ],
  ['a range on one day', [], 'l6 l7 l8', { range: { start: Date.parse('2026-05-11T00:00:00Z') } }],
];

const EVENT_ROWS: readonly Row[] = [
  ['everything', [], 'e1 e2 e3 e4'],
  ['a reason', [phrase(EVENT_FIELDS.reason, 'backoff')], 'e1'],
  ['part of a reason, in small letters', [wildcard(EVENT_FIELDS.reason, '*ready*')], 'e4'],
  ['the end of a reason', [wildcard(EVENT_FIELDS.reason, '*set')], 'e3'],
  ['a message', [prefix(EVENT_FIELDS.message, 'back off restart')], 'e1'],
  [
    'one of two messages',
    [prefix(EVENT_FIELDS.message, 'image'), prefix(EVENT_FIELDS.message, 'scaled')],
    'e2 e3',
  ],
  ['a kind, without regard to case', [phrase(EVENT_FIELDS.kind, 'pod')], 'e1 e2'],
  ['a type', [phrase(EVENT_FIELDS.type, 'Warning')], 'e1 e4'],
  ['an object', [phrase(EVENT_FIELDS.name, 'web')], 'e3'],
  ['an object by words', [prefix(EVENT_FIELDS.nameText, 'web')], 'e1 e2 e3'],
  [
    'namespaces and what is in none',
    [],
    'e1 e2 e4',
    {
      scopes: [
        scope(EVENT_FIELDS.namespace, 'shop'),
        { field: EVENT_FIELDS.namespace, value: undefined },
      ],
    },
  ],
];

const AUDIT_ROWS: readonly Row[] = [
  ['everything', [], 'a1 a2 a3'],
  ['a workspace', [phrase(AUDIT_FIELDS.workspace, 'ws-shop')], 'a1'],
  ['part of a workspace', [wildcard(AUDIT_FIELDS.workspace, '*ws*')], 'a1 a2'],
  ['no workspace', [phrase(AUDIT_FIELDS.workspace, '')], 'a3'],
  ['a user', [phrase(AUDIT_FIELDS.user, 'jane')], 'a1'],
  ['part of a user, with regard to case', [wildcard(AUDIT_FIELDS.user, '*ane*')], 'a1 a2'],
  ['part of a user, in other letters', [wildcard(AUDIT_FIELDS.user, '*DOE*')], ''],
  ['a pattern with one unknown letter', [wildcard(AUDIT_FIELDS.user, '*J?ne*')], 'a2'],
  ['one of the groups', [wildcard(AUDIT_FIELDS.group, '*op*')], 'a1'],
  ['one of the addresses', [wildcard(AUDIT_FIELDS.sourceIP, '*10.9.*')], 'a2'],
  ['a code', [{ match: 'number', field: AUDIT_FIELDS.code, value: 403 }], 'a2'],
  ['a status, without regard to case', [phrase(AUDIT_FIELDS.status, 'success')], 'a1'],
  ['a verb', [phrase(AUDIT_FIELDS.verb, 'delete')], 'a2'],
  ['the beginning of a resource', [prefix(AUDIT_FIELDS.resource, 'pod')], 'a1 a3'],
  ['a subresource', [prefix(AUDIT_FIELDS.subresource, 'exec')], 'a1'],
  [
    'namespaces or workspaces',
    [],
    'a1 a2',
    {
      scopes: [
        scope(AUDIT_FIELDS.namespace, 'shop', '2026-05-10T00:00:00Z'),
        scope(AUDIT_FIELDS.workspace, 'ws-bank'),
        scope(AUDIT_FIELDS.namespace, 'bank', '2027-01-01T00:00:00Z'),
      ],
      range: { end: Date.parse('2026-05-10T23:00:00Z') },
    },
  ],
];

function casesOf(kind: DocumentKind, rows: readonly Row[]): SuiteCase[] {
  return rows.map(([name, conditions, found, more]) => ({
    name,
    kind,
    search: { conditions: conditions.length > 0 ? [conditions] : [], ...more },
    found,
  }));
}

/** What searches of each kind find, in Elasticsearch and wherever else documents are stored. */
export const SUITE_CASES: readonly SuiteCase[] = [
  ...casesOf('logs', LOG_ROWS),
  ...casesOf('events', EVENT_ROWS),
  ...casesOf('auditing', AUDIT_ROWS),
];
