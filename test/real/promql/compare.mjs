// Compares results of queries that may differ by rounding.

const toNumber = (text) => Number(text.replace('Inf', 'Infinity'));

/** Returns the values of a result by series and time. */
function valuesOf({ resultType, result }) {
  const values = new Map();
  const add = (metric, [time, value]) =>
    values.set(`${JSON.stringify(Object.entries(metric).sort())}@${time}`, value);

  if (resultType === 'scalar' || resultType === 'string') {
    add({}, result);
    return values;
  }

  for (const { metric, value, values: points = [value] } of result) {
    for (const point of points) {
      add(metric, point);
    }
  }

  return values;
}

/** Reports whether two values are the same but for rounding. */
function isClose(a, b, tolerance) {
  const [first, second] = [toNumber(a), toNumber(b)];
  const difference = Math.abs(first - second);

  return (
    a === b ||
    first === second ||
    difference <= tolerance.absolute ||
    difference <= tolerance.relative * Math.max(Math.abs(first), Math.abs(second))
  );
}

/**
 * Returns what differs between two results; undefined if nothing does.
 * @param {any} ours
 * @param {any} theirs
 */
export function difference(ours, theirs, tolerance = { relative: 1e-9, absolute: 1e-9 }) {
  if (ours.resultType !== theirs.resultType) {
    return `type ${ours.resultType}, not ${theirs.resultType}`;
  }

  const mine = valuesOf(ours);
  const wanted = valuesOf(theirs);

  for (const [key, value] of wanted) {
    if (!mine.has(key)) {
      return `${key} is missing: ${value}`;
    }

    if (!isClose(mine.get(key), value, tolerance)) {
      return `${key} is ${mine.get(key)}, not ${value}`;
    }
  }

  const extra = [...mine.keys()].find((key) => !wanted.has(key));

  return extra && `${extra} is too much: ${mine.get(extra)}`;
}
