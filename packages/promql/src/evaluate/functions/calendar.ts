const DAY = 86_400_000;

/** Returns a function of the date of Unix seconds in UTC; NaN for times that no date has. */
const ofDate =
  (part: (date: Date) => number) =>
  (seconds: number): number =>
    part(new Date(Math.trunc(seconds) * 1000));

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
  ['year', ofDate((date) => date.getUTCFullYear())],
]);
