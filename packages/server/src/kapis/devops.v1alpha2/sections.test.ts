import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEVOPS } from '@ks-apiserver/server/test/support/pipelines-platform';
import { TestPlatform } from '@ks-apiserver/server/test/support/test-platform';

const PATHS = {
  search: '/search',
  jenkins: '/jenkins/x',
  sonar: '/devops/proj/pipelines/shop/sonarstatus',
  binary: '/namespaces/default/s2ibinaries/app/file/a.jar',
};

// Nothing listens there.
const DEAD = 'http://127.0.0.1:9';
const JENKINS = { host: DEAD, username: 'root', password: 'pw' };

for (const [sections, served] of [
  [{}, []],
  [{ sonarqube: { host: DEAD } }, []],
  [{ s3: { endpoint: '127.0.0.1:9' } }, ['binary']],
  [{ devops: JENKINS }, ['search', 'jenkins', 'binary']],
  [
    { devops: JENKINS, sonarQube: { host: DEAD }, s3: { endpoint: DEAD } },
    ['search', 'jenkins', 'sonar', 'binary'],
  ],
] as const) {
  test(`${JSON.stringify(Object.keys(sections))} serves ${served.join(', ') || 'nothing'}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ks-sections-'));
    const config = join(folder, 'kubesphere.yaml');
    await writeFile(config, JSON.stringify(sections));

    const platform = await TestPlatform.start({ args: ['--config', config] });

    try {
      const found: string[] = [];

      for (const [name, path] of Object.entries(PATHS)) {
        const { status, text } = await platform.call(DEVOPS + path);
        if (!(status === 404 && text === '404: Page Not Found')) {
          found.push(name);
        }
      }

      assert.deepEqual(found, served);

      const { json } = await platform.call('/kapis/config.kubesphere.io/v1alpha2/configs/configz');
      assert.equal(json.devops, 'devops' in sections);
      assert.equal(json.s3, 's3' in sections);
    } finally {
      await platform.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
