import { S2I_BINARIES, S2I_RUNS } from '@ks-apiserver/api/resources';
import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import { Informer } from '@ks-apiserver/client/informer/informer';
import { devopsCredentialReconciler } from '@ks-apiserver/controllers/devops/devops-credential';
import { devopsProjectReconciler } from '@ks-apiserver/controllers/devops/devops-project';
import { jenkinsAccessReconciler } from '@ks-apiserver/controllers/devops/jenkins-access';
import { jenkinsUserReconciler } from '@ks-apiserver/controllers/devops/jenkins-user';
import { pipelineReconciler } from '@ks-apiserver/controllers/devops/pipeline';
import { ProjectFolders } from '@ks-apiserver/controllers/devops/project-folders';
import {
  type DeleteBinary,
  s2iBinaryReconciler,
} from '@ks-apiserver/controllers/devops/s2i-binary';
import { s2iRunReconciler } from '@ks-apiserver/controllers/devops/s2i-run';
import type { Reconciler } from '@ks-apiserver/controllers/runtime/controller';
import { JenkinsAdmin } from '@ks-apiserver/upstreams/jenkins/jenkins-admin';
import { JenkinsCredentials } from '@ks-apiserver/upstreams/jenkins/jenkins-credentials';
import { JenkinsItems } from '@ks-apiserver/upstreams/jenkins/jenkins-items';
import { JenkinsRoles } from '@ks-apiserver/upstreams/jenkins/jenkins-roles';
import { ConfigError, openConfigured } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import type { ProjectUsers } from '../../models/devops/objects/project-users.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import type { OptionalControllers, OptionalDependencies } from './optional-controllers.ts';

/** What the controllers of DevOps projects need besides Kubernetes. */
export interface DevOpsBackends {
  jenkins: JenkinsAdmin;
  /** Informer of users. */
  users: Informer;
  /** Whom users are in Jenkins. */
  config: Config['devops'];
  projectUsers: ProjectUsers;
  /** Deletes what was uploaded for a binary; undefined where nothing can be uploaded. */
  deleteBinary?: DeleteBinary | undefined;
}

/**
 * Opens the administrator's connection to Jenkins; undefined when none is configured. Throws a
 * ConfigError for a wrong address, and without name and password.
 */
export function openJenkinsAdmin({ devops }: Config): JenkinsAdmin | undefined {
  const { host, username, password, maxConnections } = devops;
  if (host === '') {
    return undefined;
  }
  if (username === '' || password === '') {
    throw new ConfigError('devops: set username and password of the administrator of Jenkins');
  }

  return openConfigured(
    'devops.host',
    () =>
      new JenkinsAdmin({
        url: host,
        username,
        password,
        maxConnections: Math.max(1, maxConnections),
      }),
  );
}

/** Returns the controllers of DevOps projects and what is in them. */
export function devopsControllers(
  { client, catalog, events }: OptionalDependencies,
  { jenkins, deleteBinary, ...access }: DevOpsBackends,
): OptionalControllers {
  const copyOf = (resource: GroupVersionResource, kind: string) =>
    new Informer(client, { resource, kind, keepObjects: true });

  const binaries = copyOf(S2I_BINARIES, 'S2iBinary');
  const runs = copyOf(S2I_RUNS, 'S2iRun');

  const projects = catalog.informerOf('devopsprojects');
  const pipelines = catalog.informerOf('pipelines');
  const namespaces = catalog.informerOf('namespaces');
  const workspaces = catalog.informerOf('workspaces');
  const secrets = catalog.informerOf('secrets');

  const folders = new ProjectFolders(namespaces, projects);
  const items = new JenkinsItems(jenkins);
  const credentials = new JenkinsCredentials(jenkins);

  return {
    informers: [binaries, runs],
    needs: [projects, pipelines, namespaces, workspaces, secrets],
    reconcilers: [
      devopsProjectReconciler({
        client,
        projects,
        namespaces,
        workspaces,
        items,
        credentials,
        events,
      }),
      pipelineReconciler({ client, pipelines, projects, namespaces, folders, items, events }),
      devopsCredentialReconciler({
        client,
        secrets,
        projects,
        namespaces,
        folders,
        credentials,
        events,
      }),
      s2iRunReconciler({ client, runs, binaries }),
      ...(deleteBinary ? [s2iBinaryReconciler({ client, binaries, deleteBinary })] : []),
      ...accessReconcilers(catalog, folders, new JenkinsRoles(jenkins), access),
    ],
  };
}

/** Returns the reconcilers of users' roles in Jenkins. */
function accessReconcilers(
  catalog: Catalog,
  folders: ProjectFolders,
  roles: JenkinsRoles,
  { users, config, projectUsers }: Omit<DevOpsBackends, 'jenkins' | 'deleteBinary'>,
): Reconciler[] {
  const isLegacy = config.userRoles === 'admin';

  return [
    jenkinsUserReconciler({
      users,
      globalRoleBindings: catalog.informerOf('globalrolebindings'),
      roles,
      administers: (name) => isLegacy || projectUsers.administers(name),
      ownAccount: config.username,
    }),
    ...(isLegacy
      ? []
      : [
          jenkinsAccessReconciler({
            projects: catalog.informerOf('devopsprojects'),
            roleBindings: catalog.informerOf('rolebindings'),
            workspaceRoleBindings: catalog.informerOf('workspacerolebindings'),
            groupBindings: catalog.informerOf('groupbindings'),
            folders,
            roles,
            usersOf: (project) => projectUsers.of(project),
          }),
        ]),
  ];
}
