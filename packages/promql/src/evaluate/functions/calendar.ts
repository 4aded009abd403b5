const DAY = 86_400_000;

/** Seconds of 400 years, after which dates and days of the week repeat. */
const CYCLE = 146_097 * 86_400;
const CYCLE_YEARS = 400;

/** The time that Prometheus has for numbers that are no 64-bit integers, on x86. */
const NO_INTEGER = 2 ** 63;

type Part = (date: Date, cycles: number) => number;

/** Returns a function of the date of Unix seconds in UTC, of which cycles of 400 years are split. */
const ofDate =
  (part: Part) =>
  (time: number): number => {
    const seconds = Math.abs(time) < NO_INTEGER ? Math.trunc(time) : NO_INTEGER;
    const rest = ((seconds % CYCLE) + CYCLE) % CYCLE;

    return part(new Date(rest * 1000), Math.round((seconds - rest) / CYCLE));
  };

function dayOfYear(date: Date): number {
  const first = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - first) / DAY) + 1;
}

function daysInMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

/** Functions of the date that a number of Unix seconds means. */
export const calendar: ReadonlyMap<string, (seconds: number) => number> = new Map([
  ['day_of_month', ofDate((date) => date.getUTCDate())],
  ['day_of_week', ofDate((date) => date.getUTCDay())],
  ['day_of_year', ofDate(dayOfYear)],
  ['days_in_month', ofDate(daysInMonth)],
  ['hour', ofDate((date) => date.getUTCHours())],
  ['minute', ofDate((date) => date.getUTCMinutes())],
  ['month', ofDate((date) => date.getUTCMonth() + 1)],
  ['year', ofDate((date, cycles) => date.getUTCFullYear() + cycles * CYCLE_YEARS)],
]);
