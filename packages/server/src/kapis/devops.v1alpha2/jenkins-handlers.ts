import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { TSchema } from 'typebox';
import { inShape } from '../../models/devops/answer-shape.ts';
import { checkCron, cronQuestion } from '../../models/devops/cron-check.ts';
import { inputAnswer } from '../../models/devops/input-step.ts';
import type { JenkinsCalls } from '../../models/devops/jenkins-calls.ts';
import {
  jobPath,
  type PathNames,
  pipelinePath,
  runPath,
  scmPath,
  stepsPath,
} from '../../models/devops/jenkins-paths.ts';
import type { PipelineSearch } from '../../models/devops/pipeline-search.ts';
import type { RunCalls } from '../../models/devops/run-calls.ts';
import { ensureScmServer } from '../../models/devops/scm-servers.ts';
import {
  answering,
  bodyOf,
  callerOf,
  rawQueryOf,
  textOf,
  textReply,
  withQueryOf,
} from './jenkins-request.ts';
import { PipelineListSchema } from './pipeline-types.ts';
import { NodesDetailSchema, PipelineRunListSchema } from './run-types.ts';
import { CheckScriptSchema, ScmServerSchema } from './types.ts';

/** Path in Jenkins of a call. */
export type PathOf = (names: PathNames) => string;

/** How a call goes on to Jenkins. */
export interface ForwardOptions {
  /** Method in Jenkins; default GET. */
  method?: 'GET' | 'POST' | 'PUT';
  /** Whether the query of the call goes on as it was sent. */
  query?: boolean;
}

/** What the handlers of calls to Jenkins work with. */
export interface JenkinsModels {
  calls: JenkinsCalls;
  runs: RunCalls;
  search: PipelineSearch;
}

/** Handlers of calls that go on to Jenkins as their users. */
export function jenkinsHandlers({ calls, runs, search }: JenkinsModels) {
  const callOf = async (
    request: RouteRequest,
    pathOf: PathOf,
    { method = 'GET', query = false }: ForwardOptions,
  ) => {
    const path = pathOf(request.params);
    const body = await bodyOf(request);

    return { method, path: query ? withQueryOf(request, path) : path, ...(body && { body }) };
  };

  /** Answers with the JSON of Jenkins, as far as the schema knows it. */
  const json = (schema: TSchema, pathOf: PathOf, options: ForwardOptions = {}): Handler =>
    answering(async (request) => {
      const call = await callOf(request, pathOf, options);
      return inShape(await calls.json(callerOf(request), call), schema);
    });

  /** Answers with the text of Jenkins while it comes. */
  const text = (pathOf: PathOf, options: ForwardOptions = {}): Handler =>
    answering(async (request) => {
      const call = await callOf(request, pathOf, options);
      return textReply(await calls.stream(callerOf(request), call));
    });

  return {
    json,
    text,

    /** Starts a scan; Jenkins answers with where it goes on. */
    scan: answering(async (request) => {
      const call = await callOf(request, (names) => `${jobPath(names)}/build`, {
        method: 'POST',
        query: true,
      });

      return calls.start(callerOf(request), call);
    }),

    search: answering(async (request) => {
      const found = await search.search(callerOf(request), request.user, rawQueryOf(request));
      return inShape(found, PipelineListSchema);
    }),

    listRuns: answering(async (request) => {
      const found = await runs.list(callerOf(request), request.params, rawQueryOf(request));
      return inShape(found, PipelineRunListSchema);
    }),

    nodesDetail: answering(async (request) => {
      const nodes = await runs.nodesDetail(callerOf(request), request.params, rawQueryOf(request));

      return inShape(nodes, NodesDetailSchema);
    }),

    /** Goes on with a run that waits for input, or ends it. */
    submitInput: answering(async (request) => {
      const body = Buffer.from(inputAnswer(await textOf(request)));
      const path = `${stepsPath(request.params)}/`;

      return textReply(await calls.stream(callerOf(request), { method: 'POST', path, body }));
    }),

    checkScript: answering(async (request) => {
      const check =
        'descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile';
      const call = await callOf(request, (names) => `${jobPath(names)}/${check}`, {
        method: 'POST',
      });
      const found = await calls.json(callerOf(request), call);

      // One verdict, or a list whose first one counts.
      return inShape(Array.isArray(found) ? found[0] : found, CheckScriptSchema);
    }),

    checkCron: answering(async (request) =>
      checkCron(
        calls,
        callerOf(request),
        request.params.devops ?? '',
        cronQuestion(await textOf(request)),
      ),
    ),

    createScmServer: answering(async (request) => {
      const body = (await bodyOf(request)) ?? new Uint8Array();
      const server = await ensureScmServer(calls, callerOf(request), request.params, body);

      return inShape(server, ScmServerSchema);
    }),
  };
}

/** Paths in Jenkins of the calls that go on without more ado. */
export const PATHS = {
  pipeline: (names) => `${pipelinePath(names)}/`,
  branches: ({ branch: _, ...names }) => `${pipelinePath(names)}/branches/`,
  runs: (names) => `${pipelinePath(names)}/runs/`,
  run: (names) => `${runPath(names)}/`,
  stop: (names) => `${runPath(names)}/stop/`,
  replay: (names) => `${runPath(names)}/replay/`,
  artifacts: (names) => `${runPath(names)}/artifacts/`,
  runLog: (names) => `${runPath(names)}/log/`,
  nodes: (names) => `${runPath(names)}/nodes/`,
  steps: (names) => `${stepsPath(names)}/`,
  stepLog: (names) => `${stepsPath(names)}/log/`,
  consoleLog: (names) => `${jobPath(names)}/indexing/consoleText`,
  crumb: () => '/crumbIssuer/api/json/',
  scmServers: (names) => `${scmPath(names)}/servers/`,
  scmOrganizations: (names) => `${scmPath(names)}/organizations/`,
  scmRepositories: (names) => scmPath(names),
  scmValidate: (names) => `${scmPath(names)}/validate`,
  gitWebhook: () => '/git/notifyCommit/',
  githubWebhook: () => '/github-webhook/',
  toJenkinsfile: () => '/pipeline-model-converter/toJenkinsfile',
  toJson: () => '/pipeline-model-converter/toJson',
} satisfies Record<string, PathOf>;
