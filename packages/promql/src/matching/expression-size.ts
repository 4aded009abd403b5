/** A class of Unicode letters or the like consists of many ranges. */
const UNICODE_CLASS = 10;

const token = /\\[pP](?:\{[^}]*\}?|.)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]?|\{(\d+)(?:,(\d*))?\}|./gs;

/** Returns how much a part of an expression that is no repetition adds. */
function weight(part: string): number {
  const isUnicode = /\\[pP]/.test(part);
  return isUnicode ? UNICODE_CLASS : 1;
}

/**
 * Estimates how large an expression is when its repetitions such as `a{10}` are written out, in
 * characters and classes. Compiling takes time and memory in proportion to it.
 */
export function expressionSize(pattern: string): number {
  const outer: number[] = [];
  let size = 0;
  let last = 0;

  for (const [part, least, most] of pattern.matchAll(token)) {
    if (part === '(') {
      outer.push(size);
      size = 0;
    } else if (part === ')') {
      last = size;
      size += outer.pop() ?? 0;
    } else if (least !== undefined) {
      const added = last * (Math.max(Number(least), Number(most ?? 0)) - 1);
      size += added;
      last += added;
    } else {
      last = weight(part);
      size += last;
    }
  }

  return size + outer.reduce((sum, one) => sum + one, 0);
}
