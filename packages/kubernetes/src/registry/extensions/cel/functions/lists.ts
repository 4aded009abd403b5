import { isDeepStrictEqual } from 'node:util';
import { type Environment, Optional } from '@marcbachmann/cel-js';
import { compareValues } from '../compare.ts';
import { CelFailure } from '../failure.ts';

type List = readonly unknown[];

const has = (list: List, item: unknown) => list.some((other) => isDeepStrictEqual(other, item));
const containsAll = (list: List, items: List) => items.every((item) => has(list, item));

function extreme(name: string, list: List, sign: 1 | -1): unknown {
  if (list.length === 0) {
    throw new CelFailure(`${name} called on empty list`);
  }
  return list.reduce((best, item) => (compareValues(item, best) * sign > 0 ? item : best));
}

function sum(list: List): unknown {
  if (list.length === 0) {
    return 0n;
  }

  return list.reduce((total, item) => {
    if (typeof total === 'bigint' && typeof item === 'bigint') {
      return total + item;
    }
    if (typeof total === 'number' || typeof item === 'number') {
      return Number(total) + Number(item);
    }
    if (typeof (total as { addDuration?: unknown }).addDuration === 'function') {
      return (total as { addDuration(other: unknown): unknown }).addDuration(item);
    }

    throw new CelFailure('no such overload');
  });
}

/** A list with the items of its lists in their place, `depth` levels deep. */
function flatten(list: List, depth: bigint): unknown[] {
  if (depth < 0n) {
    throw new CelFailure('level must be non-negative');
  }
  return list.flat(Number(depth));
}

const distinct = (list: List) =>
  list.filter((item, index) => list.findIndex((other) => isDeepStrictEqual(other, item)) === index);

/** Functions of lists: Kubernetes' list library, cel-go's lists and sets extensions. */
export function addLists(environment: Environment): void {
  const last = (list: List, item: unknown) =>
    list.findLastIndex((other) => isDeepStrictEqual(other, item));
  const first = (list: List, item: unknown) =>
    list.findIndex((other) => isDeepStrictEqual(other, item));
  environment
    .registerFunction('list<A>.first(): optional<A>', (list: List) => Optional.of(list[0]))
    .registerFunction('list<A>.last(): optional<A>', (list: List) => Optional.of(list.at(-1)))
    .registerFunction('list.isSorted(): bool', (list: List) =>
      list.every((item, index) => index === 0 || compareValues(list[index - 1], item) <= 0),
    )
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: List) => extreme('min', list, -1))
    .registerFunction('list.max(): dyn', (list: List) => extreme('max', list, 1))
    .registerFunction('list.indexOf(dyn): int', (list: List, item: unknown) =>
      BigInt(first(list, item)),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: List, item: unknown) =>
      BigInt(last(list, item)),
    )
    .registerFunction(
      'list<A>.slice(int, int): list<A>',
      (list: List, from: bigint, to: bigint) => {
        if (from < 0n || to < 0n) {
          throw new CelFailure(`cannot slice(${from}, ${to}), negative indexes not supported`);
        }

        if (from > to) {
          throw new CelFailure(
            `cannot slice(${from}, ${to}), start index must be less than or equal to end index`,
          );
        }

        if (BigInt(list.length) < to) {
          throw new CelFailure(`cannot slice(${from}, ${to}), list is length ${list.length}`);
        }

        return list.slice(Number(from), Number(to));
      },
    )
    .registerFunction('list.flatten(): list<dyn>', (list: List) => flatten(list, 1n))
    .registerFunction('list.flatten(int): list<dyn>', flatten)
    .registerFunction('list<A>.sort(): list<A>', (list: List) => [...list].sort(compareValues))
    .registerFunction('list<A>.reverse(): list<A>', (list: List) => [...list].reverse())
    .registerFunction('list<A>.distinct(): list<A>', distinct);

  class Lists {}

  class Sets {}

  environment
    .registerType('kubernetes.Lists', Lists)
    .registerConstant('lists', 'kubernetes.Lists', new Lists())
    .registerFunction('kubernetes.Lists.range(int): list<int>', (_: Lists, length: bigint) => {
      if (length > 10_000n) {
        throw new CelFailure('lists.range is limited to 10000 items');
      }
      return Array.from({ length: Math.max(0, Number(length)) }, (_item, index) => BigInt(index));
    })
    .registerType('kubernetes.Sets', Sets)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerFunction(
      'kubernetes.Sets.contains(list, list): bool',
      (_: Sets, list: List, items: List) => containsAll(list, items),
    )
    .registerFunction(
      'kubernetes.Sets.equivalent(list, list): bool',
      (_: Sets, list: List, items: List) => containsAll(list, items) && containsAll(items, list),
    )
    .registerFunction(
      'kubernetes.Sets.intersects(list, list): bool',
      (_: Sets, list: List, items: List) => items.some((item) => has(list, item)),
    );
}
