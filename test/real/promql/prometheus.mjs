// Starts a real Prometheus with given series.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const PROMETHEUS = '/usr/bin/prometheus';
const PROMTOOL = '/usr/bin/promtool';

/** @typedef {import('../../../packages/promql/dist/evaluate/data/source.js').SourceSeries} SourceSeries */

/** Returns a port that is free now. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));

  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));

  return address.port;
}

const escaped = (text) =>
  text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));

const shown = (value) =>
  Number.isFinite(value)
    ? String(value)
    : String(value).replace(/^(-?)Infinity/, (_, sign) => `${sign || '+'}Inf`);

/** Writes series in the text format OpenMetrics: all samples of a metric together. */
function openMetrics(/** @type {readonly SourceSeries[]} */ series) {
  const byName = new Map();

  for (const { labels, times, values } of series) {
    const { __name__: name, ...others } = labels;
    const pairs = Object.entries(others).map(([key, value]) => `${key}="${escaped(value)}"`);
    const lines = byName.get(name) ?? [];

    for (const [index, time] of times.entries()) {
      lines.push(`${name}{${pairs.join(',')}} ${shown(values[index])} ${time / 1000}`);
    }

    byName.set(name, lines);
  }

  return `${[...byName.values()].flat().join('\n')}\n# EOF\n`;
}

/** Waits until a server answers at an address. */
async function ready(url) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return;
    }

    await setTimeout(100);
  }

  throw new Error('Prometheus does not become ready');
}

/** A Prometheus server that has some series and scrapes nothing. */
export class Prometheus {
  #url;
  #stop;

  constructor(url, stop) {
    this.#url = url;
    this.#stop = stop;
  }

  /**
   * Starts a server; returns undefined where Prometheus is not installed.
   * @param {readonly SourceSeries[]} series
   */
  static async start(series) {
    if (!existsSync(PROMETHEUS) || !existsSync(PROMTOOL)) {
      return undefined;
    }

    const dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const config = join(dir, 'prometheus.yml');
    const text = join(dir, 'series.txt');
    const data = join(dir, 'data');

    writeFileSync(config, 'global: {}\n');
    writeFileSync(text, openMetrics(series));
    execFileSync(
      PROMTOOL,
      ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=1000h', text, data],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );

    const port = await freePort();
    const child = spawn(
      PROMETHEUS,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );

    const stop = async () => {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    };

    try {
      await ready(`http://127.0.0.1:${port}/-/ready`);
    } catch (error) {
      await stop();
      throw error;
    }

    return new Prometheus(`http://127.0.0.1:${port}/api/v1/`, stop);
  }

  /** Calls the HTTP API; returns its answer, which may be an error. */
  async #call(path, form) {
    const body = new URLSearchParams(form);
    const answer = await fetch(this.#url + path, { method: 'POST', body });
    return answer.json();
  }

  /** Evaluates an expression at a time in seconds. */
  query(query, time) {
    return this.#call('query', { query, time: String(time) });
  }

  /** Evaluates an expression at each step of a range. */
  queryRange(query, { start, end, step }) {
    return this.#call('query_range', {
      query,
      start: String(start),
      end: String(end),
      step: String(step),
    });
  }

  /** Ends the server and removes its data. */
  stop() {
    return this.#stop();
  }
}
