import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { RequestTally } from './request-tally.ts';

test('requests are shown in the form of Prometheus, with cumulative buckets', async () => {
  const registry = new Registry();
  const tally = new RequestTally();
  tally.register(registry);

  const labels = { verb: 'get', group: 'core' };
  for (const seconds of [0.0005, 0.001, 0.01, 100]) {
    tally.add(labels, 200, seconds);
  }
  tally.add(labels, 404, 0.0001);
  tally.add({ verb: 'watch', group: 'core' }, 200, undefined);

  const text = await registry.metrics();

  for (const line of [
    'ks_apiserver_request_total{verb="get",group="core",code="200"} 4',
    'ks_apiserver_request_total{verb="get",group="core",code="404"} 1',
    'ks_apiserver_request_total{verb="watch",group="core",code="200"} 1',
    'ks_apiserver_request_duration_seconds_bucket{le="0.001",verb="get",group="core"} 3',
    'ks_apiserver_request_duration_seconds_bucket{le="0.02",verb="get",group="core"} 4',
    'ks_apiserver_request_duration_seconds_bucket{le="60",verb="get",group="core"} 4',
    'ks_apiserver_request_duration_seconds_bucket{le="+Inf",verb="get",group="core"} 5',
    'ks_apiserver_request_duration_seconds_count{verb="get",group="core"} 5',
  ]) {
    assert.ok(text.includes(line), line);
  }

  assert.doesNotMatch(text, /duration_seconds_count\{verb="watch"/);
  assert.match(text, /^# TYPE ks_apiserver_request_duration_seconds histogram$/m);
  assert.equal(await registry.metrics(), text, 'reading counts nothing');
});
