import type { Route } from '@ks-apiserver/http/routes/route';
import { type TSchema, Type } from 'typebox';
import { PageableResponse } from '../parameters.ts';
import { routesOf } from '../route-table.ts';

const Gateways = Type.Array(Type.Unsafe<object>({ type: 'object' }), {
  description: 'gateways of projects',
});

const page = () => ({ items: [], totalItems: 0 });
const array = () => [];

/** One list: path below its group and version, operationId, summary, and answer. */
type List = readonly [
  path: string,
  id: string,
  summary: string,
  answer?: () => unknown,
  returns?: TSchema,
];

/** Lists by `group/version`. */
const LISTS: Readonly<Record<string, readonly List[]>> = {
  'gateway.kubesphere.io/v1alpha1': [
    ['/gateways', 'ListGateways', 'Gateways of all projects'],
    ['/namespaces/{namespace}/gateways', 'GetGateways', 'Gateways of a project', array, Gateways],
  ],
  'alerting.kubesphere.io/v2beta1': [
    ['/clusterrulegroups', 'ListClusterRuleGroups', 'Alerting rules of the cluster'],
    ['/globalrulegroups', 'ListGlobalRuleGroups', 'Alerting rules of all clusters'],
    ['/namespaces/{namespace}/rulegroups', 'ListRuleGroups', 'Alerting rules of a project'],
    ['/clusteralerts', 'ListClusterAlerts', 'Alerts of the cluster'],
    ['/globalalerts', 'ListGlobalAlerts', 'Alerts of all clusters'],
    ['/namespaces/{namespace}/alerts', 'ListAlerts', 'Alerts of a project'],
  ],
  'notification.kubesphere.io/v2beta2': [
    ['/receivers', 'ListReceivers', 'Receivers of notifications'],
    ['/configs', 'ListConfigs', 'Settings by which notifications are sent'],
  ],
  'notification.kubesphere.io/v2beta1': [
    ['/secrets', 'ListSecrets', 'Credentials of notifications'],
  ],
};

/**
 * Lists that consoles of KubeSphere 3.1 to 3.4 read on pages that they always show. This server
 * creates no such objects: the lists are empty.
 */
export function laterVersions(): Route[] {
  return Object.entries(LISTS).flatMap(([group, lists]) =>
    routesOf(
      `/kapis/${group}`,
      [],
      lists.map(([path, id, summary, answer = page, returns = PageableResponse]) => [
        'GET',
        path,
        id,
        summary,
        answer,
        { returns },
      ]),
    ),
  );
}
