import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  nonResourceUrlMatches,
  type PolicyRule,
  type RuleAttributes,
  ruleAllows,
} from './rules.ts';

const get = (resource: string, more: Partial<RuleAttributes> = {}): RuleAttributes => ({
  verb: 'get',
  isResource: true,
  group: '',
  resource,
  subresource: '',
  name: '',
  path: '',
  ...more,
});

const cases: [string, PolicyRule, RuleAttributes, boolean][] = [
  ['exact', { verbs: ['get'], apiGroups: [''], resources: ['pods'] }, get('pods'), true],
  ['other verb', { verbs: ['list'], apiGroups: [''], resources: ['pods'] }, get('pods'), false],
  ['other group', { verbs: ['get'], apiGroups: ['apps'], resources: ['pods'] }, get('pods'), false],
  [
    'wildcards',
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    get('pods', { subresource: 'log' }),
    true,
  ],
  [
    'plain name is not its subresource',
    { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
    get('pods', { subresource: 'log' }),
    false,
  ],
  [
    'subresource',
    { verbs: ['get'], apiGroups: [''], resources: ['pods/log'] },
    get('pods', { subresource: 'log' }),
    true,
  ],
  [
    'any resource of a subresource',
    { verbs: ['get'], apiGroups: [''], resources: ['*/log'] },
    get('pods', { subresource: 'log' }),
    true,
  ],
  [
    '*/x does not cover the resource x',
    { verbs: ['get'], apiGroups: [''], resources: ['*/log'] },
    get('log'),
    false,
  ],
  [
    'named',
    { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
    get('pods', { name: 'a' }),
    true,
  ],
  [
    'other name',
    { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
    get('pods', { name: 'b' }),
    false,
  ],
  [
    'names do not cover lists',
    { verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
    get('pods', { verb: 'list' }),
    false,
  ],
  ['null lists', { verbs: ['get'], apiGroups: null, resources: null }, get('pods'), false],
  [
    'resource rule on a path',
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    get('', { isResource: false, verb: 'GET', path: '/metrics' }),
    false,
  ],
  [
    'path',
    { verbs: ['GET'], nonResourceURLs: ['/metrics'] },
    get('', { isResource: false, verb: 'GET', path: '/metrics' }),
    true,
  ],
];

for (const [name, rule, attributes, allowed] of cases) {
  test(`rule: ${name}`, () => assert.equal(ruleAllows(rule, attributes), allowed));
}

test('non-resource URLs match exactly, by *, or by prefix', () => {
  assert.ok(nonResourceUrlMatches('/healthz/*', '/healthz/etcd'));
  assert.ok(nonResourceUrlMatches('*', '/x'));
  assert.ok(!nonResourceUrlMatches('/healthz', '/healthz/etcd'));
});
