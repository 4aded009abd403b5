import {
  type Caller,
  LOGGED_IN,
  MANAGERS,
  members,
  PLATFORM,
  READERS,
  type Row,
  type Table,
} from './row.ts';

/** Returns the rows of roles and members, which are alike at every level. */
export function iamRows(): Table {
  const I = '/kapis/iam.kubesphere.io/v1alpha2';
  const USERS: readonly Caller[] = ['users-manager', 'admin'];

  const table: Record<string, readonly Row[]> = {
    [`GET ${I}/users`]: [{ allowed: LOGGED_IN }],
    [`GET ${I}/users/{user}`]: [{ allowed: ['users-manager', ...MANAGERS] }],
    [`GET ${I}/users/{user}/loginrecords`]: [{ allowed: ['users-manager', ...MANAGERS] }],
    [`GET ${I}/users/{user}/globalroles`]: [{ allowed: PLATFORM }],
  };

  // Credentials of other users: no user creates them, managers of users see and revoke them
  // (`{user}` is an unknown user here).
  for (const operation of [
    'GET /users/{user}/tokens',
    'DELETE /users/{user}/tokens/{token}',
    'DELETE /users/{user}/sessions',
    'GET /users/{user}/totp',
    'DELETE /users/{user}/totp',
    'POST /users/{user}/tokens',
    'POST /users/{user}/totp',
    'PUT /users/{user}/totp',
  ]) {
    table[operation.replace(' ', ` ${I}`)] = [{ allowed: PLATFORM }];
  }

  for (const operation of [
    'POST /users',
    'PUT /users/{user}',
    'DELETE /users/{user}',
    'PUT /users/{user}/password',
  ]) {
    table[operation.replace(' ', ` ${I}`)] = [{ allowed: USERS }];
  }

  const add = (
    path: string,
    item: string,
    read: Row['allowed'],
    write: Row['allowed'],
    methods: string[],
  ) => {
    table[`GET ${I}${path}`] = [{ allowed: read }];
    table[`POST ${I}${path}`] = [{ allowed: write }];
    table[`GET ${I}${path}/${item}`] = [{ allowed: read }];

    for (const method of methods) {
      table[`${method} ${I}${path}/${item}`] = [{ allowed: write }];
    }
  };

  const all = ['PUT', 'PATCH', 'DELETE'];

  const [ws, ns, devops] = [
    '/workspaces/{workspace}',
    '/namespaces/{namespace}',
    '/devops/{devops}',
  ];

  const inWorkspace = members('ws-viewer', 'ws-admin');
  const owners = members('ws-admin');

  add('/globalroles', '{globalrole}', USERS, USERS, all);
  add('/clusterroles', '{clusterrole}', PLATFORM, PLATFORM, all);
  add(`${ws}/workspaceroles`, '{workspacerole}', inWorkspace, owners, all);
  add(`${ns}/roles`, '{role}', members(...READERS), owners, all);
  add(`${devops}/roles`, '{role}', inWorkspace, owners, all);
  add('/clustermembers', '{clustermember}', PLATFORM, PLATFORM, ['PUT', 'DELETE']);
  add(`${ws}/workspacemembers`, '{workspacemember}', inWorkspace, owners, ['PUT', 'DELETE']);
  add(`${ns}/members`, '{member}', members(...READERS), owners, ['PUT', 'DELETE']);
  add(`${devops}/members`, '{member}', inWorkspace, owners, ['PUT', 'DELETE']);

  const onlyOwn = (...own: Caller[]) => ({
    own: [...own, 'admin' as const],
    other: PLATFORM,
    none: PLATFORM,
  });

  table[`GET ${I}/clustermembers/{clustermember}/clusterroles`] = [{ allowed: PLATFORM }];
  table[`GET ${I}${ws}/workspacemembers/{workspacemember}/workspaceroles`] = [
    { allowed: onlyOwn('ws-viewer', 'ws-admin') },
  ];
  table[`GET ${I}${ns}/members/{member}/roles`] = [{ allowed: onlyOwn(...READERS) }];
  table[`GET ${I}${devops}/members/{member}/roles`] = [
    { allowed: onlyOwn('ws-viewer', 'ws-admin') },
  ];

  // The reason of a refusal: users may always ask about themselves.
  table[`GET ${I}/explain`] = [{ allowed: LOGGED_IN }];

  for (const what of ['groups', 'groupbindings']) {
    table[`GET ${I}${ws}/${what}`] = [{ allowed: onlyOwn('ws-viewer', 'ws-admin') }];
  }

  for (const what of ['rolebindings', 'workspacerolebindings']) {
    table[`GET ${I}${ws}/${what}`] = [{ allowed: inWorkspace }];
  }

  table[`GET ${I}${ws}/groups/{group}`] = [{ allowed: onlyOwn('ws-viewer', 'ws-admin') }];
  for (const operation of [
    `POST ${ws}/groups`,
    `PUT ${ws}/groups/{group}`,
    `PATCH ${ws}/groups/{group}`,
    `DELETE ${ws}/groups/{group}`,
    `POST ${ws}/groupbindings`,
    `DELETE ${ws}/groupbindings/{groupbinding}`,
  ]) {
    table[operation.replace(' ', ` ${I}`)] = [{ allowed: onlyOwn('ws-admin') }];
  }

  for (const operation of [
    `POST ${ws}/workspacerolebindings`,
    `DELETE ${ws}/workspacerolebindings/{rolebinding}`,
    `POST ${ns}/rolebindings`,
    `DELETE ${ns}/rolebindings/{rolebinding}`,
  ]) {
    table[operation.replace(' ', ` ${I}`)] = [{ allowed: owners }];
  }

  return table;
}
