import type { Route } from '@ks-apiserver/http/routes/route';
import { PageableResponse, queryText } from '../parameters.ts';
import { type RouteTuple, routesOf } from '../route-table.ts';
import { MessageSchema } from '../tenant.v1alpha2/types.ts';
import { credentialHandlers } from './credentials.ts';
import type { DevOpsV1alpha3Dependencies } from './dependencies.ts';
import { pipelineHandlers } from './pipelines.ts';
import { projectHandlers } from './projects.ts';
import { CredentialSchema, DevOpsProjectSchema, PipelineSchema } from './types.ts';

const BASE = '/kapis/devops.kubesphere.io/v1alpha3';
const TAGS = ['DevOps Project'];

const message = { returns: MessageSchema };
const project = { returns: DevOpsProjectSchema };
const pipeline = { returns: PipelineSchema };
const credential = { returns: CredentialSchema };

const paged = {
  returns: PageableResponse,
  parameters: [
    queryText('paging', 'limit=N,page=N; without, ten items of the first page; limit=-1 for all'),
    queryText('name', 'part of the name'),
    queryText('sortBy', 'name or creationTimestamp'),
    queryText('ascending', 'oldest or first name first'),
    queryText('labelSelector', 'selector in the form of Kubernetes'),
  ],
};

/**
 * devops.kubesphere.io/v1alpha3: DevOps projects of a workspace, their pipelines and credentials. No
 * Jenkins, no routes: `dependencies` are undefined then.
 */
export function devopsV1alpha3(dependencies: DevOpsV1alpha3Dependencies | undefined): Route[] {
  if (!dependencies) {
    return [];
  }

  return routesOf(BASE, TAGS, [
    ...projectRoutes(dependencies),
    ...pipelineRoutes(dependencies),
    ...credentialRoutes(dependencies),
  ]);
}

function projectRoutes(dependencies: DevOpsV1alpha3Dependencies): RouteTuple[] {
  const projects = projectHandlers(dependencies);
  const all = '/workspaces/{workspace}/devops';
  const one = `${all}/{devops}`;
  const body = { body: DevOpsProjectSchema, ...project };

  return [
    ['GET', all, 'ListDevOpsProject', 'DevOps projects of a workspace', projects.list, paged],
    ['POST', all, 'CreateDevOpsProject', 'Create a DevOps project', projects.create, body],
    ['GET', one, 'GetDevOpsProject', 'Read a DevOps project', projects.get, project],
    ['PUT', one, 'UpdateDevOpsProject', 'Replace a DevOps project', projects.update, body],
    ['DELETE', one, 'DeleteDevOpsProject', 'Delete a DevOps project', projects.delete, message],
  ];
}

function pipelineRoutes(dependencies: DevOpsV1alpha3Dependencies): RouteTuple[] {
  const pipelines = pipelineHandlers(dependencies);
  const all = '/devops/{devops}/pipelines';
  const one = `${all}/{pipeline}`;
  const body = { body: PipelineSchema, ...pipeline };

  return [
    ['GET', all, 'ListPipeline', 'Pipelines of a DevOps project', pipelines.list, paged],
    ['POST', all, 'CreatePipeline', 'Create a pipeline', pipelines.create, body],
    ['GET', one, 'getPipelineByName', 'Read a pipeline', pipelines.get, pipeline],
    ['PUT', one, 'UpdatePipeline', 'Replace a pipeline', pipelines.update, body],
    ['DELETE', one, 'DeletePipeline', 'Delete a pipeline', pipelines.delete, message],
  ];
}

function credentialRoutes(dependencies: DevOpsV1alpha3Dependencies): RouteTuple[] {
  const credentials = credentialHandlers(dependencies);
  const all = '/devops/{devops}/credentials';
  const one = `${all}/{credential}`;
  const body = { body: CredentialSchema, ...credential };
  const list = { returns: PageableResponse };

  return [
    ['GET', all, 'ListCredential', 'Credentials of a DevOps project', credentials.list, list],
    ['POST', all, 'CreateCredential', 'Create a credential', credentials.create, body],
    ['GET', one, 'GetCredential', 'Read a credential, without values', credentials.get, credential],
    ['PUT', one, 'UpdateCredential', 'Replace a credential', credentials.update, body],
    ['DELETE', one, 'DeleteCredential', 'Delete a credential', credentials.delete, message],
  ];
}
