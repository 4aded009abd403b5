import type { Route } from '@ks-apiserver/http/routes/route';
import type { JenkinsReader } from '@ks-apiserver/upstreams/jenkins/jenkins-reader';
import type { S2iBinaries } from '../../models/devops/s2i/s2i-binaries.ts';
import type { SonarStatuses } from '../../models/devops/sonar-status.ts';
import { queryText } from '../parameters.ts';
import { type RouteTuple, routesOf } from '../route-table.ts';
import { credentialUsageHandler, sonarStatusHandler } from './admin-handlers.ts';
import { binaryHandlers } from './binary-handlers.ts';
import { type JenkinsModels, jenkinsHandlers, PATHS } from './jenkins-handlers.ts';
import { jenkinsProxy } from './jenkins-proxy.ts';
import { TEXT } from './jenkins-request.ts';
import {
  BranchesSchema,
  BranchPipelineSchema,
  PipelineListSchema,
  PipelineSchema,
} from './pipeline-types.ts';
import { OF_BRANCH, OF_PIPELINE, runTuples } from './run-routes.ts';
import { PipelineRunListSchema } from './run-types.ts';
import { scmTuples, webhookTuples } from './scm-routes.ts';
import {
  CheckCronSchema,
  CheckScriptSchema,
  CredentialUsageSchema,
  CronDataSchema,
  CrumbSchema,
  JenkinsfileFormSchema,
  JenkinsfileSchema,
  JsonFormSchema,
  PAGE_PARAMETERS,
  PipelineJsonSchema,
  ScriptSchema,
  SonarStatusSchema,
} from './types.ts';

const BASE = '/kapis/devops.kubesphere.io/v1alpha2';
const FORM = 'application/x-www-form-urlencoded';

/** What the handlers of this group work with; what is not configured has no routes. */
export interface DevOpsV1alpha2Dependencies {
  jenkins?: JenkinsModels & { reader: JenkinsReader };
  /** Needs Jenkins as well. */
  sonar?: SonarStatuses | undefined;
  binaries?: S2iBinaries | undefined;
}

function pipelineTuples(handlers: ReturnType<typeof jenkinsHandlers>): RouteTuple[] {
  const { json, text, scan, search, listRuns, checkScript, checkCron } = handlers;
  const pipeline = '/devops/{devops}/pipelines/{pipeline}';

  return [
    [
      'GET',
      '/search',
      'ListPipelines',
      'Pipelines of all projects that the caller may read',
      search,
      {
        returns: PipelineListSchema,
        parameters: [
          queryText('q', "terms of Blue Ocean's search: type:pipeline;pipeline:project/*"),
          queryText('filter', 'such as no-folders'),
          ...PAGE_PARAMETERS,
        ],
      },
    ],
    [
      'GET',
      pipeline,
      'GetPipeline',
      'A pipeline',
      json(PipelineSchema, PATHS.pipeline),
      { returns: PipelineSchema },
    ],
    [
      'GET',
      `${pipeline}/branches`,
      'GetPipelineBranch',
      'Branches and pull requests of a pipeline',
      json(BranchesSchema, PATHS.branches, { query: true }),
      {
        returns: BranchesSchema,
        parameters: [queryText('filter', 'origin or pull-requests'), ...PAGE_PARAMETERS],
      },
    ],
    [
      'GET',
      `${pipeline}/branches/{branch}`,
      'GetBranchPipeline',
      'A branch of a pipeline',
      json(BranchPipelineSchema, PATHS.pipeline),
      { returns: BranchPipelineSchema },
    ],
    [
      'GET',
      `${pipeline}/runs`,
      'ListPipelineRuns',
      'Runs of a pipeline',
      listRuns,
      {
        returns: PipelineRunListSchema,
        parameters: [queryText('branch', 'runs of this branch alone'), ...PAGE_PARAMETERS],
      },
    ],
    [
      'POST',
      `${pipeline}/scan`,
      'ScanBranch',
      'Scan the repository of a pipeline for branches',
      scan,
      { rawBody: true, produces: [TEXT], parameters: [queryText('delay', 'seconds to wait')] },
    ],
    [
      'GET',
      `${pipeline}/consolelog`,
      'GetConsoleLog',
      'Log of the last scan of a pipeline',
      text(PATHS.consoleLog),
      { produces: [TEXT] },
    ],
    [
      'POST',
      `${pipeline}/checkScriptCompile`,
      'CheckScriptCompile',
      'Check a Jenkinsfile',
      checkScript,
      { rawBody: true, body: ScriptSchema, consumes: [FORM], returns: CheckScriptSchema },
    ],
    [
      'POST',
      '/devops/{devops}/checkCron',
      'CheckCron',
      'Check a schedule',
      checkCron,
      { rawBody: true, body: CronDataSchema, returns: CheckCronSchema },
    ],
    [
      'GET',
      '/crumbissuer',
      'GetCrumb',
      'The header that Jenkins wants with writes',
      json(CrumbSchema, PATHS.crumb),
      { returns: CrumbSchema },
    ],
  ];
}

function converterTuples({ json }: ReturnType<typeof jenkinsHandlers>): RouteTuple[] {
  const options = { tags: ['DevOps Jenkinsfile'], rawBody: true, consumes: [FORM] };

  return [
    [
      'POST',
      '/tojenkinsfile',
      'ToJenkinsfile',
      'Make a Jenkinsfile of JSON',
      json(JenkinsfileSchema, PATHS.toJenkinsfile, { method: 'POST' }),
      { ...options, body: JsonFormSchema, returns: JenkinsfileSchema },
    ],
    [
      'POST',
      '/tojson',
      'ToJson',
      'Make JSON of a Jenkinsfile',
      json(PipelineJsonSchema, PATHS.toJson, { method: 'POST' }),
      { ...options, body: JenkinsfileFormSchema, returns: PipelineJsonSchema },
    ],
  ];
}

function jenkinsTuples(jenkins: NonNullable<DevOpsV1alpha2Dependencies['jenkins']>): RouteTuple[] {
  const handlers = jenkinsHandlers(jenkins);

  return [
    ...pipelineTuples(handlers),
    ...runTuples(OF_PIPELINE, handlers),
    ...runTuples(OF_BRANCH, handlers),
    ...scmTuples(handlers),
    ...webhookTuples(handlers),
    ...converterTuples(handlers),
    [
      'GET',
      '/devops/{devops}/credentials/{credential}/usage',
      'GetProjectCredentialUsage',
      'Runs that have used a credential',
      credentialUsageHandler(jenkins.reader),
      { tags: ['DevOps Project Credential'], returns: CredentialUsageSchema },
    ],
    [
      'GET',
      '/jenkins/{path:*}',
      'func1',
      'Pages and files of Jenkins',
      jenkinsProxy(jenkins.calls),
      { tags: ['DevOps Pipeline'], produces: ['*/*'] },
    ],
  ];
}

function sonarTuples(sonar: SonarStatuses): RouteTuple[] {
  return ['', '/branches/{branch}'].map((branch) => [
    'GET',
    `/devops/{devops}/pipelines/{pipeline}${branch}/sonarstatus`,
    branch === '' ? 'GetPipelineSonar' : 'GetMultiBranchesPipelineSonar',
    `What SonarQube found in the last build of a ${branch === '' ? 'pipeline' : 'branch'}`,
    sonarStatusHandler(sonar),
    { returns: SonarStatusSchema },
  ]);
}

function binaryTuples(binaries: S2iBinaries): RouteTuple[] {
  const { upload, download } = binaryHandlers(binaries);
  const file = '/namespaces/{namespace}/s2ibinaries/{s2ibinary}/file';
  const tags = ['DevOps S2I'];

  return [
    [
      'PUT',
      file,
      'UploadS2iBinaryHandler',
      'Upload the file that an image is built from',
      upload,
      { tags, rawBody: true, consumes: ['multipart/form-data'] },
    ],
    [
      'GET',
      `${file}/{file}`,
      'DownloadS2iBinaryHandler',
      'Download the file that an image is built from',
      download,
      { tags, produces: ['*/*'] },
    ],
  ];
}

/** devops.kubesphere.io/v1alpha2: pipelines in Jenkins, and files that images are built from. */
export function devopsV1alpha2({ jenkins, sonar, binaries }: DevOpsV1alpha2Dependencies): Route[] {
  return routesOf(
    BASE,
    ['DevOps Pipeline'],
    [
      ...(jenkins ? jenkinsTuples(jenkins) : []),
      ...(jenkins && sonar ? sonarTuples(sonar) : []),
      ...(binaries ? binaryTuples(binaries) : []),
    ],
  );
}
