import { join } from 'node:path';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { JenkinsReader } from '@ks-apiserver/upstreams/jenkins/jenkins-reader';
import { JenkinsUser } from '@ks-apiserver/upstreams/jenkins/jenkins-user';
import type { BinaryStore } from '@ks-apiserver/upstreams/s3/binary-store';
import { FileStore } from '@ks-apiserver/upstreams/s3/file-store';
import { S3Store } from '@ks-apiserver/upstreams/s3/s3-store';
import { SonarQubeClient } from '@ks-apiserver/upstreams/sonarqube/sonarqube-client';
import { Upstream } from '@ks-apiserver/upstreams/upstream';
import { openConfigured } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import type { DevOpsV1alpha2Dependencies } from '../kapis/devops.v1alpha2/routes.ts';
import type { DevOpsV1alpha3Dependencies } from '../kapis/devops.v1alpha3/dependencies.ts';
import type { CallerWriters } from '../models/authorization/caller-writer.ts';
import { JenkinsCalls } from '../models/devops/jenkins-calls.ts';
import { ProjectUsers } from '../models/devops/objects/project-users.ts';
import { PipelineSearch } from '../models/devops/pipeline-search.ts';
import { RunCalls } from '../models/devops/run-calls.ts';
import { S2iBinaries } from '../models/devops/s2i/s2i-binaries.ts';
import { SonarStatuses } from '../models/devops/sonar-status.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import type { openAccess } from './access.ts';
import { openDevOpsObjects } from './devops-objects.ts';

/** Longest wait for Jenkins and SonarQube, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Calls to SonarQube at the same time. */
const SONARQUBE_CONNECTIONS = 20;

/** Folder of the data directory that holds files for image builders. */
const BINARIES = 's2i-binaries';

/** What the DevOps API is made of. */
export interface DevOpsContext {
  config: Config;
  client: KubeReader;
  catalog: Catalog;
  access: ReturnType<typeof openAccess>;
  users: Informer;
  gate: CallerWriters;
  dataDir: string;
}

/** What the routes work with, and the end of all connections. */
export interface OpenedDevOps {
  dependencies: DevOpsV1alpha2Dependencies;
  /** Projects, pipelines and credentials; undefined without Jenkins. */
  objects: DevOpsV1alpha3Dependencies | undefined;
  /** Tells who uses the pipelines of a project. */
  projectUsers: ProjectUsers;
  /** Deletes the file of a binary; undefined where none can be stored. */
  deleteBinary: BinaryStore['delete'] | undefined;
  close(): Promise<void>;
}

function openStore(
  { s3, devops }: Config,
  dataDir: string,
): { store: BinaryStore; sharesKeys: boolean } | undefined {
  if (s3.endpoint !== '') {
    return { store: openConfigured('s3', () => new S3Store(s3)), sharesKeys: true };
  }
  if (devops.host !== '') {
    return { store: new FileStore(join(dataDir, BINARIES)), sharesKeys: false };
  }

  return undefined;
}

/**
 * Opens what the sections `devops`, `sonarqube` and `s3` configure. Throws a ConfigError for a URL
 * that cannot be called.
 */
export function openDevOps(context: DevOpsContext): OpenedDevOps {
  const { config, client, catalog, access, users, gate, dataDir } = context;
  const { authorizer, bindings, adminNamespaceOf } = access;
  const { host, username, password, maxConnections } = config.devops;
  const closing: (() => Promise<void>)[] = [];

  const upstreamOf = (section: string, url: string, connections: number) => {
    const upstream = openConfigured(
      section,
      () => new Upstream({ url, timeoutMs: TIMEOUT_MS, maxConnections: Math.max(1, connections) }),
    );
    closing.push(() => upstream.close());

    return upstream;
  };

  const dependencies: DevOpsV1alpha2Dependencies = {};

  if (host !== '') {
    const upstream = upstreamOf('devops.host', host, maxConnections);
    const streams = upstreamOf('devops.host', host, maxConnections);
    const calls = new JenkinsCalls(new JenkinsUser(upstream), new JenkinsUser(streams));
    const reader = new JenkinsReader(upstream, { username, password });

    dependencies.jenkins = {
      calls,
      reader,
      runs: new RunCalls(calls),
      search: new PipelineSearch(calls, authorizer),
    };

    if (config.sonarqube.host !== '') {
      const sonarqube = upstreamOf('sonarqube.host', config.sonarqube.host, SONARQUBE_CONNECTIONS);
      dependencies.sonar = new SonarStatuses(
        reader,
        new SonarQubeClient(sonarqube, config.sonarqube.token),
      );
    }
  }

  const binaries = openStore(config, dataDir);
  if (binaries) {
    closing.push(() => binaries.store.close());
    dependencies.binaries = new S2iBinaries({
      client,
      writers: gate,
      ...binaries,
      folder: join(dataDir, BINARIES),
    });
  }

  return {
    dependencies,
    objects: openDevOpsObjects({ config, catalog, client, writers: gate, adminNamespaceOf }),
    projectUsers: new ProjectUsers({ authorizer, bindings, catalog, users, adminNamespaceOf }),
    deleteBinary: dependencies.binaries?.deleteFile.bind(dependencies.binaries),
    close: async () => {
      await Promise.all(closing.map((close) => close()));
    },
  };
}
