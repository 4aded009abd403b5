import type { DevOpsCredentials } from '../../models/devops/objects/credentials.ts';
import type { DevOpsProjects } from '../../models/devops/objects/devops-projects.ts';
import type { Pipelines } from '../../models/devops/objects/pipelines.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';

/** What the handlers of this group work with. */
export interface DevOpsV1alpha3Dependencies {
  catalog: Catalog;
  projects: DevOpsProjects;
  pipelines: Pipelines;
  credentials: DevOpsCredentials;
}
