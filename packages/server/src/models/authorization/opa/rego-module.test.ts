import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isolateModule, RegoModuleError } from './rego-module.ts';

const SOURCE = `# who asks about himself
package authz

import data.authz.names
default allow = false
quote = "data.authz is a text \\" data.secret"
raw = \`data.authz\`
allow {
  input.data.authz == "x" # data.other
  data.authz.self
}
self { input.Name == input.User.Name }`;

test('a module gets a package of its own, in its code and nowhere else', () => {
  const { id, text } = isolateModule(SOURCE);
  const own = `ks_override.${id}`;
  assert.equal(
    text,
    SOURCE.replace('package authz', `package ${own}`)
      .replace('import data.authz', `import data.${own}`)
      .replace('  data.authz.self', `  data.${own}.self`),
  );

  assert.equal(isolateModule(SOURCE).id, id);
  assert.notEqual(isolateModule(`${SOURCE}\n`).id, id);
});

const REFUSED: Record<string, string> = {
  'no package': 'allow = true',
  'another package': 'package other\nallow = true',
  'a package below': 'package authz.sub\nallow = true',
  'a second package': 'package authz\npackage ks_override.mabc\nallow = true',
  'data of other packages': 'package authz\nallow { data.ks_override }',
  'all data': 'package authz\nallow { x := data; x.authz }',
  'data by index': 'package authz\nallow { data["ks_override"] }',
  'data across lines': 'package authz\nallow { data\n["x"] }',
  'data after a string with a quote': 'package authz\nx = "\\"" allow { data.x }',
  'data in a template string': 'package authz\nallow { $"{data.x}" }',
  'data that replaces data': 'package authz\nallow { x with data.x as 1 }',
  'too long': `package authz\n${'#'.repeat(70_000)}`,
};

for (const [what, source] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, () => assert.throws(() => isolateModule(source), RegoModuleError));
}
