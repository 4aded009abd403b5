import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { lastDivision } from './html-text.ts';
import type { CallerOfJenkins, JenkinsCalls } from './jenkins-calls.ts';
import { jobPath } from './jenkins-paths.ts';

/** What Jenkins says of a schedule; times are in UTC (RFC 3339). */
export interface CronVerdict {
  result?: string;
  message?: string;
  lastTime?: string;
  nextTime?: string;
}

/** A schedule, and the pipeline that has it already. */
export interface CronQuestion {
  cron: string;
  pipelineName?: string;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** A time as Jenkins writes it: `Monday, March 10, 2025 2:04:05 AM UTC`. */
const TIME =
  /\b([A-Z][a-z]{2,8}) (\d{1,2}), (\d{4})(?: at|,)?\s(\d{1,2}):(\d{2}):(\d{2})\s([AP])M\b/g;

/** Returns the times of a sentence, in their order. */
function timesIn(sentence: string): string[] {
  return [...sentence.matchAll(TIME)].flatMap(([, month = '', day, year, hour, ...rest]) => {
    const [minute, second, half] = rest;
    const index = MONTHS.indexOf(month);
    if (index < 0) {
      return [];
    }

    const hours = (Number(hour) % 12) + (half === 'P' ? 12 : 0);
    const time = Date.UTC(Number(year), index, Number(day), hours, Number(minute), Number(second));

    return [new Date(time).toISOString().replace('.000Z', 'Z')];
  });
}

/** Reads the page that Jenkins answers a schedule with. */
export function cronVerdict(page: string): CronVerdict {
  const { className, text } = lastDivision(page);
  const [lastTime, nextTime] = className === 'ok' ? timesIn(text) : [];

  return {
    ...(className !== '' && { result: className }),
    ...(text !== '' && { message: text }),
    ...(lastTime !== undefined && { lastTime }),
    ...(nextTime !== undefined && { nextTime }),
  };
}

/** Reads the body of a question. Throws BadRequest when it holds no schedule. */
export function cronQuestion(body: string): CronQuestion {
  let value: unknown;

  try {
    value = JSON.parse(body);
  } catch {
    throw badRequest('the body is no JSON');
  }

  const { cron, pipelineName } = (value ?? {}) as { cron?: unknown; pipelineName?: unknown };
  if (
    typeof cron !== 'string' ||
    (pipelineName !== undefined && typeof pipelineName !== 'string')
  ) {
    throw badRequest('cron and pipelineName must be texts');
  }

  return { cron, ...(pipelineName && { pipelineName }) };
}

/** Asks Jenkins about a schedule. What Jenkins refuses is a verdict as well. */
export async function checkCron(
  jenkins: JenkinsCalls,
  caller: CallerOfJenkins,
  devops: string,
  { cron, pipelineName: pipeline }: CronQuestion,
): Promise<CronVerdict> {
  const job = jobPath({ devops, ...(pipeline !== undefined && { pipeline }) });
  const check = `${job}/descriptorByName/hudson.triggers.TimerTrigger/checkSpec`;

  const { status, text } = await jenkins.any(caller, {
    method: 'GET',
    path: `${check}?value=${encodeURIComponent(cron)}`,
    // As in 3.0, where Jenkins takes this one call with the token itself.
    keepsAuthorization: true,
  });

  return status === 200 ? cronVerdict(text) : { result: 'error', message: text };
}
