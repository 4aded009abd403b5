// The differential suite: the same calls, kubectl command lines and watches on a real
// kube-apiserver and on the embedded API, in one run. `node test/differential/run.mjs [PART…]` runs
// the scenarios whose file or name contains a PART.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { differences, ListedDifferences } from './compare.mjs';
import { normalise } from './normalise.mjs';
import { Recorder } from './recorder.mjs';
import { startSides } from './sides.mjs';

const folder = fileURLToPath(new URL('scenarios/', import.meta.url));
const listed = new ListedDifferences(
  JSON.parse(readFileSync(new URL('differences.json', import.meta.url), 'utf8')),
);
const parts = process.argv.slice(2);

// Both sides of one scenario run at the same time, and this many scenarios in parallel.
const concurrency = 3;

async function scenarios() {
  const all = [];

  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .sort()) {
    const { default: list } = await import(`./scenarios/${file}`);
    for (const { name, run, alone = false } of list) {
      all.push({ file, name: `${file.replace('.mjs', '')}: ${name}`, run, alone });
    }
  }

  const names = new Set(all.map(({ name }) => name));
  if (names.size !== all.length) {
    throw new Error('two scenarios have one name');
  }

  return all.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
}

/** Runs one scenario on one side, in a namespace with the usual default objects. */
async function runScenario(side, scenario, namespace) {
  const recorder = new Recorder(side, namespace);
  const { status, body } = await recorder.quietly('POST', '/api/v1/namespaces', {
    body: { metadata: { name: namespace } },
  });

  if (status !== 201) {
    throw new Error(`namespace ${namespace} on ${side.name}: ${JSON.stringify(body)}`);
  }

  await recorder.until(`${recorder.core}/serviceaccounts/default`, (_, found) => found === 200);

  // The embedded API's default account mounts no token (differences.json); the real one is changed
  // to match, so that pods can be compared.
  const headers = { 'content-type': 'application/merge-patch+json' };
  const account = `${recorder.core}/serviceaccounts/default`;
  await recorder.quietly('PATCH', account, {
    body: { automountServiceAccountToken: false },
    headers,
  });

  await recorder.until(`${recorder.core}/configmaps/kube-root-ca.crt`, (_, found) => found === 200);

  try {
    await scenario.run(recorder);
  } catch (error) {
    recorder.transcript.push({
      call: 'scenario',
      error: `${error.message.replace(`${side.name}: `, '')}`.slice(0, 500),
    });
  }

  return recorder.transcript;
}

const short = (value) => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 400000 ? `${text.slice(0, 400)}…` : text;
};

/**
 * Compares one scenario.
 * @returns the lines that describe differences, and how many calls were made, were explained, and
 * found a name taken
 */
async function compare(sides, scenario, namespace) {
  const [real, ours] = await Promise.all(
    [sides.real, sides.ours].map((side) => runScenario(side, scenario, namespace)),
  );
  const [a, b] = [normalise(real), normalise(ours)];
  const lines = [];
  let explained = 0;

  for (let step = 0; step < Math.max(a.length, b.length); step++) {
    const call = a[step]?.call ?? b[step]?.call;
    const found = differences(a[step], b[step]);

    // When only one side refuses, every field differs: status and message are enough.
    const telling = found.some(({ path }) => path === 'status')
      ? found.filter(({ path }) => /^(status|body\.message)$/.test(path))
      : found;

    for (const { path, real, ours } of telling) {
      if (listed.explain(scenario.name, call, path)) {
        explained += 1;
      } else {
        lines.push(
          `  ${step + 1}. ${call}\n     ${path}\n       real ${short(real)}\n       ours ${short(ours)}`,
        );
      }
    }

    if (a[step]?.error) {
      lines.push(`  the scenario itself failed on the real server: ${a[step].error}`);
    }
  }

  const taken = real.filter(({ body }) => body?.reason === 'AlreadyExists').length;

  return { lines, calls: a.length, explained, taken };
}

const chosen = await scenarios();
const sides = await startSides();
let [passed, failed, calls, explained] = [0, 0, 0, 0];

/** Scenarios that differed once, to be repeated when nothing else runs. */
const again = [];
const formatDifferences = ({ name }, lines) => `${name}\n${lines.join('\n')}`;

const attempt = (scenario, namespace) =>
  compare(sides, scenario, namespace).catch((error) => ({
    lines: [`  ${error.stack}`],
    calls: 0,
    explained: 0,
    taken: 0,
  }));

function pass(result) {
  passed += 1;
  calls += result.calls;
  explained += result.explained;
}

try {
  const queue = chosen.map((scenario, index) => ({ scenario, namespace: `scenario-${index}` }));

  async function worker(alone) {
    for (;;) {
      const at = queue.findIndex(({ scenario }) => scenario.alone === alone);
      if (at < 0) {
        return;
      }

      const [{ scenario, namespace }] = queue.splice(at, 1);
      const first = await attempt(scenario, namespace);
      if (first.lines.length === 0) {
        pass(first);
      } else {
        again.push({ scenario, namespace: `${namespace}-again`, first });
      }
    }
  }

  await Promise.all(Array.from({ length: concurrency }, () => worker(false)));
  await worker(true);

  // Controllers of the real server write beside the calls, so a difference counts only if it
  // appears again, unless leftovers of the first run keep the second from making the same calls.
  for (const { scenario, namespace, first } of again) {
    const second = await attempt(scenario, namespace);
    if (second.lines.length === 0 && second.taken <= first.taken) {
      pass(second);
      console.log(`\ndiffered once, not again: ${formatDifferences(scenario, first.lines)}`);
    } else {
      failed += 1;
      console.log(`\nnot the same: ${formatDifferences(scenario, first.lines)}`);
    }
  }
} finally {
  await Promise.all([sides.real.stop(), sides.ours.stop()]);
}

if (parts.length === 0) {
  for (const entry of listed.unused) {
    failed += 1;
    console.log(`\nlisted, but no such difference: ${JSON.stringify(entry)}`);
  }
}

if (parts.length === 0) {
  // The document states how much is compared and must be current.
  const counts = `${calls} calls in ${chosen.length} scenarios, ${listed.entries.length} listed differences`;

  const document = readFileSync(
    new URL('../../docs/embedded-kubernetes.md', import.meta.url),
    'utf8',
  );

  if (!document.includes(counts)) {
    failed += 1;
    console.log(`\ndocs/embedded-kubernetes.md does not say: ${counts}`);
  }
}

console.log(
  `\n${calls} calls in ${chosen.length} scenarios; ${explained} differences are listed with their reason`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
