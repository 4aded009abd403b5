// The calls of a scenario: every answer is added to a transcript, in the order of the calls.
import { spawn } from 'node:child_process';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { toolPath } from '../tools/paths.mjs';

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const callTimeout = 60_000;

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Splits a command line like a shell: single and double quotes, no escapes. */
function words(line) {
  return [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}

/** Sends one request and returns status, headers and text; `onData` gets the body as it comes. */
function send(side, method, path, { body, headers = {}, as, token, anonymous }, onResponse) {
  const own = anonymous ? {} : side.headers;
  const credentials = token ? { authorization: `Bearer ${token}` } : own;
  const isSentAsIs = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  const payload = isSentAsIs ? body : JSON.stringify(body);

  const all = {
    'user-agent': 'differential/1.0',
    ...(payload !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
    }),
    ...credentials,
    ...(as && { 'impersonate-user': as }),
    ...headers,
  };

  const req = request(side.server + path, {
    method,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    agent: anonymous || token ? side.strangers : side.agent,
  });

  return new Promise((resolve, reject) => {
    req.setTimeout(callTimeout, () =>
      req.destroy(new Error(`${side.name}: ${method} ${path} took too long`)),
    );
    req.on('response', (response) => resolve(onResponse(response, req)));
    req.on('error', reject);
    req.end(payload);
  });
}

async function readWhole(response) {
  const chunks = [];

  for await (const chunk of response) {
    chunks.push(chunk);
  }

  return Buffer.concat(chunks).toString();
}

/** The calls of one scenario on one side. */
export class Recorder {
  #side;
  transcript = [];

  constructor(side, namespace) {
    this.#side = side;
    /** The scenario's own namespace. */
    this.namespace = namespace;

    /** `/api/v1/namespaces/<own>` */
    this.core = `/api/v1/namespaces/${namespace}`;
  }

  /** `/apis/<group version>/namespaces/<own>` */
  group(groupVersion) {
    return `/apis/${groupVersion}/namespaces/${this.namespace}`;
  }

  #record(call, answer) {
    this.transcript.push({ call, ...answer });
  }

  /**
   * Makes any call; records its status, content type, warnings and body.
   * @returns the answer, its JSON parsed
   */
  async call(method, path, options = {}) {
    const answer = await this.quietly(method, path, options);
    const { warnings } = answer;
    this.#record(`${method} ${path}`, {
      status: answer.status,
      contentType: answer.contentType,
      ...(warnings.length > 0 && { warnings }),
      body: answer.body,
    });

    return answer;
  }

  /** Makes a call without recording it: for preparations of a scenario. */
  async quietly(method, path, /** @type {any} */ options = {}) {
    return send(this.#side, method, path, options, async (response) => {
      const text = await readWhole(response);
      const warning = response.headers.warning;

      return {
        status: response.statusCode,
        contentType: response.headers['content-type'],
        headers: response.headers,
        warnings: warning ? warning.split(/,(?=\s*299 )/).map((line) => line.trim()) : [],
        body: parseJson(text),
        text,
      };
    });
  }

  get(path, headers) {
    return this.call('GET', path, { headers });
  }

  post(path, body, headers) {
    return this.call('POST', path, { body, headers });
  }

  put(path, body, headers) {
    return this.call('PUT', path, { body, headers });
  }

  /** @param {'json' | 'merge' | 'strategic' | 'apply'} type */
  patch(path, body, type = 'merge', headers = {}) {
    return this.call('PATCH', path, {
      body,
      headers: { 'content-type': patchTypes[type], ...headers },
    });
  }

  delete(path, body, headers) {
    return this.call('DELETE', path, { body, headers });
  }

  /**
   * Calls without recording until the check passes; throws after the time.
   * @returns the last body
   */
  async until(path, check, ms = 20_000) {
    for (const end = Date.now() + ms; ; await sleep(50)) {
      const { body, status } = await this.quietly('GET', path);
      let done = false;

      try {
        done = check(body, status);
      } catch {
        // The object may not exist yet.
      }

      if (done) {
        return body;
      }

      if (Date.now() > end) {
        throw new Error(
          `${this.#side.name}: ${path} did not come to pass: ${JSON.stringify(body).slice(0, 1000)}`,
        );
      }
    }
  }

  /**
   * Watches while `during` makes its calls, until `count` events have come, the server ends it, or
   * the time is over. Bookmarks are recorded only on request, because their times vary.
   */
  async watch(path, options = {}) {
    const { count = Number.POSITIVE_INFINITY, ms = 5000 } = /** @type {any} */ (options);
    const { during, bookmarks = false, headers, as } = /** @type {any} */ (options);
    const events = [];
    let ended = false;
    const start = this.transcript.length;

    const status = await send(
      this.#side,
      'GET',
      path,
      /** @type {any} */ ({ headers, as }),
      async (response, req) => {
        if (response.statusCode !== 200) {
          return { status: response.statusCode, body: parseJson(await readWhole(response)) };
        }

        let rest = '';
        let enough;
        const full = new Promise((resolve) => (enough = resolve));

        response.setEncoding('utf8');

        response.on('data', (text) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop();

          for (const line of lines) {
            const event = parseJson(line);
            if (event.type !== 'BOOKMARK' || bookmarks) {
              events.push(event);
            }
          }

          if (events.length >= count) {
            enough();
          }
        });

        response.on('end', () => {
          if (rest.trim() !== '') {
            events.push(parseJson(rest));
          }

          ended = true;
          enough();
        });

        response.on('error', () => enough());
        await during?.();

        const timer = setTimeout(enough, ms);

        await full;
        clearTimeout(timer);
        req.destroy();

        return {
          status: 200,
          contentType: response.headers['content-type'],
          ended: ended && events.length < count,
        };
      },
    );

    this.transcript.splice(start, 0, { call: `WATCH ${path}`, ...status, events });

    return events;
  }

  /**
   * Runs kubectl in the scenario's namespace; records exit code, standard output and standard
   * error.
   */
  async kubectl(line, stdin, name = 'kubectl') {
    const answer = await this.kubectlQuietly(line, stdin, name);
    this.#record(`${name} ${line}`, answer);
    return answer;
  }

  kubectlQuietly(line, stdin, name = 'kubectl') {
    return this.#run(name, line, stdin);
  }

  /**
   * Runs helm for the scenario's namespace; of a printed JSON list, `pick` chooses what is recorded
   * of each item.
   */
  async helm(line, pick) {
    const answer = await this.#run('helm', line);
    const shown = line.replace(/\/\S*\/charts\//, 'charts/');

    if (pick && answer.exit === 0) {
      this.#record(`helm ${shown}`, { exit: 0, items: JSON.parse(answer.stdout).map(pick) });
    } else {
      this.#record(`helm ${shown}`, {
        ...answer,
        stdout: answer.stdout.replace(/^LAST DEPLOYED: .*$/m, ''),
      });
    }

    return answer;
  }

  #run(name, line, stdin) {
    const path = toolPath(name);
    if (!path) {
      throw new Error('run node scripts/tools.mjs first');
    }

    const side = this.#side;
    const args = ['--kubeconfig', side.kubeconfig, '--namespace', this.namespace, ...words(line)];

    return new Promise((resolve, reject) => {
      const child = spawn(path, args, {
        env: { ...process.env, HOME: side.home, KUBECTL_PARALLEL: '1' },
      });
      let stdout = '';
      let stderr = '';

      child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));

      const timer = setTimeout(() => child.kill('SIGKILL'), callTimeout);

      child.on('error', reject);

      child.on('close', (exit) => {
        clearTimeout(timer);
        resolve({ exit, stdout, stderr });
      });

      child.stdin.on('error', () => {});
      child.stdin.end(stdin);
    });
  }
}
