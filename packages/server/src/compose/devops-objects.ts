import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Config } from '../config/config-schema.ts';
import type { DevOpsV1alpha3Dependencies } from '../kapis/devops.v1alpha3/dependencies.ts';
import type { CallerWriters } from '../models/authorization/caller-writer.ts';
import { DevOpsCredentials } from '../models/devops/objects/credentials.ts';
import { DevOpsProjects } from '../models/devops/objects/devops-projects.ts';
import { Pipelines } from '../models/devops/objects/pipelines.ts';
import { ProjectNamespaces } from '../models/devops/objects/project-namespaces.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';

/** What DevOps projects, pipelines and credentials are read and written by. */
export interface DevOpsObjectsContext {
  config: Config;
  catalog: Catalog;
  client: KubeReader;
  writers: CallerWriters;
  /** Returns the namespace of a project; '' for none. */
  adminNamespaceOf: (project: string) => string;
}

/** Makes the models of DevOps projects and what is in them; undefined without Jenkins. */
export function openDevOpsObjects({
  config,
  catalog,
  client,
  writers,
  adminNamespaceOf,
}: DevOpsObjectsContext): DevOpsV1alpha3Dependencies | undefined {
  if (config.devops.host === '') {
    return undefined;
  }

  const dependencies = { catalog, client, writers };
  const namespaces = new ProjectNamespaces(catalog, adminNamespaceOf);

  return {
    catalog,
    projects: new DevOpsProjects(dependencies),
    pipelines: new Pipelines(dependencies, namespaces),
    credentials: new DevOpsCredentials(dependencies, namespaces),
  };
}
