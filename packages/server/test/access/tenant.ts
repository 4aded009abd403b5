import { LOGGED_IN, MANAGERS, members, PLATFORM, READERS, type Row, type Table } from './row.ts';

/** Rows of the tenant API: every user who is logged in may ask, and sees their own objects. */
export function tenantRows(): Table {
  const T = '/kapis/tenant.kubesphere.io/v1alpha2';
  const ws = '/workspaces/{workspace}';
  const owners = members('ws-admin');

  const table: Record<string, readonly Row[]> = {
    [`POST ${T}/workspaces`]: [{ allowed: MANAGERS }],
    [`POST ${T}${ws}/namespaces`]: [{ allowed: owners }],
  };

  for (const path of [
    '/workspaces',
    '/clusters',
    '/namespaces',
    '/federatednamespaces',
    `${ws}/namespaces`,
    `${ws}/federatednamespaces`,
    `${ws}/devops`,
    // What they may read of these is in search.test.ts.
    '/logs',
    '/events',
    '/auditing/events',
  ]) {
    table[`GET ${T}${path}`] = [{ allowed: LOGGED_IN }];
  }

  for (const path of [ws, `${ws}/clusters`]) {
    table[`GET ${T}${path}`] = [
      {
        hides: true,
        allowed: { own: ['ws-viewer', 'ws-admin', ...MANAGERS], other: MANAGERS, none: [] },
      },
    ];
  }

  table[`GET ${T}${ws}/namespaces/{namespace}`] = [
    { hides: true, allowed: { own: [...READERS, ...MANAGERS], other: MANAGERS, none: [] } },
  ];

  for (const what of ['namespaces', 'devops']) {
    table[`GET ${T}${ws}/workspacemembers/{workspacemember}/${what}`] = [
      { allowed: members('ws-viewer', 'ws-admin') },
    ];
  }

  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    table[`${method} ${T}${ws}`] = [{ allowed: owners }];
    table[`${method} ${T}${ws}/namespaces/{namespace}`] = [{ allowed: owners }];
  }

  const quota = `${ws}/resourcequotas/{resourcequota}`;

  // The workspace does not exist for callers who may not know of it.
  table[`GET ${T}${quota}`] = [{ allowed: LOGGED_IN }];

  // The handler refuses callers who do not manage all workspaces; here the body is refused first.
  table[`POST ${T}${ws}/resourcequotas`] = [{ allowed: owners }];

  for (const method of ['PUT', 'DELETE']) {
    table[`${method} ${T}${quota}`] = [{ allowed: owners }];
  }

  const V3 = '/kapis/tenant.kubesphere.io/v1alpha3';
  const template = '/workspacetemplates/{workspace}';

  for (const path of ['/workspaces', '/workspacetemplates']) {
    table[`GET ${V3}${path}`] = [{ allowed: LOGGED_IN }];
  }

  for (const path of [ws, template]) {
    table[`GET ${V3}${path}`] = [
      {
        hides: true,
        allowed: { own: ['ws-viewer', 'ws-admin', ...MANAGERS], other: MANAGERS, none: [] },
      },
    ];
  }

  // 3.0's built-in workspaces-manager has no rule for templates.
  table[`POST ${V3}/workspacetemplates`] = [{ allowed: PLATFORM }];

  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    table[`${method} ${V3}${template}`] = [{ allowed: PLATFORM }];
  }

  return table;
}
