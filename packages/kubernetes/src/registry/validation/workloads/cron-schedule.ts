interface Field {
  low: number;
  high: number;
  names?: readonly string[];
}

const fields: readonly Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  {
    low: 1,
    high: 12,
    names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { low: 0, high: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const descriptors = ['yearly', 'annually', 'monthly', 'weekly', 'daily', 'midnight', 'hourly'];

class ScheduleError extends Error {}

function numberOf(text: string, names?: readonly string[]): number {
  const named = text === '' ? -1 : (names?.indexOf(text.toLowerCase()) ?? -1);
  if (named >= 0) {
    return named;
  }

  if (!/^[+-]?\d+$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw new ScheduleError(`failed to parse int from ${text}: ${why}`);
  }

  const number = Number(text);
  if (number < 0) {
    throw new ScheduleError(`negative number (${number}) not allowed: ${text}`);
  }

  return number;
}

function checkRange(text: string, { low, high, names }: Field): void {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [from = '', to, ...more] = range.split('-');
  const isAll = from === '*' || from === '?';
  const start = isAll ? low : numberOf(from, names);

  if (!isAll && more.length > 0) {
    throw new ScheduleError(`too many hyphens: ${text}`);
  }

  const last = to === undefined ? start : numberOf(to, names);
  let end = isAll ? high : last;
  let step = 1;

  if (moreSteps.length > 0) {
    throw new ScheduleError(`too many slashes: ${text}`);
  }

  if (stepText !== undefined) {
    step = numberOf(stepText);
    if (to === undefined) {
      end = high;
    }
  }

  if (start < low) {
    throw new ScheduleError(`beginning of range (${start}) below minimum (${low}): ${text}`);
  }
  if (end > high) {
    throw new ScheduleError(`end of range (${end}) above maximum (${high}): ${text}`);
  }
  if (start > end) {
    throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  }
  if (step === 0) {
    throw new ScheduleError(`step of range should be a positive number: ${text}`);
  }
}

function check(schedule: string): void {
  const text = /^(CRON_)?TZ=\S+ (.*)$/.exec(schedule)?.[2]?.trim() ?? schedule;
  if (text.startsWith('@')) {
    if (
      descriptors.includes(text.slice(1)) ||
      /^@every [+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)
    ) {
      return;
    }

    if (text.startsWith('@every ')) {
      const duration = JSON.stringify(text.slice('@every '.length));
      throw new ScheduleError(
        `failed to parse duration ${text}: time: invalid duration ${duration}`,
      );
    }

    throw new ScheduleError(`unrecognized descriptor: ${text}`);
  }

  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) {
    throw new ScheduleError(
      `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`,
    );
  }

  for (const [index, field] of fields.entries()) {
    for (const range of new Set(parts[index]?.split(','))) {
      if (range !== '') {
        checkRange(range, field);
      }
    }
  }
}

/** Why a text is no cron schedule; undefined where it is one. */
export function scheduleError(schedule: string): string | undefined {
  try {
    check(schedule);
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) {
      return error.message;
    }
    throw error;
  }
}
