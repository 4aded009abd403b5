// Prometheus' own scripts of tests of PromQL, on our engine.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { goModule } from './promql/go-module.mjs';
import { readScript } from './promql/script.mjs';
import { engineOf, problemWith } from './promql/scripted.mjs';

/** The version whose behaviour the engine has. */
const MODULE = 'github.com/prometheus/prometheus@v0.42.0';

/** Share of evaluations that must pass. */
const FLOOR = 1;

test("Prometheus' scripts pass", async (t) => {
  const dir = goModule(MODULE);
  if (!dir) {
    t.skip('needs Go');
    return;
  }

  const folder = join(dir, 'promql/testdata');
  const failures = [];
  let evaluations = 0;

  for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
    /** @type {import('./promql/script.mjs').Load[]} */
    let loads = [];
    let engine = engineOf(loads);

    for (const command of readScript(readFileSync(join(folder, file), 'utf8'))) {
      if (command.type === 'eval') {
        const problem = await problemWith(engine, command);

        evaluations += 1;
        if (problem) {
          failures.push(`${file}:${command.line}: ${command.expression}: ${problem}`);
        }
      } else {
        loads = command.type === 'clear' ? [] : [...loads, command];
        engine = engineOf(loads);
      }
    }
  }

  t.diagnostic(`${evaluations - failures.length} of ${evaluations} evaluations pass`);

  assert.ok(evaluations > 500, `only ${evaluations} evaluations were found`);
  assert.ok(failures.length <= (1 - FLOOR) * evaluations, failures.join('\n'));
});
