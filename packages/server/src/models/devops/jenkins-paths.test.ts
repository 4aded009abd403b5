import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { credentialPath, jobPath, pipelinePath, runPath, segment } from './jenkins-paths.ts';

const PIPELINE = '/blue/rest/organizations/jenkins/pipelines/proj/pipelines/shop';

test('names become segments of the paths of Jenkins', () => {
  const names = { devops: 'proj', pipeline: 'shop' };

  assert.equal(pipelinePath(names), PIPELINE);
  assert.equal(
    pipelinePath({ ...names, branch: 'feature%2Fx' }),
    `${PIPELINE}/branches/feature%2Fx`,
  );
  assert.equal(runPath({ ...names, run: '3' }), `${PIPELINE}/runs/3`);
  assert.equal(jobPath(names), '/job/proj/job/shop');
  assert.equal(
    jobPath({ ...names, branch: 'feature%2Fx' }),
    '/job/proj/job/shop/job/feature%252Fx',
  );
  assert.match(credentialPath({ devops: 'proj', credential: 'a b' }), /\/credential\/a%20b$/);
});

test('a name that Jenkins could read as a path is refused', () => {
  for (const name of [
    '',
    '.',
    '..',
    '%2e%2e',
    'a/../b',
    'a%2F..%2Fb',
    '..;x',
    ';x',
    '\\',
    'a%00',
    '%2F',
  ]) {
    assert.throws(() => segment(name), { code: 400 }, name);
  }

  for (const name of ['a/b', 'a%2Fb']) {
    assert.throws(() => pipelinePath({ devops: name, pipeline: 'shop' }), { code: 400 });
    assert.throws(() => runPath({ devops: 'a', pipeline: 'b', run: name }), { code: 400 });
  }
});

test('no name leaves its segment', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      let encoded: string;

      try {
        encoded = segment(name);
      } catch {
        return true;
      }

      // Read once, as a server does.
      const url = new URL(`http://jenkins/a/${encoded}/b`);

      return url.pathname === `/a/${encoded}/b` && !/[/\\;?#]/.test(encoded);
    }),
  );
});
