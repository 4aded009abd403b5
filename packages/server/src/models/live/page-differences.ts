/** Objects of a page by their keys, in the page's order, as they were sent to readers. */
export type PageObjects = ReadonlyMap<string, Buffer>;

/** A difference between two pages; deletions have no index. */
export interface PageDifference {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  bytes: Buffer;
  /** Index in the new page. */
  index?: number;
}

/**
 * Returns what has left a page, then what is new or changed, in the new page's order: whoever
 * applies it in turn has the new page. Objects of an ordered page that have only moved count as
 * changed.
 */
export function pageDifferences(
  before: PageObjects,
  after: PageObjects,
  { ordered }: { ordered: boolean },
): PageDifference[] {
  const differences: PageDifference[] = [];

  for (const [key, bytes] of before) {
    if (!after.has(key)) {
      differences.push({ type: 'DELETED', bytes });
    }
  }

  // The order of the remaining objects after the differences so far are applied.
  const order = ordered ? [...before.keys()].filter((key) => after.has(key)) : [];

  [...after].forEach(([key, bytes], index) => {
    const known = before.get(key);
    const isMoved = ordered && order[index] !== key;

    if (!known) {
      differences.push({ type: 'ADDED', bytes, index });
    } else if (isMoved || known !== bytes) {
      differences.push({ type: 'MODIFIED', bytes, index });
    }

    if (isMoved) {
      const at = order.indexOf(key);
      if (at >= 0) {
        order.splice(at, 1);
      }

      order.splice(index, 0, key);
    }
  });

  return differences;
}
