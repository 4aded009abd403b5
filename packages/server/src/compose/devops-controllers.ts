import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { devopsCredentialReconciler } from '@ks-apiserver/controllers/devops/devops-credential';
import { devopsProjectReconciler } from '@ks-apiserver/controllers/devops/devops-project';
import { pipelineReconciler } from '@ks-apiserver/controllers/devops/pipeline';
import { ProjectFolders } from '@ks-apiserver/controllers/devops/project-folders';
import {
  type DeleteBinary,
  s2iBinaryReconciler,
} from '@ks-apiserver/controllers/devops/s2i-binary';
import { s2iRunReconciler } from '@ks-apiserver/controllers/devops/s2i-run';
import type { EventRecorder } from '@ks-apiserver/controllers/events/recorder';
import type { Reconciler } from '@ks-apiserver/controllers/runtime/controller';
import { JenkinsAdmin } from '@ks-apiserver/upstreams/jenkins/jenkins-admin';
import { JenkinsCredentials } from '@ks-apiserver/upstreams/jenkins/jenkins-credentials';
import { JenkinsItems } from '@ks-apiserver/upstreams/jenkins/jenkins-items';
import { ConfigError } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';

/** What the controllers of DevOps projects need besides Kubernetes. */
export interface DevOpsBackends {
  jenkins: JenkinsAdmin;
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

  try {
    return new JenkinsAdmin({
      url: host,
      username,
      password,
      maxConnections: Math.max(1, maxConnections),
    });
  } catch (error) {
    throw new ConfigError(`devops.host: ${messageOf(error)}`);
  }
}

/** Reconcilers of DevOps projects, and what ends their informers. */
export interface DevOpsControllers {
  reconcilers: readonly Reconciler[];
  stop(): Promise<void>;
}

/** Dependencies of the reconcilers. */
export interface DevOpsContext extends DevOpsBackends {
  client: KubeClient;
  catalog: Catalog;
  events: EventRecorder;
}

/** Starts the informers that the reconcilers need, and returns the reconcilers. */
export async function openDevOpsControllers(
  context: DevOpsContext,
  signal: AbortSignal,
): Promise<DevOpsControllers> {
  const { client, catalog, events, jenkins, deleteBinary } = context;

  const copyOf = (version: string, resource: string, kind: string) =>
    new Informer(client, {
      resource: { group: 'devops.kubesphere.io', version, resource },
      kind,
      keepObjects: true,
    }).start();

  const pipelines = copyOf('v1alpha3', 'pipelines', 'Pipeline');
  const binaries = copyOf('v1alpha1', 's2ibinaries', 'S2iBinary');
  const runs = copyOf('v1alpha1', 's2iruns', 'S2iRun');
  const copies = [pipelines, binaries, runs];

  const projects = catalog.informerOf('devopsprojects');
  const namespaces = catalog.informerOf('namespaces');
  const workspaces = catalog.informerOf('workspaces');
  const secrets = catalog.informerOf('secrets');

  await Promise.all(
    [...copies, projects, namespaces, workspaces, secrets].map((one) => one.ready(signal)),
  );

  const folders = new ProjectFolders(namespaces, projects);
  const items = new JenkinsItems(jenkins);
  const credentials = new JenkinsCredentials(jenkins);

  const reconcilers: Reconciler[] = [
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
  ];

  return {
    reconcilers,
    stop: async () => {
      await Promise.all(copies.map((copy) => copy.stop()));
    },
  };
}
