import { members, type Row, type Table } from './row.ts';

/** Rows of DevOps projects, their pipelines and credentials: roles of the workspace count. */
export function devopsV1alpha3Rows(): Table {
  const D = '/kapis/devops.kubesphere.io/v1alpha3';
  const readers = members('ws-viewer', 'ws-admin');
  const owners = members('ws-admin');
  const table: Record<string, readonly Row[]> = {};

  const add = (path: string, name: string) => {
    table[`GET ${D}${path}`] = [{ allowed: readers }];
    table[`POST ${D}${path}`] = [{ allowed: owners }];
    table[`GET ${D}${path}/${name}`] = [{ allowed: readers }];
    table[`PUT ${D}${path}/${name}`] = [{ allowed: owners }];
    table[`DELETE ${D}${path}/${name}`] = [{ allowed: owners }];
  };

  add('/workspaces/{workspace}/devops', '{devops}');
  add('/devops/{devops}/pipelines', '{pipeline}');
  add('/devops/{devops}/credentials', '{credential}');

  return table;
}
