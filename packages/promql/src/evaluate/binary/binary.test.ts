import { engineOf, testCases } from '../test-engine.test.ts';

const engine = engineOf({
  'left{a="1"}': [6],
  'left{a="2"}': [4],
  'right{a="1"}': [3],
  'right{a="3"}': [1],
  'many{a="1", b="x"}': [10],
  'many{a="1", b="y"}': [20],
  'one{a="1", c="z"}': [2],
  'double{a="1", d="1"}': [1],
  'double{a="1", d="2"}': [2],
  'nothing{a="1"}': [Number.NaN],
});

testCases(engine, [
  ['left + right', 0, '{a="1"} 9'],
  ['left - right', 0, '{a="1"} 3'],
  ['left * right', 0, '{a="1"} 18'],
  ['left / right', 0, '{a="1"} 2'],
  ['left % 4', 0, '{a="1"} 2, {a="2"} 0'],
  ['left ^ right', 0, '{a="1"} 216'],
  ['1 ^ nothing', 0, '{a="1"} 1'],
  ['(0 * left{a="1"} - 1) ^ Inf', 0, '{a="1"} 1'],
  ['2 ^ 3 ^ 2', 0, '512'],
  ['-left', 0, '{a="1"} -6, {a="2"} -4'],
  ['left atan2 right', 0, '{__name__="left", a="1"} 1.1071487177940904'],
  ['left > right', 0, '{__name__="left", a="1"} 6'],
  ['left < bool right', 0, '{a="1"} 0'],
  ['left > 4', 0, '{__name__="left", a="1"} 6'],
  ['5 > left', 0, '{__name__="left", a="2"} 4'],
  ['5 > bool left', 0, '{a="1"} 0, {a="2"} 1'],
  ['1 < bool 2', 0, '1'],
  ['NaN == bool NaN', 0, '0'],
  ['left == on (a) right * 2', 0, '{a="1"} 6'],
  ['left and right', 0, '{__name__="left", a="1"} 6'],
  [
    'left or right',
    0,
    '{__name__="left", a="1"} 6, {__name__="left", a="2"} 4, {__name__="right", a="3"} 1',
  ],
  ['left unless right', 0, '{__name__="left", a="2"} 4'],
  ['left and on () right', 0, '{__name__="left", a="1"} 6, {__name__="left", a="2"} 4'],
  ['left and missing', 0, ''],
  ['left unless on () missing', 0, '{__name__="left", a="1"} 6, {__name__="left", a="2"} 4'],
]);

// Several elements of one side.
testCases(engine, [
  ['many * on (a) group_left one', 0, '{a="1", b="x"} 20, {a="1", b="y"} 40'],
  ['many * on (a) group_left (c) one', 0, '{a="1", b="x", c="z"} 20, {a="1", b="y", c="z"} 40'],
  ['one / on (a) group_right (c) many', 0, '{a="1", b="x", c="z"} 0.2, {a="1", b="y", c="z"} 0.1'],
  [
    'many > on (a) group_left (none) one',
    0,
    '{__name__="many", a="1", b="x"} 10, {__name__="many", a="1", b="y"} 20',
  ],
  ['one * ignoring (c, b) group_right many', 0, '{a="1", b="x"} 20, {a="1", b="y"} 40'],
  [
    'many * on (a) one',
    0,
    '!multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
  ],
  [
    'many * on (a) group_left (b) one',
    0,
    '!multiple matches for labels: grouping labels must ensure unique matches',
  ],
  [
    'left * on (a) double',
    0,
    '!found duplicate series for the match group {a="1"} on the right hand-side of the operation: [{__name__="double", a="1", d="2"}, {__name__="double", a="1", d="1"}];many-to-many matching not allowed: matching labels must be unique on one side',
  ],
  [
    'double * on (a) group_right left',
    0,
    '!found duplicate series for the match group {a="1"} on the left hand-side of the operation: [{__name__="double", a="1", d="2"}, {__name__="double", a="1", d="1"}];many-to-many matching not allowed: matching labels must be unique on one side',
  ],
  ['missing * on (a) double', 0, ''],
  [
    '{__name__=~"left|right", a="1"} + 1',
    0,
    '!vector cannot contain metrics with the same labelset',
  ],
  ['-{__name__=~"left|right", a="1"}', 0, '!vector cannot contain metrics with the same labelset'],
]);
