import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError, parseConfig, parseDuration } from './config.ts';

test('an empty file has all defaults', () => {
  const { config, unknown } = parseConfig('');
  assert.equal(config.authentication.oauthOptions.accessTokenMaxAge, 7_200_000);
  assert.equal(config.authentication.authenticateRateLimiterMaxTries, 5);
  assert.equal(config.redis.host, '');
  assert.equal(config.authorization.mode, 'RBAC');
  assert.deepEqual(unknown, []);
});

test('keys are read without regard to case, unknown ones are named', () => {
  const { config, unknown } = parseConfig(
    'Authentication:\n  JWTSecret: abc\n  oauthOptions: {accessTokenMaxAge: 1h30m}\nsonarQube: {host: h}\nfoo: 1\nredis: {hots: x}\n',
  );
  assert.equal(config.authentication.jwtSecret, 'abc');
  assert.equal(config.authentication.oauthOptions.accessTokenMaxAge, 5_400_000);
  assert.equal(config.sonarqube.host, 'h');
  assert.deepEqual(unknown.toSorted(), ['foo', 'redis.hots']);
});

test('kinds of GPUs come from the configuration', () => {
  const { config } = parseConfig(
    'gpu: {kinds: [{resourceName: nvidia.com/gpu, resourceType: GPU, default: true}]}',
  );
  assert.deepEqual(config.gpu.kinds, [
    { resourceName: 'nvidia.com/gpu', resourceType: 'GPU', default: true },
  ]);
});

const wrong: [string, RegExp][] = [
  [
    'redis: {port: 99999}',
    /^redis\.port: 99999 is not valid, allowed is a whole number from 0 to 65535$/,
  ],
  [
    'authorization: {mode: Maybe}',
    /^authorization\.mode: "Maybe" is not valid, allowed is one of RBAC, AlwaysAllow, AlwaysDeny$/,
  ],
  [
    'authentication: {maximumClockSkew: soon}',
    /^authentication\.maximumClockSkew: "soon" .* a duration such as 2h30m/,
  ],
  [
    'authentication: {oauthOptions: {clients: [{secret: x}]}}',
    /^authentication\.oauthOptions\.clients\[0\]\.name: is missing$/,
  ],
  [
    'multicluster: {federation: both}',
    /^multicluster\.federation: "both" is not valid, allowed is one of own, kubefed, off$/,
  ],
  ['authentication: [1]', /^authentication: \[1\] is not valid, allowed is a section with keys$/],
  [
    'verification: {allowedCIDRs: [10.0.0.0]}',
    /^verification\.allowedCIDRs\[0\]: "10\.0\.0\.0" is not valid, allowed is a network/,
  ],
  ['a: b: c', /no YAML/],
];

for (const [text, message] of wrong) {
  test(`refused: ${text}`, () =>
    assert.throws(
      () => parseConfig(text),
      (error: Error) => error instanceof ConfigError && message.test(error.message),
    ));
}

test("durations have Go's format", () => {
  assert.equal(parseDuration('1h2m3.5s'), 3_723_500);
  assert.equal(parseDuration('90'), undefined);

  fc.assert(
    fc.property(
      fc.string(),
      (text) => fc.pre(!/^\d/.test(text)) === undefined && parseDuration(text) === undefined,
    ),
  );
});

test('every text is read or refused with a ConfigError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parseConfig(text);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
  );
});
