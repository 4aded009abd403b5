const context = 3;

function linesOf(value: unknown): string[] {
  return JSON.stringify(value, undefined, 1)
    .split('\n')
    .map((line) => `${line}\n`);
}

function range(start: number, count: number): string {
  if (count === 1) {
    return `${start + 1}`;
  }
  return `${count === 0 ? start : start + 1},${count}`;
}

/** The difference of two values, as a unified diff of one hunk of their JSON. */
export function changesOf(before: unknown, after: unknown): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) {
    first++;
  }

  let same = 0;
  while (
    same < old.length - first &&
    same < now.length - first &&
    old.at(-1 - same) === now.at(-1 - same)
  ) {
    same++;
  }

  if (first === old.length && first === now.length) {
    return '';
  }

  const from = Math.max(0, first - context);
  const tail = Math.min(same, context);
  const [oldEnd, nowEnd] = [old.length - same, now.length - same];
  const head = `@@ -${range(from, oldEnd + tail - from)} +${range(from, nowEnd + tail - from)} @@\n`;

  const lines = [
    ...old.slice(from, first).map((line) => ` ${line}`),
    ...old.slice(first, oldEnd).map((line) => `-${line}`),
    ...now.slice(first, nowEnd).map((line) => `+${line}`),
    ...old.slice(oldEnd, oldEnd + tail).map((line) => ` ${line}`),
  ];

  return head + lines.join('');
}
