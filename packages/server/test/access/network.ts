import { PLATFORM, READERS, type Row, type Table } from './row.ts';

const TOPOLOGY = 'GET /kapis/network.kubesphere.io/v1alpha2/namespaces/{namespace}/topology';

/** The manager's rules do not name this group. */
const OF_PROJECT: Row = {
  allowed: { own: [...READERS, 'admin'], other: PLATFORM, none: PLATFORM },
};

/** Rows of the topology of a namespace. */
export const NETWORK: Table = {
  [TOPOLOGY]: [OF_PROJECT],
  [`${TOPOLOGY}/{node_id}`]: [OF_PROJECT],
};
