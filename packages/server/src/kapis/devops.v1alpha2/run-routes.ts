import { queryText } from '../parameters.ts';
import type { RouteTuple } from '../route-table.ts';
import { type jenkinsHandlers, PATHS } from './jenkins-handlers.ts';
import { TEXT } from './jenkins-request.ts';
import {
  ArtifactsSchema,
  NodesDetailSchema,
  NodesSchema,
  PipelineRunSchema,
  QueuedRunSchema,
  StepsSchema,
  StoppedRunSchema,
} from './run-types.ts';
import { InputAnswerSchema, LOG_PARAMETERS, PAGE_PARAMETERS, RunPayloadSchema } from './types.ts';

/** Where the runs of a table are: those of a pipeline, or of one of its branches. */
export interface RunPlace {
  path: string;
  /** Parts of operation ids: `Get` + infix + `PipelineRun`. */
  infix: '' | 'Branch';
  /** The end of summaries. */
  where: string;
}

/** The runs of a pipeline. */
export const OF_PIPELINE: RunPlace = {
  path: '/devops/{devops}/pipelines/{pipeline}',
  infix: '',
  where: 'of a pipeline',
};

/** The runs of a branch. */
export const OF_BRANCH: RunPlace = {
  path: '/devops/{devops}/pipelines/{pipeline}/branches/{branch}',
  infix: 'Branch',
  where: 'of a branch',
};

/** Routes of the runs at a place. Bodies go on as they are. */
export function runTuples(
  { path, infix, where }: RunPlace,
  { json, text, nodesDetail, submitInput }: ReturnType<typeof jenkinsHandlers>,
): RouteTuple[] {
  const run = `${path}/runs/{run}`;
  const step = `${run}/nodes/{node}/steps/{step}`;
  const isBranch = infix !== '';
  const raw = { query: true };

  return [
    [
      'POST',
      `${path}/runs`,
      `Run${infix}Pipeline`,
      `Start a run ${where}`,
      json(QueuedRunSchema, PATHS.runs, { method: 'POST' }),
      { rawBody: true, body: RunPayloadSchema, returns: QueuedRunSchema },
    ],
    [
      'GET',
      run,
      `Get${infix}PipelineRun`,
      `A run ${where}`,
      json(PipelineRunSchema, PATHS.run),
      { returns: PipelineRunSchema },
    ],
    [
      'POST',
      `${run}/stop`,
      `Stop${infix}Pipeline`,
      `Stop a run ${where}`,
      json(StoppedRunSchema, PATHS.stop, { method: 'PUT', query: isBranch }),
      {
        rawBody: true,
        returns: StoppedRunSchema,
        parameters: [
          queryText('blocking', 'whether to wait until it has stopped'),
          queryText('timeOutInSecs', 'how long to wait, in seconds'),
        ],
      },
    ],
    [
      'POST',
      `${run}/replay`,
      `Replay${infix}Pipeline`,
      `Start a run ${where} once more`,
      json(QueuedRunSchema, PATHS.replay, { method: 'POST' }),
      { rawBody: true, returns: QueuedRunSchema },
    ],
    [
      'GET',
      `${run}/artifacts`,
      `Get${infix}Artifacts`,
      `Artifacts of a run ${where}`,
      json(ArtifactsSchema, PATHS.artifacts, raw),
      { returns: ArtifactsSchema, parameters: PAGE_PARAMETERS },
    ],
    [
      'GET',
      `${run}/log`,
      `Get${infix}RunLog`,
      `Log of a run ${where}`,
      text(PATHS.runLog, raw),
      { produces: [TEXT], parameters: LOG_PARAMETERS },
    ],
    [
      'GET',
      `${run}/nodes`,
      `Get${infix}PipelineRunNodes`,
      `Nodes of a run ${where}`,
      json(NodesSchema, PATHS.nodes, raw),
      { returns: NodesSchema, parameters: PAGE_PARAMETERS },
    ],
    [
      'GET',
      `${run}/nodesdetail`,
      `Get${infix}NodesDetail`,
      `Nodes of a run ${where}, with their steps`,
      nodesDetail,
      { returns: NodesDetailSchema, parameters: PAGE_PARAMETERS },
    ],
    [
      'GET',
      `${run}/nodes/{node}/steps`,
      `Get${infix}NodeSteps`,
      `Steps of a node of a run ${where}`,
      json(StepsSchema, PATHS.steps, raw),
      { returns: StepsSchema, parameters: PAGE_PARAMETERS },
    ],
    [
      'GET',
      `${step}/log`,
      `Get${infix}StepLog`,
      `Log of a step of a run ${where}`,
      text(PATHS.stepLog, raw),
      { produces: [TEXT], parameters: LOG_PARAMETERS },
    ],
    [
      'POST',
      step,
      `Submit${infix}InputStep`,
      `Answer a step of a run ${where} that waits for input`,
      submitInput,
      { rawBody: true, body: InputAnswerSchema, produces: [TEXT] },
    ],
  ];
}
