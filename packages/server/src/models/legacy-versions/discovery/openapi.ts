import { createHash } from 'node:crypto';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import { changeAt, type Fields, isFields, withField } from '../fields.ts';
import { type LegacyKind, mappingOf } from '../legacy-kind.ts';

/**
 * OpenAPI v3 of older versions, made from that of the served ones: kubectl reads from it which
 * fields a version has.
 */

const GVK = 'x-kubernetes-group-version-kind';
const PRESERVE = 'x-kubernetes-preserve-unknown-fields';

/** Returns the versions in which kinds are served. */
export function servedVersions(kinds: readonly LegacyKind[]): string[] {
  return [...new Set(kinds.map(({ served }) => apiVersionOf(served)))];
}

/**
 * Adds the versions that are served here to the list of OpenAPI documents; their URLs change with
 * their content.
 */
export function withLegacyDocuments(document: Fields, kinds: readonly LegacyKind[]): Fields {
  const paths = isFields(document.paths) ? document.paths : {};
  const added: [string, unknown][] = [];

  for (const groupVersion of new Set(kinds.map(apiVersionOf))) {
    const own = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
    const sources = servedVersions(own).map((served) => paths[`apis/${served}`]);
    if (paths[`apis/${groupVersion}`] === undefined && sources.every(isFields)) {
      const hash = createHash('sha256')
        .update(JSON.stringify(sources))
        .digest('hex')
        .slice(0, 32)
        .toUpperCase();

      added.push([
        `apis/${groupVersion}`,
        { serverRelativeURL: `/openapi/v3/apis/${groupVersion}?hash=${hash}` },
      ]);
    }
  }

  return { ...document, paths: { ...paths, ...Object.fromEntries(added) } };
}

interface Named {
  group: string;
  version: string;
  kind: string;
}

function isSame(value: unknown, { group, version, kind }: Named): boolean {
  return (
    isFields(value) && value.group === group && value.version === version && value.kind === kind
  );
}

/** Returns the names of kinds in the served version, each with that in the older one. */
function namesOf(kinds: readonly LegacyKind[]): [Named, Named][] {
  return kinds.flatMap((legacy) =>
    ['', ...legacy.subresources.keys()].map((subresource): [Named, Named] => {
      const { kind, servedIn } = mappingOf(legacy, subresource);
      const [group = '', version = ''] = servedIn.split('/');

      return [
        { group, version, kind },
        { group: legacy.group, version: legacy.version, kind },
      ];
    }),
  );
}

/** Returns a function that gives the older version's name for a kind's name. */
function renamerOf(names: readonly [Named, Named][]): (kind: unknown) => unknown {
  return (kind) => names.find(([served]) => isSame(kind, served))?.[1] ?? kind;
}

/** Replaces the names of kinds by those in the older version. */
function renameKinds(value: unknown, names: readonly [Named, Named][]): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => renameKinds(each, names));
  }

  if (!isFields(value)) {
    return value;
  }

  const nameOf = renamerOf(names);

  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === GVK) {
        return [key, Array.isArray(inner) ? inner.map(nameOf) : nameOf(inner)];
      }

      return [key, renameKinds(inner, names)];
    }),
  );
}

/** Matches the resource and subresource of a path template. */
const TEMPLATE =
  /^(?:watch\/)?(?:namespaces\/\{namespace\}\/)?([^/{]+)(?:\/\{name\}(?:\/([^/]+))?)?$/;

const STRATEGIC = 'application/strategic-merge-patch+json';

/**
 * Removes strategic merge patches from the operations of a kind whose fields no schema describes:
 * clients that build them from a schema must use another type of patch.
 */
function withoutStrategic(item: unknown): unknown {
  return changeAt(item, ['patch', 'requestBody', 'content'], (content) =>
    isFields(content) ? withField(content, STRATEGIC, undefined) : content,
  );
}

function pathsOf(
  document: Fields,
  kinds: readonly LegacyKind[],
  names: readonly [Named, Named][],
): [string, unknown][] {
  return Object.entries(isFields(document.paths) ? document.paths : {}).flatMap(
    ([path, item]): [string, unknown][] => {
      const [, prefix, group, version, ...rest] = path.split('/');
      const [, resource, subresource = ''] = TEMPLATE.exec(rest.join('/')) ?? [];

      const kind = kinds.find(
        ({ served, subresources }) =>
          served.group === group &&
          served.version === version &&
          served.resource === resource &&
          (subresource === '' || subresources.has(subresource)),
      );

      if (prefix !== 'apis' || !kind) {
        return [];
      }

      const renamed = renameKinds(item, names);
      const isOpen = kind.conversion?.unknown !== undefined;

      return [
        [
          `/apis/${kind.group}/${kind.version}/${rest.join('/')}`,
          isOpen ? withoutStrategic(renamed) : renamed,
        ],
      ];
    },
  );
}

/**
 * Describes a kind whose fields differ in the older version without its fields: any are accepted.
 */
function openSchema(schema: Fields, names: readonly [Named, Named][]): Fields {
  const { apiVersion, kind, metadata } = isFields(schema.properties) ? schema.properties : {};
  const { description } = schema;
  const nameOf = renamerOf(names);
  const gvk = schema[GVK];

  return {
    type: 'object',
    description,
    properties: { apiVersion, kind, metadata },
    [PRESERVE]: true,
    [GVK]: Array.isArray(gvk) ? gvk.map(nameOf) : nameOf(gvk),
  };
}

function schemasOf(
  document: Fields,
  kinds: readonly LegacyKind[],
  names: readonly [Named, Named][],
): [string, unknown][] {
  const components = isFields(document.components) ? document.components : {};
  const others = namesOf(kinds.filter(({ conversion }) => conversion?.unknown !== undefined)).map(
    ([served]) => served,
  );

  return Object.entries(isFields(components.schemas) ? components.schemas : {}).map(
    ([name, schema]) => {
      const own = isFields(schema) ? [schema[GVK]].flat() : [];
      const isOther = own.some((each) => others.some((other) => isSame(each, other)));
      return [
        name,
        isOther && isFields(schema) ? openSchema(schema, names) : renameKinds(schema, names),
      ];
    },
  );
}

/**
 * Makes the OpenAPI document of an older version from those of the versions in which its kinds are
 * served.
 */
export function makeLegacyDocument(
  documents: readonly Fields[],
  kinds: readonly LegacyKind[],
): Fields {
  const names = namesOf(kinds);
  const [first] = documents;

  return {
    openapi: first?.openapi ?? '3.0.0',
    info: first?.info,
    paths: Object.fromEntries(documents.flatMap((document) => pathsOf(document, kinds, names))),
    components: {
      schemas: Object.fromEntries(
        documents.flatMap((document) => schemasOf(document, kinds, names)),
      ),
    },
  };
}
