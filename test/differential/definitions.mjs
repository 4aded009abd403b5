// CustomResourceDefinitions for scenarios: each scenario has a group of its own.

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Returns the API group of a scenario. */
export const groupOf = (api) => `${api.namespace}.example.com`;

/** Returns a version of a definition. */
export const version = (name, properties, more = {}) => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object', properties } },
  ...more,
});

/** Returns a definition of `Thing`s in the scenario's group. */
export function definition(api, versions, options = {}) {
  const { names = {}, spec = {}, metadata = {} } = /** @type {any} */ (options);
  const plural = names.plural ?? 'things';

  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${groupOf(api)}`, ...metadata },
    spec: {
      group: groupOf(api),
      scope: 'Namespaced',
      names: { plural, kind: 'Thing', ...names },
      versions,
      ...spec,
    },
  };
}

/**
 * Creates a definition and waits until its objects are served; `things` is the path of their
 * collection.
 */
export async function define(api, versions, more) {
  const body = definition(api, versions, more);
  const { status, text } = await api.quietly('POST', definitionsPath, { body });
  if (status !== 201) {
    throw new Error(text);
  }

  const path = `${definitionsPath}/${body.metadata.name}`;
  await api.until(path, (found) =>
    found.status.conditions.some(({ type, status }) => type === 'Established' && status === 'True'),
  );

  const things = (name = versions[0].name) =>
    `${api.group(`${groupOf(api)}/${name}`)}/${body.spec.names.plural}`;

  for (const { name, served } of versions) {
    if (served) {
      await api.until(things(name), (_, found) => found === 200);
    }
  }

  return { path, things: things(), in: things };
}

/** Returns a `Thing`. */
export const thing = (api, name, fields = {}, versionName = 'v1') => ({
  apiVersion: `${groupOf(api)}/${versionName}`,
  kind: 'Thing',
  metadata: { name },
  ...fields,
});
