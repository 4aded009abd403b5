// Runs the tests of the built tree: node scripts/test.mjs [--unit | --api | --real] [path part …]
// keeps the unit tests, or all others, and the files whose path contains one of the parts; `--real`
// runs those that need heavier peers instead, one file after the other. In CI, files with failures
// run once more, alone: a real failure fails again, and one by chance is reported.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isUnitTest } from './test-kinds.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: kinds, positionals: parts } = parseArgs({
  options: {
    unit: { type: 'boolean' },
    api: { type: 'boolean' },
    real: { type: 'boolean' },
  },
  allowPositionals: true,
});

/** Most test files that run at the same time: each starts servers of its own. */
const MOST_AT_ONCE = 4;

/** Most failed files for which a second run is worth it: more do not fail by chance. */
const MAX_AGAIN = 3;

/** Returns the source of a compiled file of a package; undefined for other files. */
function sourceOf(file) {
  const [, folder, area, path] = /^(packages\/[\w-]+)\/dist\/(test\/)?(.*)\.js$/.exec(file) ?? [];
  return folder && `${folder}/${area ?? 'src/'}${path}.ts`;
}

/** Reports whether a file was compiled from a source that has been moved or deleted since. */
function isLeftOver(file) {
  const source = sourceOf(file);
  return source !== undefined && !existsSync(join(root, source));
}

const roots = [
  ...readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'dist')),
  'test',
];

const files = roots
  .filter((dir) => existsSync(join(root, dir)))
  .flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true }).map((file) => join(dir, String(file))),
  )
  .filter(
    (file) =>
      /\.test\.m?js$/.test(file) &&
      !file.includes('node_modules') &&
      file.startsWith('test/real') === Boolean(kinds.real),
  )
  .filter((file) => !isLeftOver(file))
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .filter(
    (file) => kinds.unit === kinds.api || isUnitTest(join(root, file)) === Boolean(kinds.unit),
  )
  .sort();

if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}

/** Runs test files; returns the exit code and the lines of failed-files.mjs. */
async function run(chosen, concurrency) {
  const dir = mkdtempSync(join(tmpdir(), 'ks-tests-'));
  const told = join(dir, 'failed');

  const reporters = [
    ...[
      '--test-reporter',
      process.stdout.isTTY ? 'spec' : 'tap',
      '--test-reporter-destination',
      'stdout',
    ],
    ...[
      '--test-reporter',
      join(root, 'scripts/failed-files.mjs'),
      '--test-reporter-destination',
      told,
    ],
  ];

  const options = [
    '--enable-source-maps',
    '--test',
    `--test-timeout=${kinds.real ? 600_000 : 300_000}`,
    `--test-concurrency=${concurrency}`,
  ];

  const child = spawn(process.execPath, [...options, ...reporters, ...chosen], {
    cwd: root,
    stdio: 'inherit',
  });

  const code = await new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  const failed = existsSync(told) ? readFileSync(told, 'utf8').split('\n').filter(Boolean) : [];

  rmSync(dir, { recursive: true, force: true });

  return { code, failed: [...new Set(failed)] };
}

/**
 * Returns the test files of lines of failed-files.mjs, which may name their sources because of
 * source maps; undefined if one is unknown.
 */
function filesOf(lines) {
  const found = new Set();

  for (const line of lines) {
    const file = files.find((one) => line.endsWith(one) || line.endsWith(sourceOf(one) ?? one));
    if (!file) {
      return undefined;
    }

    found.add(file);
  }

  return [...found];
}

// Many tests wait for something, so that one more than there are cores runs at once.
const atOnce = Math.min(availableParallelism() + 1, MOST_AT_ONCE);
const { code, failed } = await run(files, kinds.real ? 1 : atOnce);
const again = code !== 0 && process.env.CI ? filesOf(failed) : undefined;
if (!again?.length || again.length > MAX_AGAIN) {
  process.exit(code);
}

console.log(`\n# once more, alone: ${again.join(' ')}`);

const second = await run(again, 1);
if (second.code === 0) {
  console.log(`\n# failed once, not again: ${again.join(' ')}`);
}

process.exit(second.code);
