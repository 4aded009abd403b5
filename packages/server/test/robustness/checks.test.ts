import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, type Operation } from './history.ts';
import { findUnexplained } from './linearizability.ts';
import { checkWatches } from './watch-history.ts';

/** Builds calls from `[kind, called, returned, result, content, expects]`. */
type Row = [Operation['kind'], number, number, Operation['result'], string?, string?];

function calls(rows: Row[]): Operation[] {
  return rows.map(([kind, called, returned, result, content, expects]) => ({
    key: 'k',
    kind,
    called,
    returned,
    result,
    ...(content !== undefined && (kind === 'get' ? { reads: content } : { writes: content })),
    ...(expects !== undefined && { expects }),
  }));
}

const explained: [string, Row[]][] = [
  [
    'sequential calls',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['get', 3, 4, 'ok', 'a'],
      ['delete', 5, 6, 'ok'],
      ['get', 7, 8, 'missing'],
    ],
  ],
  [
    'a read sees a write under way',
    [
      ['create', 1, 9, 'ok', 'a'],
      ['get', 2, 3, 'ok', 'a'],
      ['get', 4, 5, 'ok', 'a'],
    ],
  ],
  [
    'one of two creates wins',
    [
      ['create', 1, 4, 'ok', 'a'],
      ['create', 2, 3, 'exists', 'b'],
      ['get', 5, 6, 'ok', 'a'],
    ],
  ],
  [
    'one of two updates wins',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['update', 3, 6, 'ok', 'b', 'a'],
      ['update', 4, 5, 'conflict', 'c', 'a'],
    ],
  ],
  [
    'a lost write happened',
    [
      ['create', 1, 5, 'unknown', 'a'],
      ['get', 6, 7, 'ok', 'a'],
    ],
  ],
  [
    'a lost write did not happen',
    [
      ['create', 1, 5, 'unknown', 'a'],
      ['get', 6, 7, 'missing'],
    ],
  ],
  [
    'a lost delete happened',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['delete', 3, 9, 'unknown'],
      ['create', 4, 5, 'ok', 'b'],
      ['get', 6, 7, 'ok', 'b'],
    ],
  ],
];

const unexplained: [string, Row[]][] = [
  [
    'a stale read',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['update', 3, 4, 'ok', 'b', 'a'],
      ['get', 5, 6, 'ok', 'a'],
    ],
  ],
  [
    'a lost acknowledged write',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['get', 3, 4, 'missing'],
    ],
  ],
  [
    'two updates of one version',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['update', 3, 6, 'ok', 'b', 'a'],
      ['update', 4, 5, 'ok', 'c', 'a'],
    ],
  ],
  [
    'two creates',
    [
      ['create', 1, 4, 'ok', 'a'],
      ['create', 2, 3, 'ok', 'b'],
    ],
  ],
  [
    'reads that go back',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['update', 3, 9, 'ok', 'b', 'a'],
      ['get', 4, 5, 'ok', 'b'],
      ['get', 6, 7, 'ok', 'a'],
    ],
  ],
  [
    'a lost write that happens after all was over',
    [
      ['create', 1, 5, 'unknown', 'a'],
      ['get', 6, 7, 'missing'],
      ['get', 8, 9, 'ok', 'a'],
    ],
  ],
  [
    'a conflict without a cause',
    [
      ['create', 1, 2, 'ok', 'a'],
      ['update', 3, 4, 'conflict', 'b', 'a'],
    ],
  ],
];

for (const [name, rows] of explained) {
  test(`linearizable: ${name}`, () => assert.equal(findUnexplained(calls(rows)), undefined));
}

for (const [name, rows] of unexplained) {
  test(`not linearizable: ${name}`, () => assert.ok(findUnexplained(calls(rows))));
}

/**
 * Returns a history of three writes that a watcher with one resumed watch, another watcher and a
 * list saw.
 */
function buildHistory(): History {
  const history = new History();

  const write = (revision: number, kind: Operation['kind'], writes?: string, key = 'k') =>
    history.operations.push({
      key,
      kind,
      called: revision * 10,
      returned: revision * 10 + 5,
      result: 'ok',
      revision,
      ...(writes && { writes }),
    });

  write(2, 'create', 'a');
  write(3, 'update', 'b');
  write(5, 'delete');

  const event = (revision: number, type: 'ADDED' | 'MODIFIED' | 'DELETED', content: string) => ({
    revision,
    type,
    key: 'k',
    content,
  });

  const events = () => [
    event(2, 'ADDED', 'a'),
    event(3, 'MODIFIED', 'b'),
    event(5, 'DELETED', 'b'),
  ];

  history.watchers.push([
    {
      after: 1,
      events: [...events().slice(0, 2), { revision: 4, type: 'BOOKMARK', key: '', content: '' }],
    },
    { after: 4, events: events().slice(2) },
  ]);

  history.watchers.push([{ after: 1, events: events() }]);
  history.listings.push({ revision: 3, items: new Map([['k', 'b']]), called: 36, returned: 49 });

  return history;
}

test('correct watches pass', () => checkWatches(buildHistory()));

const broken: [string, RegExp, (history: History) => void][] = [
  ['a gap', /leaves nothing out/, (history) => history.watchers[1]![0]!.events.splice(1, 1)],
  [
    'a repeated event',
    /event 3 of k came after 3/,
    ({ watchers }) => watchers[1]![0]!.events.splice(1, 0, watchers[1]![0]!.events[1]!),
  ],
  [
    'an event before a bookmark',
    /event 3 of k came after 4/,
    ({ watchers }) => watchers[0]![1]!.events.unshift(watchers[1]![0]!.events[1]!),
  ],
  [
    'a write that no watcher saw',
    /is in no watch/,
    ({ watchers }) => {
      watchers[0]![1]!.events.pop();
      watchers[1]![0]!.events.pop();
    },
  ],
  [
    'two truths',
    /same change at a revision/,
    ({ watchers }) => Object.assign(watchers[1]![0]!.events[1]!, { content: 'x' }),
  ],
  [
    'a repeated resourceVersion',
    /given out twice/,
    ({ operations }) => Object.assign(operations[1]!, { revision: 2 }),
  ],
  [
    'a mixed list',
    /is the state at that revision/,
    ({ listings }) => listings[0]!.items.set('k', 'a'),
  ],
  [
    'a stale list',
    /misses the earlier write 5/,
    ({ listings }) => Object.assign(listings[0]!, { called: 56, returned: 57 }),
  ],
];

for (const [name, message, spoil] of broken) {
  test(`watches: ${name} is found`, () => {
    const history = buildHistory();
    spoil(history);
    assert.throws(() => checkWatches(history), message);
  });
}
