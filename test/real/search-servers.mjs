// Real Elasticsearch and OpenSearch servers, fetched by Maven into .cache/search and started by the
// Java programs in search/.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('search/', import.meta.url));
const cache = fileURLToPath(new URL('../../.cache/search/', import.meta.url));
const START_MS = 180_000;

/** The servers, and the program that starts each. */
export const SEARCH_SERVERS = {
  elasticsearch: { program: 'ElasticsearchNode', version: '7.10.2' },
  opensearch: { program: 'OpenSearchNode', version: '2.19.1' },
};

/** Whether Maven and a Java compiler are installed. */
export function hasMaven() {
  try {
    execFileSync('mvn', ['-v'], { stdio: 'ignore' });
    execFileSync('javac', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Fetches the server's archives and compiles its program, once; returns its class path. */
function prepare(name) {
  const { program, version } = SEARCH_SERVERS[name];
  const folder = join(cache, `${name}-${version}`);

  if (!existsSync(folder)) {
    const made = `${folder}.${process.pid}`;
    mkdirSync(made, { recursive: true });

    const pom = join(sources, `${name}-pom.xml`);
    const goal = 'dependency:copy-dependencies';
    execFileSync('mvn', ['-q', '-f', pom, goal, `-DoutputDirectory=${made}`], {
      stdio: 'inherit',
    });
    execFileSync('javac', ['-cp', `${made}/*`, '-d', made, join(sources, `${program}.java`)]);
    renameSync(made, folder);
  }

  return `${folder}:${folder}/*`;
}

/** Starts a server with an empty data directory. */
export async function startSearchServer(name) {
  const classPath = prepare(name);
  const dir = mkdtempSync(join(tmpdir(), `${name}-`));
  const args = ['-Xmx512m', '-cp', classPath, SEARCH_SERVERS[name].program, dir];
  const child = spawn('java', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let output = '';

  const stop = async () => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(timer);
    rmSync(dir, { recursive: true, force: true });
  };

  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready:\n${output}`)), START_MS);
    const done = (settle, value) => {
      clearTimeout(timer);
      settle(value);
    };

    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-100_000);
        const [, port] = /listens on port (\d+)/.exec(output) ?? [];
        if (port) {
          done(resolve, Number(port));
        }
      });
    }

    exited.then(() => done(reject, new Error(`ended:\n${output}`)));
  });

  try {
    return { url: `http://127.0.0.1:${await ready}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
