import { Type } from 'typebox';
import { anything, count, flag, list, resource, text } from './fields.ts';
import { BranchSourceSchema } from './pipeline-types.ts';

const Cause = Type.Object(
  {
    _class: text('class of the cause in Jenkins'),
    shortDescription: text('what started the run'),
    userId: text('who started the run'),
    userName: text('name of who started the run'),
  },
  { $id: 'devops.Cause' },
);

/** Fields of runs, also of those that wait. */
const common = {
  actions: list(Type.Unknown(), 'actions'),
  artifactsZipFile: anything('path of all artifacts in one file'),
  causeOfBlockage: anything('why it waits'),
  causes: list(Cause, 'what started it'),
  changeSet: list(Type.Unknown(), 'changes'),
  description: anything('description'),
  durationInMillis: anything('duration in milliseconds'),
  enQueueTime: anything('when it was queued'),
  endTime: anything('when it ended'),
  estimatedDurationInMillis: anything('estimated duration in milliseconds'),
  id: text('id'),
  name: anything('name'),
  organization: text('organization in Jenkins'),
  pipeline: text('pipeline'),
  replayable: flag('whether it can be replayed'),
  result: text('SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, UNKNOWN or ABORTED'),
  runSummary: anything('summary'),
  startTime: anything('when it started'),
  state: text('QUEUED, RUNNING, PAUSED, SKIPPED, NOT_BUILT or FINISHED'),
  type: text('type'),
};

/** A run that has been asked for. */
export const QueuedRunSchema = Type.Object(
  {
    ...resource('parent', 'tests', 'log', 'self', 'blueTestSummary', 'actions', 'artifacts'),
    ...common,
    queueId: text('id in the queue'),
  },
  { $id: 'devops.RunPipeline' },
);

const RUN_LINKS = [
  'parent',
  'tests',
  'nodes',
  'log',
  'self',
  'blueTestSummary',
  'actions',
  'steps',
  'artifacts',
] as const;

/** A run of a pipeline. */
export const PipelineRunSchema = Type.Object(
  {
    ...resource('prevRun', ...RUN_LINKS),
    ...common,
    branch: anything('branch'),
    commitId: anything('commit'),
    commitUrl: anything('URL of the commit'),
    pullRequest: anything('pull request'),
  },
  { $id: 'devops.PipelineRun' },
);

/** A run that has been stopped. */
export const StoppedRunSchema = Type.Object(
  {
    ...resource(...RUN_LINKS),
    ...common,
    branch: BranchSourceSchema,
    commitId: text('commit'),
    commitUrl: anything('URL of the commit'),
    pullRequest: anything('pull request'),
  },
  { $id: 'devops.StopPipeline' },
);

/** Runs of a pipeline. */
export const PipelineRunListSchema = Type.Object(
  {
    items: Type.Array(PipelineRunSchema, { description: 'runs of this page' }),
    totalItems: Type.Integer({
      description: "runs on the first page of Jenkins' own",
      format: 'int32',
    }),
  },
  { $id: 'devops.PipelineRunList' },
);

/** Files that a run has kept. */
export const ArtifactsSchema = Type.Array(
  Type.Object(
    {
      ...resource('self'),
      downloadable: flag('whether it can be downloaded'),
      id: text('id'),
      name: text('name'),
      path: text('path'),
      size: count('size in bytes'),
      url: text('path in Jenkins'),
    },
    { $id: 'devops.Artifacts' },
  ),
);

const Input = Type.Object(
  {
    _class: text('class of the input in Jenkins'),
    _links: Type.Optional(Type.Object({ self: anything('path in Jenkins') })),
    id: text('id'),
    message: text('question'),
    ok: text('text of the button'),
    parameters: list(Type.Unknown(), 'parameters that are asked for'),
    submitter: anything('who may answer'),
  },
  { $id: 'devops.Input' },
);

const Step = Type.Object(
  {
    ...resource('self', 'actions'),
    actions: list(
      Type.Object({ ...resource('self'), urlName: text('last part of its path') }),
      'actions',
    ),
    displayDescription: anything('description'),
    displayName: text('name as it is shown'),
    durationInMillis: count('duration in milliseconds'),
    id: text('id'),
    input: Type.Optional(Input),
    result: text('SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, UNKNOWN or ABORTED'),
    startTime: text('when it started'),
    state: text('QUEUED, RUNNING, PAUSED, SKIPPED, NOT_BUILT or FINISHED'),
    type: text('type'),
  },
  { $id: 'devops.NodeSteps' },
);

/** The steps of a node. */
export const StepsSchema = Type.Array(Step);

const node = {
  ...resource('self', 'actions', 'steps'),
  actions: list(Type.Unknown(), 'actions'),
  causeOfBlockage: anything('why it waits'),
  displayDescription: anything('description'),
  displayName: text('name as it is shown'),
  durationInMillis: count('duration in milliseconds'),
  edges: list(
    Type.Object({ _class: text('class'), id: text('id of the next node'), type: text('type') }),
    'nodes that follow',
  ),
  firstParent: anything('node before it'),
  id: text('id'),
  input: Type.Optional(Input),
  restartable: flag('whether the run can be restarted here'),
  result: text('SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, UNKNOWN or ABORTED'),
  startTime: text('when it started'),
  state: text('QUEUED, RUNNING, PAUSED, SKIPPED, NOT_BUILT or FINISHED'),
  type: text('STAGE or PARALLEL'),
};

/** The nodes of a run: its stages and their parallel branches. */
export const NodesSchema = Type.Array(Type.Object(node, { $id: 'devops.PipelineRunNodes' }));

/** The nodes of a run with the steps of each. */
export const NodesDetailSchema = Type.Array(
  Type.Object({ ...node, steps: list(Step, 'steps of the node') }, { $id: 'devops.NodesDetail' }),
);
