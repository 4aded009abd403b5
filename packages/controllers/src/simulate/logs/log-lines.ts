import { createHash } from 'node:crypto';

/** A line that a simulated container writes. */
export interface LogLine {
  namespace: string;
  pod: string;
  container: string;
  image: string;
  /** The runtime's id of the container: 64 hexadecimal digits. */
  containerId: string;
  /** In milliseconds since 1970. */
  time: number;
  /** Ends with a line break. */
  text: string;
}

/** A running container of a simulated pod. */
export interface RunningContainer extends Omit<LogLine, 'time' | 'text'> {
  /** When it started, in milliseconds since 1970. */
  started: number;
}

const PATHS = ['/', '/items', '/items/42', '/cart', '/login', '/static/app.js', '/healthz'];
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST'];

/** Mean distance of the lines of a container, in milliseconds. */
const SPACING_MS = 15_000;

/** Returns whole numbers that a text always gives. */
function numbersOf(text: string): Uint32Array {
  const digest = createHash('sha256').update(text).digest();
  return new Uint32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + 32));
}

function chosen<T>(values: readonly T[], number: number | undefined): T | undefined {
  return values[(number ?? 0) % values.length];
}

/** Returns what a container writes about its request of a number. */
function requestText(time: number, numbers: Uint32Array): string {
  const [, method, path, fate = 0, duration = 0] = numbers;
  const failed = fate % 50 === 0;
  const slow = fate % 50 === 1;
  const milliseconds = slow ? 2000 + (duration % 3000) : 1 + (duration % 120);
  const level = failed ? 'error' : 'info';
  const what = `${chosen(METHODS, method)} ${chosen(PATHS, path)} ${failed ? 500 : 200} ${milliseconds}ms`;
  const why = failed ? ' upstream connect error: connection timeout' : '';

  return `${new Date(time).toISOString()} ${slow ? 'warn' : level} ${what}${why}\n`;
}

/**
 * Returns the lines that a container has written after a time and up to another one. The same times
 * give the same lines, in every run.
 */
export function linesOf(container: RunningContainer, after: number, until: number): LogLine[] {
  const { started, ...source } = container;
  const lines: LogLine[] = [];
  const key = `${source.namespace}/${source.pod}/${source.container}`;

  if (started > after && started <= until) {
    const text = `${new Date(started).toISOString()} info ${source.container} has started\n`;
    lines.push({ ...source, time: started, text });
  }

  const first = Math.floor(Math.max(after, started) / SPACING_MS);

  for (let slot = first; slot * SPACING_MS <= until; slot++) {
    const numbers = numbersOf(`${key}/${slot}`);
    const time = slot * SPACING_MS + ((numbers[0] ?? 0) % SPACING_MS);

    if (time > after && time > started && time <= until) {
      lines.push({ ...source, time, text: requestText(time, numbers) });
    }
  }

  return lines;
}
