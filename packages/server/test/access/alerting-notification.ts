import { members, PLATFORM, READERS, type Row, type Table } from './row.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const OF_CLUSTER: Row = { path: 'nodes/alert', allowed: PLATFORM };

/** Rights to workloads of any group are in the roles of projects and of the manager. */
const OF_PROJECT = {
  read: { path: 'namespaces/{namespace}/workloads/alert', allowed: members(...READERS) },
  write: {
    path: 'namespaces/{namespace}/workloads/alert',
    allowed: members('ns-operator', 'ws-admin'),
  },
} as const satisfies Record<string, Row>;

/** What roles do not name is for who may do everything in the project. */
const UNNAMED: Row = {
  path: 'namespaces/{namespace}/things/x',
  allowed: { own: ['ns-operator', 'ws-admin', 'admin'], other: PLATFORM, none: PLATFORM },
};

/** A path that only names a project further on belongs to the cluster. */
const HIDDEN_PROJECT: Row = { path: 'nodes/x/namespaces/{namespace}', allowed: PLATFORM };

function rows(): Table {
  const table: Record<string, Row[]> = {};

  for (const group of ['alerting', 'notification']) {
    for (const version of ['v1', 'v2']) {
      for (const method of METHODS) {
        const base = `${method} /kapis/${group}.kubesphere.io/${version}`;
        table[base] = [{ allowed: PLATFORM }];
        table[`${base}/{path:*}`] = [
          OF_CLUSTER,
          HIDDEN_PROJECT,
          ...(method === 'GET' ? [] : [UNNAMED]),
          method === 'GET' ? OF_PROJECT.read : OF_PROJECT.write,
        ];
      }
    }
  }

  return table;
}

/** Rows of what goes on to the alerting and the notification server. */
export const ALERTING_NOTIFICATION: Table = rows();
