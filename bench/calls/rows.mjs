// The calls whose cost is measured, and what each may cost.
import { namespaceOf } from '../pod-source.mjs';

const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const RESOURCES = '/kapis/resources.kubesphere.io';

export const POD = `${RESOURCES}/v1alpha3/namespaces/${namespaceOf(107)}/pods/pod-107`;
export const ALL_PODS = `${RESOURCES}/v1alpha3/pods`;

/** CPU time of a bare server of node:http on the machine for which the goals are set, in µs. */
export const BARE_MICROS = 11;

/**
 * Each call with the most CPU time that it may take, in µs, where a bare answer takes BARE_MICROS;
 * `as` is another caller than the administrator, `status` another answer than 200.
 * @type {readonly {name: string, path: string, goal: number, as?: 'nobody' | 'stranger', status?: number}[]}
 */
export const ROWS = [
  { name: 'version', path: '/kapis/version', goal: 18 },
  { name: 'one pod', path: POD, goal: 25 },
  { name: 'users', path: `${IAM}/users?limit=10`, goal: 40 },
  { name: 'one user', path: `${IAM}/users/user-1`, goal: 30 },
  { name: 'global roles', path: `${IAM}/globalroles`, goal: 40 },
  {
    name: 'workspaces',
    path: '/kapis/tenant.kubesphere.io/v1alpha2/workspaces?limit=10',
    goal: 40,
  },
  {
    name: 'one namespace',
    path: `${RESOURCES}/v1alpha3/namespaces/${namespaceOf(1)}`,
    goal: 30,
  },
  {
    name: 'quotas of a namespace',
    path: `${RESOURCES}/v1alpha2/namespaces/${namespaceOf(1)}/quotas`,
    goal: 50,
  },
  { name: 'components', path: `${RESOURCES}/v1alpha3/components`, goal: 30 },
  { name: 'members', path: `${IAM}/namespaces/${namespaceOf(1)}/members`, goal: 35 },
  { name: 'configz', path: '/kapis/config.kubesphere.io/v1alpha2/configs/configz', goal: 20 },
  { name: 'unknown resource', path: `${RESOURCES}/v1alpha3/unknowns`, goal: 25, status: 500 },
  { name: 'without a token', path: POD, goal: 25, as: 'nobody', status: 403 },
  { name: 'with a wrong token', path: POD, goal: 20, as: 'stranger', status: 401 },
];
