import { Type } from 'typebox';
import { anything, count, flag, list, resource, text } from './fields.ts';

const Permissions = Type.Object(
  {
    configure: flag('whether the caller may configure it'),
    create: flag('whether the caller may create it'),
    read: flag('whether the caller may read it'),
    start: flag('whether the caller may start it'),
    stop: flag('whether the caller may stop it'),
  },
  { $id: 'devops.Permissions' },
);

const Parameter = Type.Object(
  {
    _class: text('class of the parameter in Jenkins'),
    defaultParameterValue: Type.Optional(
      Type.Object({
        _class: text('class of the value in Jenkins'),
        name: text('name of the parameter'),
        value: anything('value'),
      }),
    ),
    description: text('description'),
    name: text('name'),
    type: text('type, such as StringParameterDefinition'),
    choices: anything('values of a choice'),
  },
  { $id: 'devops.PipelineParameter' },
);

/** Fields of pipelines and their branches. */
const common = {
  actions: list(Type.Unknown(), 'actions'),
  disabled: anything('whether it is disabled'),
  displayName: text('name as it is shown'),
  estimatedDurationInMillis: count('estimated duration in milliseconds'),
  fullDisplayName: text('name with those of its folders, as it is shown'),
  fullName: text('name with those of its folders'),
  name: text('name'),
  organization: text('organization in Jenkins'),
  parameters: list(Parameter, 'parameters of a run'),
  permissions: Permissions,
  weatherScore: count('how well the last runs went, from 0 to 100'),
};

/** A pipeline in Jenkins. */
export const PipelineSchema = Type.Object(
  {
    ...resource('self', 'scm', 'branches', 'actions', 'runs', 'trends', 'queue'),
    ...common,
    branchNames: list(Type.String(), 'names of its branches'),
    latestRun: anything('latest run'),
    numberOfFailingBranches: count('branches whose last run failed'),
    numberOfFailingPullRequests: count('pull requests whose last run failed'),
    numberOfFolders: count('folders in it'),
    numberOfPipelines: count('pipelines in it'),
    numberOfSuccessfulBranches: count('branches whose last run succeeded'),
    numberOfSuccessfulPullRequests: count('pull requests whose last run succeeded'),
    pipelineFolderNames: list(Type.Unknown(), 'folders in it'),
    scriptPath: text('path of the Jenkinsfile'),
    scmSource: Type.Object({
      _class: text('class of the source in Jenkins'),
      apiUrl: anything('URL of its API'),
      id: text('id'),
    }),
    totalNumberOfBranches: count('branches'),
    totalNumberOfPullRequests: count('pull requests'),
  },
  { $id: 'devops.Pipeline' },
);

/** Pipelines that a search found. */
export const PipelineListSchema = Type.Object(
  {
    items: Type.Array(PipelineSchema, { description: 'pipelines of this page' }),
    total_count: Type.Integer({ description: 'pipelines of all pages', format: 'int32' }),
  },
  { $id: 'devops.PipelineList' },
);

const LatestRun = Type.Object(
  {
    ...resource(
      'prevRun',
      'parent',
      'tests',
      'log',
      'self',
      'blueTestSummary',
      'actions',
      'artifacts',
    ),
    actions: list(Type.Unknown(), 'actions'),
    artifactsZipFile: text('path of all artifacts in one file'),
    causeOfBlockage: anything('why it waits'),
    causes: list(Type.Unknown(), 'what started it'),
    changeSet: list(Type.Unknown(), 'changes'),
    description: anything('description'),
    durationInMillis: count('duration in milliseconds'),
    enQueueTime: text('when it was queued'),
    endTime: text('when it ended'),
    estimatedDurationInMillis: count('estimated duration in milliseconds'),
    id: text('id'),
    name: anything('name'),
    organization: text('organization in Jenkins'),
    pipeline: text('pipeline'),
    replayable: flag('whether it can be replayed'),
    result: text('SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, UNKNOWN or ABORTED'),
    runSummary: text('summary'),
    startTime: text('when it started'),
    state: text('QUEUED, RUNNING, PAUSED, SKIPPED, NOT_BUILT or FINISHED'),
    type: text('type'),
  },
  { $id: 'devops.LatestRun' },
);

/** Where a branch comes from. */
export const BranchSourceSchema = Type.Object(
  {
    isPrimary: flag('whether it is the primary branch'),
    issues: list(Type.Unknown(), 'issues'),
    url: text('URL of the branch'),
  },
  { $id: 'devops.BranchSource' },
);

/** A branch or pull request of a pipeline. */
export const BranchPipelineSchema = Type.Object(
  {
    ...resource('self', 'scm', 'actions', 'runs', 'trends', 'queue'),
    ...common,
    branch: BranchSourceSchema,
    latestRun: LatestRun,
    pullRequest: anything('pull request'),
  },
  { $id: 'devops.BranchPipeline' },
);

/** The branches and pull requests of a pipeline. */
export const BranchesSchema = Type.Array(BranchPipelineSchema);
