// A real Prometheus, as Debian packages it, that scrapes a page of the test.
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, portOf } from '../server.mjs';

const START_MS = 20_000;

/** How often Prometheus is asked whether it is ready, ten times a second: it reads its log first. */
const READY_TRIES = 3000;

/** Whether Prometheus is installed. */
export const hasPrometheus = () => spawnSync('prometheus', ['--version']).status === 0;

/** The name of the file with rules, beside the configuration. */
export const RULES_FILE = 'rules.yml';

/** Runs Prometheus on a free port; resolves when it answers. */
async function run(config, data, more = []) {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const process = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...more,
    ],
    { stdio: 'ignore' },
  );
  const isRunning = () => process.exitCode === null && process.signalCode === null;

  const stop = async () => {
    if (isRunning()) {
      const exited = new Promise((resolve) => process.once('exit', resolve));
      process.kill();
      await exited;
    }
  };

  const isReady = async () =>
    (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
  for (let tries = 0; isRunning() && !(await isReady()); tries++) {
    if (tries > READY_TRIES) {
      await stop();
      break;
    }
    await sleep(100);
  }
  if (!isRunning()) {
    throw new Error('Prometheus did not become ready');
  }

  return { url, stop };
}

/** Starts Prometheus on a directory of its own data; it scrapes nothing and takes remote writes. */
export async function startStored(/** @type {string} */ directory) {
  const config = join(directory, 'prometheus.yml');

  await mkdir(directory, { recursive: true });
  await writeFile(config, '{}');

  return run(config, join(directory, 'data'), [
    '--web.enable-remote-write-receiver',
    '--storage.tsdb.retention.time=100y',
  ]);
}

/**
 * Starts Prometheus with a configuration, and rules where there are some.
 * @param {object} config
 * @param {{ groups: object[] }} [rules]
 */
export async function runPrometheus(config, rules) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-prometheus-'));

  await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config));
  if (rules) {
    await writeFile(join(dir, RULES_FILE), JSON.stringify(rules));
  }

  const { url, stop } = await run(join(dir, 'prometheus.yml'), join(dir, 'data'));

  /** Waits until a query has a result. */
  const scraped = async (query) => {
    const end = Date.now() + START_MS;
    for (;;) {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);

      if ((await answer.json()).data?.result?.length > 0) {
        return;
      }
      if (Date.now() > end) {
        throw new Error('Prometheus did not scrape the page in time');
      }

      await sleep(100);
    }
  };

  const close = async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };

  return { url, scraped, stop, close };
}

/**
 * Starts Prometheus with one target whose page a function returns; labels of the page win over
 * those of the target.
 * @param {() => string} page
 * @param {Record<string, string>} [labels] labels of the target
 */
export async function startPrometheus(page, labels = {}) {
  const target = createServer((_req, res) => res.end(page()));
  await new Promise((resolve) => target.listen(0, '127.0.0.1', () => resolve(undefined)));

  const prometheus = await runPrometheus({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      {
        job_name: 'page',
        honor_labels: true,
        static_configs: [{ targets: [`127.0.0.1:${portOf(target)}`], labels }],
      },
    ],
  });

  const close = async () => {
    await prometheus.close();
    target.closeAllConnections();
    target.close();
  };

  return { ...prometheus, close };
}
