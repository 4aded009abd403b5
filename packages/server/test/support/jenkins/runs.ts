import {
  formOf,
  type JenkinsAnswer,
  type JenkinsRequest,
  type JenkinsRoute,
  json,
  page,
  redirect,
} from './exchange.ts';
import { FOLDER, type JenkinsItem, type JenkinsState, newItem } from './state.ts';

/** Crumb of all users: KubeSphere's Jenkins leaves sessions out of it. */
export const USER_CRUMB = 'crumb-of-users';

const MULTI_BRANCH = 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject';
const BLUE = '^/blue/rest/organizations/jenkins';
const PIPELINE = `${BLUE}/pipelines/([^/]+)/pipelines/([^/]+)(?:/branches/([^/]+))?`;

/** Node and steps of every run: a script, and a question where the job asks one. */
const NODE = '5';
const SCRIPT = '6';
const QUESTION = '7';

/** A run of a job. */
export interface JenkinsRun {
  id: string;
  state: 'QUEUED' | 'RUNNING' | 'PAUSED' | 'FINISHED';
  result: 'UNKNOWN' | 'SUCCESS' | 'ABORTED';
  parameters: unknown;
  log: string;
  asks: boolean;
}

type Names = readonly string[];

/** Refuses calls without a user, and writes without the crumb. */
function guarded(answer: JenkinsRoute['answer']): JenkinsRoute['answer'] {
  return (request, state, groups) => {
    if (request.user === '') {
      return page(401, 'Authentication required');
    }
    if (request.method !== 'GET' && request.headers['jenkins-crumb'] !== USER_CRUMB) {
      return page(403, 'No valid crumb was included in the request');
    }

    return answer(request, state, groups);
  };
}

function missing(): JenkinsAnswer {
  return json({ message: 'no such thing', code: 404, errors: [] }, 404);
}

function bodyOf({ body }: JenkinsRequest): Record<string, unknown> {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

/** A text from a position on, with the headers by which logs are followed. */
function tail(text: string, request: JenkinsRequest, hasMore: boolean): JenkinsAnswer {
  const bytes = Buffer.from(text);
  const start = Number(request.query.get('start') ?? 0);

  return {
    status: 200,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-text-size': String(bytes.length),
      ...(hasMore && { 'x-more-data': 'true' }),
    },
    body: bytes.subarray(start),
  };
}

/**
 * Blue Ocean's view of the stub: pipelines, branches and their runs, which go on one step at each
 * call of `advance`. Jobs whose document names an `input` ask before they finish.
 */
export class JenkinsRuns {
  readonly #runs = new Map<string, JenkinsRun[]>();
  readonly #files = new Map<string, string>();

  /** Runs of a job or branch by the names of its folders and its own. */
  of(...names: string[]): JenkinsRun[] {
    return this.#runs.get(names.join('/')) ?? [];
  }

  /** Lets the latest run of a job go on: it starts, asks if it does, or ends. */
  advance(...names: string[]): void {
    const run = this.of(...names).at(-1);

    if (run?.state === 'QUEUED') {
      run.state = 'RUNNING';
      run.log += 'Started\n+ make\n';
    } else if (run?.state === 'RUNNING' && run.asks) {
      run.state = 'PAUSED';
      run.log += 'Deploy?\n';
    } else if (run?.state === 'RUNNING') {
      this.#end(run, 'SUCCESS');
    }
  }

  /** Keeps a file that `/job/…/artifact/…` answers as a page. */
  addFile(path: string, html: string): void {
    this.#files.set(path, html);
  }

  #end(run: JenkinsRun, result: 'SUCCESS' | 'ABORTED'): void {
    run.state = 'FINISHED';
    run.result = result;
    run.log += `Finished: ${result}\n`;
  }

  #start(names: Names, item: JenkinsItem, parameters: unknown): JenkinsRun {
    const runs = this.of(...names);
    const run: JenkinsRun = {
      id: String(runs.length + 1),
      state: 'QUEUED',
      result: 'UNKNOWN',
      parameters,
      log: '',
      asks: /\binput\b/.test(item.config),
    };

    runs.push(run);
    this.#runs.set(names.join('/'), runs);

    return run;
  }

  /** Makes a route below a pipeline or branch; its answer gets the item and the other names. */
  #route(
    method: string,
    path: string,
    answer: (found: {
      request: JenkinsRequest;
      names: Names;
      item: JenkinsItem;
      rest: Names;
    }) => JenkinsAnswer,
  ): JenkinsRoute {
    return {
      method,
      path: new RegExp(`${PIPELINE}${path}$`),
      isPublic: true,
      answer: guarded((request, state, [folder = '', job = '', branch = '', ...rest]) => {
        const names = branch === '' ? [folder, job] : [folder, job, branch];
        const item = state.find(...names);
        return item ? answer({ request, names, item, rest }) : missing();
      }),
    };
  }

  #ofRun(
    method: string,
    path: string,
    answer: (found: {
      run: JenkinsRun;
      request: JenkinsRequest;
      rest: Names;
      names: Names;
    }) => JenkinsAnswer | undefined,
  ): JenkinsRoute {
    return this.#route(
      method,
      `/runs/([^/]+)${path}`,
      ({ request, names, rest: [id, ...rest] }) => {
        const run = this.of(...names).find((one) => one.id === id);
        return (run && answer({ run, request, rest, names })) ?? missing();
      },
    );
  }

  /** Routes for the stub. */
  get routes(): JenkinsRoute[] {
    const runOf = (run: JenkinsRun, names: Names) => ({
      _class: 'io.jenkins.blueocean.rest.impl.pipeline.PipelineRunImpl',
      id: run.id,
      pipeline: names.at(-1),
      organization: 'jenkins',
      state: run.state,
      result: run.result,
      actions: [{ _class: 'hudson.model.ParametersAction', parameters: run.parameters }],
      description: null,
    });

    const stepOf = (id: string, run: JenkinsRun) => ({
      _class: 'io.jenkins.blueocean.rest.impl.pipeline.PipelineStepImpl',
      id,
      displayName: id === SCRIPT ? 'Shell Script' : 'Wait for interactive input',
      state: id === SCRIPT ? 'FINISHED' : run.state,
      input:
        id === QUESTION && run.state === 'PAUSED'
          ? { id: 'Deploy', message: 'Deploy?', ok: 'Yes', parameters: [] }
          : null,
      type: 'STEP',
    });

    const pipelineOf = (item: JenkinsItem, names: Names) => ({
      _class: 'io.jenkins.blueocean.rest.impl.pipeline.PipelineImpl',
      name: item.name,
      displayName: item.name,
      fullName: names.join('/'),
      organization: 'jenkins',
      disabled: false,
    });

    return [
      {
        method: 'GET',
        path: /^\/crumbIssuer\/api\/json\/$/,
        isPublic: true,
        answer: guarded(() =>
          json({
            _class: 'hudson.security.csrf.DefaultCrumbIssuer',
            crumb: USER_CRUMB,
            crumbRequestField: 'Jenkins-Crumb',
          }),
        ),
      },
      {
        method: 'GET',
        path: /^\/blue\/rest\/search\/$/,
        isPublic: true,
        answer: guarded((request, state) => search(request, state, pipelineOf)),
      },
      {
        method: 'POST',
        path: /^\/job\/([^/]+)\/job\/([^/]+)\/build$/,
        isPublic: true,
        answer: guarded((_request, state, names) => {
          const item = state.find(...names);
          if (item?._class !== MULTI_BRANCH) {
            return page(404, 'Not Found');
          }

          for (const branch of ['main', 'feature/x']) {
            item.children.set(branch, newItem('x.WorkflowJob', branch, item.config));
          }

          return redirect(`/job/${names.join('/job/')}/`);
        }),
      },
      {
        method: 'GET',
        path: /^\/job\/([^/]+)\/job\/([^/]+)\/indexing\/consoleText$/,
        isPublic: true,
        answer: guarded((request) => tail('Scan\nFinished: SUCCESS\n', request, false)),
      },
      {
        method: 'GET',
        path: /^(\/job\/.+\/artifact\/.+)$/,
        isPublic: true,
        answer: guarded((_request, _state, [path = '']) => {
          const body = this.#files.get(path);
          return body === undefined
            ? page(404, 'Not Found')
            : {
                status: 200,
                headers: { 'content-type': 'text/html;charset=utf-8', 'set-cookie': 'a=b; Path=/' },
                body,
              };
        }),
      },
      {
        method: 'POST',
        path: /^\/pipeline-model-converter\/(toJenkinsfile|toJson)$/,
        isPublic: true,
        answer: guarded((request, _state, [what]) => {
          const form = formOf(request);
          const data =
            what === 'toJson'
              ? { result: 'success', json: { pipeline: form.get('jenkinsfile') } }
              : { result: 'success', jenkinsfile: `pipeline ${form.get('json')}` };

          return json({ status: 'ok', data });
        }),
      },
      this.#route('GET', '/', ({ item, names }) => json(pipelineOf(item, names))),
      this.#route('GET', '/branches/', ({ item, names }) =>
        json([...item.children.values()].map((branch) => pipelineOf(branch, names))),
      ),
      this.#route('GET', '/runs/', ({ names }) =>
        json(this.of(...names).map((run) => runOf(run, names))),
      ),
      this.#route('POST', '/runs/', ({ item, names, request }) =>
        json(runOf(this.#start(names, item, bodyOf(request).parameters ?? []), names)),
      ),
      this.#ofRun('GET', '/', ({ run, names }) => json(runOf(run, names))),
      this.#ofRun('PUT', '/stop/', ({ run, names }) => {
        this.#end(run, 'ABORTED');
        return json(runOf(run, names));
      }),
      this.#ofRun('POST', '/replay/', ({ run, names }) => {
        const item = newItem('', '', run.asks ? 'input' : '');
        return json(runOf(this.#start(names, item, run.parameters), names));
      }),
      this.#ofRun('GET', '/artifacts/', ({ run, names }) => {
        const path = `/job/${names.join('/job/')}/${run.id}/artifact/`;
        return json(
          [...this.#files.keys()]
            .filter((file) => file.startsWith(path))
            .map((url) => ({ name: url.slice(path.length), path: url.slice(path.length), url })),
        );
      }),
      this.#ofRun('GET', '/log/', ({ run, request }) =>
        tail(run.log, request, run.state !== 'FINISHED'),
      ),
      this.#ofRun('GET', '/nodes/', ({ run }) =>
        json([{ id: NODE, displayName: 'build', state: run.state, type: 'STAGE', edges: [] }]),
      ),
      this.#ofRun('GET', '/nodes/([^/]+)/steps/', ({ run, rest: [node] }) =>
        node === NODE
          ? json((run.asks ? [SCRIPT, QUESTION] : [SCRIPT]).map((id) => stepOf(id, run)))
          : undefined,
      ),
      this.#ofRun('GET', '/nodes/([^/]+)/steps/([^/]+)/log/', ({ run, request }) =>
        tail(run.log, request, run.state !== 'FINISHED'),
      ),
      this.#ofRun('POST', '/nodes/([^/]+)/steps/([^/]+)/', ({ run, request, rest: [, step] }) => {
        const { id, abort, parameters } = bodyOf(request);
        if (step !== QUESTION || run.state !== 'PAUSED') {
          return undefined;
        }
        if (id !== 'Deploy' || (abort !== true && !Array.isArray(parameters))) {
          return json({ message: 'parameters is required', code: 400, errors: [] }, 400);
        }

        this.#end(run, abort === true ? 'ABORTED' : 'SUCCESS');
        return { status: 200 };
      }),
    ];
  }
}

/** Answers a search as far as tests ask: `pipeline:folder/*`, `start` and `limit`. */
function search(
  { query }: JenkinsRequest,
  state: JenkinsState,
  pipelineOf: (item: JenkinsItem, names: Names) => object,
): JenkinsAnswer {
  const folder = /pipeline:([^/;]+)\/\*/.exec(query.get('q') ?? '')?.[1];
  const start = Number(query.get('start') ?? 0);
  const limit = Number(query.get('limit') ?? 100);

  const found = [...state.items.values()]
    .filter(({ _class, name }) => _class === FOLDER && (folder ?? name) === name)
    .flatMap((item) =>
      [...item.children.values()].map((job) => pipelineOf(job, [item.name, job.name])),
    );

  return json(found.slice(start, start + limit));
}
