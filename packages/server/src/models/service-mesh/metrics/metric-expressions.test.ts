import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRIC_NAME } from '@ks-apiserver/promql/matching/matcher';
import type { Expression, VectorSelector } from '@ks-apiserver/promql/syntax/expression';
import { mapMatchers } from '@ks-apiserver/promql/syntax/matchers';
import { parseExpression } from '@ks-apiserver/promql/syntax/parse';
import { printExpression } from '@ks-apiserver/promql/syntax/print';
import fc from 'fast-check';
import {
  averageExpression,
  type MetricSubject,
  quantileExpression,
  rateExpression,
} from './metric-expressions.ts';
import { parseMetricParameters } from './metric-parameters.ts';

const parameters = (text = '') => parseMetricParameters(new URLSearchParams(text), 10_000);

/** Returns the selectors of a text as they are read again. */
function selectorsOf(text: string): VectorSelector['matchers'][] {
  const found: VectorSelector['matchers'][] = [];
  mapMatchers(parseExpression(text), (matchers) => {
    found.push(matchers);
    return matchers;
  });

  return found;
}

const texts = (expression: Expression) =>
  selectorsOf(printExpression(expression)).map((matchers) =>
    matchers.map(({ name, op, value }) => `${name}${op}${value}`).join(','),
  );

test('a rate is the sum over the series of its subject', () => {
  const expression = rateExpression(
    'request_error_count',
    { namespace: 'demo', workload: 'web-v1' },
    parameters('direction=inbound&reporter=destination&requestProtocol=http&byLabels[]=a, b'),
  );

  assert.deepEqual(
    [...new Set(texts(expression))],
    [
      '__name__=istio_requests_total,reporter=destination,destination_workload_namespace=demo,destination_workload=web-v1,request_protocol=http,response_code=~[5|4].*',
    ],
  );
  assert.match(printExpression(expression), /sum by \(a, b\) \(rate\(.*\[1m\]\)\)/);
});

test('metrics of a service are those of its destination, whatever the direction', () => {
  const [selector] = texts(
    rateExpression('tcp_sent', { namespace: 'demo', service: 'web' }, parameters()),
  );
  assert.equal(
    selector,
    '__name__=istio_tcp_sent_bytes_total,reporter=source,destination_service_name=web,destination_service_namespace=demo',
  );
});

test('durations are read in seconds, or in the milliseconds of newer versions of Istio', () => {
  const average = averageExpression('request_duration', { namespace: 'demo' }, parameters());
  const quantile = quantileExpression(
    'request_duration',
    0.95,
    { namespace: 'demo' },
    parameters('byLabels[]=source_app'),
  );

  assert.match(
    printExpression(average),
    /istio_request_duration_seconds_sum.* or .*istio_request_duration_milliseconds_count.* \/ 1000/,
  );
  assert.match(printExpression(quantile), /histogram_quantile\(0\.95, sum by \(le, source_app\)/);
});

test('no text of a caller leaves its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, label) => {
      const subject: MetricSubject = { namespace: 'demo', app: value };
      const asked = new URLSearchParams({ requestProtocol: value, 'byLabels[]': label });
      const expression = rateExpression(
        'request_count',
        subject,
        parseMetricParameters(asked, 10_000),
      );

      for (const matchers of selectorsOf(printExpression(expression))) {
        const names = matchers.map(({ name }) => name);
        assert.deepEqual(
          names,
          [METRIC_NAME, 'reporter', 'source_workload_namespace', 'source_app'].concat(
            value === '' ? [] : ['request_protocol'],
          ),
        );
        assert.ok(matchers.some(({ value: of }) => of === 'demo'));
      }
    }),
  );
});
