import { createHash } from 'node:crypto';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import { changedAt, type Fields, isFields, withField } from '../fields.ts';
import { type LegacyKind, toldBy } from '../legacy-kind.ts';

/**
 * OpenAPI v3 of older versions, told by that of the served ones: kubectl asks it what a version
 * takes.
 */

const GVK = 'x-kubernetes-group-version-kind';
const PRESERVE = 'x-kubernetes-preserve-unknown-fields';

/** The versions that kinds are served in. */
export function servedVersions(kinds: readonly LegacyKind[]): string[] {
  return [...new Set(kinds.map(({ served }) => apiVersionOf(served)))];
}

/**
 * The list of OpenAPI documents with those of versions that are served here; their addresses change
 * with what they are made of.
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

/** Names of kinds in the served version, each with that in the older one. */
function namesOf(kinds: readonly LegacyKind[]): [Named, Named][] {
  return kinds.flatMap((legacy) =>
    ['', ...legacy.subresources.keys()].map((subresource): [Named, Named] => {
      const { kind, servedIn } = toldBy(legacy, subresource);
      const [group = '', version = ''] = servedIn.split('/');

      return [
        { group, version, kind },
        { group: legacy.group, version: legacy.version, kind },
      ];
    }),
  );
}

/** What says of which kind it is, said of the older version. */
function renamed(value: unknown, names: readonly [Named, Named][]): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => renamed(each, names));
  }

  if (!isFields(value)) {
    return value;
  }

  const nameOf = (each: unknown) => names.find(([served]) => isSame(each, served))?.[1] ?? each;

  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === GVK) {
        return [key, Array.isArray(inner) ? inner.map(nameOf) : nameOf(inner)];
      }

      return [key, renamed(inner, names)];
    }),
  );
}

/** Resource and subresource of a path template. */
const TEMPLATE =
  /^(?:watch\/)?(?:namespaces\/\{namespace\}\/)?([^/{]+)(?:\/\{name\}(?:\/([^/]+))?)?$/;

const STRATEGIC = 'application/strategic-merge-patch+json';

/**
 * Operations of a kind whose fields are told by no schema: clients that make strategic merge
 * patches by one must take another, or what they know of the kind themselves.
 */
function withoutStrategic(item: unknown): unknown {
  return changedAt(item, ['patch', 'requestBody', 'content'], (content) =>
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

      const told = renamed(item, names);
      const isOpen = kind.conversion?.unknown !== undefined;

      return [
        [
          `/apis/${kind.group}/${kind.version}/${rest.join('/')}`,
          isOpen ? withoutStrategic(told) : told,
        ],
      ];
    },
  );
}

/**
 * A kind whose fields have other names in the older version is told without them: any may be there.
 */
function openSchema(schema: Fields, names: readonly [Named, Named][]): Fields {
  const { apiVersion, kind, metadata } = isFields(schema.properties) ? schema.properties : {};
  const { description } = schema;
  const { [GVK]: gvk } = renamed({ [GVK]: schema[GVK] }, names) as Fields;

  return {
    type: 'object',
    description,
    properties: { apiVersion, kind, metadata },
    [PRESERVE]: true,
    [GVK]: gvk,
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
      return [name, isOther ? openSchema(schema as Fields, names) : renamed(schema, names)];
    },
  );
}

/**
 * The OpenAPI document of an older version, from those of the versions that its kinds are served
 * in.
 */
export function legacyDocument(documents: readonly Fields[], kinds: readonly LegacyKind[]): Fields {
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
