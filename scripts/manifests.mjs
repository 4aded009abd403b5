// Compiles the YAML files of packages/server/manifests into dist/manifests.json, so that a
// start parses no YAML.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const source = fileURLToPath(new URL('../packages/server/manifests/', import.meta.url));
const target = fileURLToPath(new URL('../packages/server/dist/manifests.json', import.meta.url));

const files = readdirSync(source, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.yaml'))
  .sort();

const newest = Math.max(
  ...[
    fileURLToPath(import.meta.url),
    source,
    `${source}crds`,
    `${source}objects`,
    ...files.map((file) => source + file),
  ].map((path) => statSync(path).mtimeMs),
);

if (existsSync(target) && statSync(target).mtimeMs > newest) {
  process.exit(0);
}

function objectsOf(file) {
  return parseAllDocuments(readFileSync(source + file, 'utf8')).map((document) => {
    if (document.errors.length > 0) {
      throw new Error(`${file}: ${document.errors[0].message}`);
    }
    return document.toJS();
  });
}

/**
 * Returns the rules of an aggregated ClusterRole: those of the roles that its selectors match,
 * which may be aggregated themselves.
 */
function aggregateRules(role, roles) {
  if (!role.aggregationRule) {
    return role.rules ?? [];
  }

  const matches = ({ metadata }) =>
    role.aggregationRule.clusterRoleSelectors.some(({ matchLabels }) =>
      Object.entries(matchLabels).every(([key, value]) => metadata.labels?.[key] === value),
    );

  const texts = roles
    .filter(matches)
    .flatMap((other) => aggregateRules(other, roles).map((rule) => JSON.stringify(rule)));

  return [...new Set(texts)].map((text) => JSON.parse(text));
}

const crds = files.filter((file) => file.startsWith('crds/')).flatMap(objectsOf);
const embedded = files.filter((file) => file.startsWith('objects/embedded-')).flatMap(objectsOf);
for (const role of embedded) {
  if (role.aggregationRule) {
    role.rules = aggregateRules(role, embedded);
  }
}

const POLICIES = 'objects/cluster-policies.yaml';
const policies = objectsOf(POLICIES);

const objects = files
  .filter(
    (file) =>
      file.startsWith('objects/') && !file.startsWith('objects/embedded-') && file !== POLICIES,
  )
  .flatMap(objectsOf);

const content = { crds, objects, embedded, policies };
const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);

mkdirSync(new URL('.', `file://${target}`), { recursive: true });
writeFileSync(target, JSON.stringify({ hash, ...content }));
