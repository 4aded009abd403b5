import { MANAGERS, PLATFORM, READERS, type Table } from './row.ts';

// The manager's rules name none of these groups, only secrets of any group.
const own = [{ allowed: { own: [...READERS, 'admin'], other: PLATFORM, none: PLATFORM } }] as const;
const platform = [{ allowed: PLATFORM }];

/** Rows of the empty lists that later consoles read. */
export const LATER_VERSIONS: Table = {
  'GET /kapis/gateway.kubesphere.io/v1alpha1/gateways': platform,
  'GET /kapis/gateway.kubesphere.io/v1alpha1/namespaces/{namespace}/gateways': own,
  'GET /kapis/alerting.kubesphere.io/v2beta1/clusterrulegroups': platform,
  'GET /kapis/alerting.kubesphere.io/v2beta1/globalrulegroups': platform,
  'GET /kapis/alerting.kubesphere.io/v2beta1/namespaces/{namespace}/rulegroups': own,
  'GET /kapis/alerting.kubesphere.io/v2beta1/clusteralerts': platform,
  'GET /kapis/alerting.kubesphere.io/v2beta1/globalalerts': platform,
  'GET /kapis/alerting.kubesphere.io/v2beta1/namespaces/{namespace}/alerts': own,
  'GET /kapis/notification.kubesphere.io/v2beta2/receivers': platform,
  'GET /kapis/notification.kubesphere.io/v2beta2/configs': platform,
  'GET /kapis/notification.kubesphere.io/v2beta1/secrets': [{ allowed: MANAGERS }],
};
