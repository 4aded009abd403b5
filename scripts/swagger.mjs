// node scripts/swagger.mjs writes api/openapi-spec/swagger.json and
// api/ks-openapi-spec/swagger.json node scripts/swagger.mjs compare says which operations of
// KubeSphere 3.0 are missing; `--reference FILE` also compares
//                                     parameters and definitions with a Swagger file
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { routeTables } from '../packages/server/dist/kapis/routes.js';
import {
  compareDeeply,
  compareOperations,
  operationsOf,
  parseOperations,
} from '../packages/server/dist/swagger/compare.js';
import { crdSwagger } from '../packages/server/dist/swagger/crd-swagger.js';
import { kubesphereSwagger } from '../packages/server/dist/swagger/kubesphere-swagger.js';

const api = fileURLToPath(new URL('../api/', import.meta.url));

const { values, positionals } = parseArgs({
  options: { reference: { type: 'string' } },
  allowPositionals: true,
});

const documents = {
  'openapi-spec': crdSwagger(),
  'ks-openapi-spec': kubesphereSwagger(
    routeTables().filter(({ path }) => /^\/(kapis|oauth)\//.test(path)),
  ),
};

if (positionals[0] === 'compare') {
  const merged = { ...documents['ks-openapi-spec'] };
  merged.paths = { ...merged.paths, ...documents['openapi-spec'].paths };
  merged.definitions = { ...merged.definitions, ...documents['openapi-spec'].definitions };

  const { operations, missingAtMost } = parseOperations(
    readFileSync(`${api}operations-3.0.txt`, 'utf8'),
  );
  const { missing, renamed } = compareOperations(operations, merged);
  for (const { method, path, operationId } of missing) {
    console.log(`missing ${method} ${path} ${operationId}`);
  }

  for (const { method, path, operationId, ours } of renamed) {
    console.log(`renamed ${method} ${path} ${operationId} -> ${ours}`);
  }

  if (values.reference) {
    for (const line of compareDeeply(JSON.parse(readFileSync(values.reference, 'utf8')), merged)) {
      console.log(line);
    }
  }

  const total = operations.length;
  console.log(
    `${total - missing.length} of ${total} operations of 3.0, ${missing.length} missing (${missingAtMost} allowed)`,
  );

  if (missing.length > missingAtMost) {
    process.exitCode = 1;
  }
} else {
  for (const [folder, document] of Object.entries(documents)) {
    mkdirSync(api + folder, { recursive: true });
    writeFileSync(`${api}${folder}/swagger.json`, `${JSON.stringify(document, null, 1)}\n`);
    console.log(`api/${folder}/swagger.json: ${operationsOf(document).size} operations`);
  }
}
