import { createHash } from 'node:crypto';
import { Definitions, type Node } from './definitions.ts';
import { addResource, type OpenApiResource, type WriteOperation } from './operations.ts';
import { encodeDocument } from './protobuf.ts';

const info = { title: 'Kubernetes', version: 'v1.36.0' };

function describe({ action, gvk, tag, id }: Parameters<WriteOperation>[0]): Node {
  return {
    tags: [tag],
    operationId: id,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: gvk.group, kind: gvk.kind, version: gvk.version },
  };
}

/** The body of an operation that has one. */
function requestBody(
  { body, consumes }: Parameters<WriteOperation>[0],
  definitions: Definitions,
): Node {
  if (body === undefined) {
    return {};
  }

  const schema = definitions.ref(body);

  return {
    requestBody: { content: Object.fromEntries(consumes.map((type) => [type, { schema }])) },
  };
}

/** The OpenAPI 3 document of one group-version, from the resources that it serves. */
export function openapiV3(resources: Iterable<OpenApiResource>): Node {
  const definitions = new Definitions(3);
  const paths: Record<string, Node> = {};

  for (const resource of resources) {
    addResource(paths, definitions, resource, (operation) => ({
      ...describe(operation),
      parameters: [
        ...operation.pathParameters.map((name) => ({
          name,
          in: 'path',
          required: true,
          schema: { type: 'string' },
        })),
        ...operation.parameters.map(({ type, ...rest }) => ({ ...rest, schema: { type } })),
      ],
      ...requestBody(operation, definitions),
      responses: {
        200: {
          description: 'OK',
          ...(operation.returns !== undefined && {
            content: { 'application/json': { schema: definitions.ref(operation.returns) } },
          }),
        },
      },
    }));
  }

  return { openapi: '3.0.0', info, paths, components: { schemas: definitions.nodes } };
}

/** The OpenAPI 2 document of all resources. */
export function openapiV2(resources: Iterable<OpenApiResource>): Node {
  const definitions = new Definitions(2);
  const paths: Record<string, Node> = {};

  for (const resource of resources) {
    addResource(paths, definitions, resource, (operation) => ({
      ...describe(operation),
      consumes: operation.consumes,
      produces: ['application/json'],
      parameters: [
        ...operation.pathParameters.map((name) => ({
          name,
          in: 'path',
          required: true,
          type: 'string',
        })),
        ...operation.parameters,
        ...(operation.body === undefined
          ? []
          : [
              { name: 'body', in: 'body', required: true, schema: definitions.ref(operation.body) },
            ]),
      ],
      responses: {
        200: {
          description: 'OK',
          ...(operation.returns !== undefined && { schema: definitions.ref(operation.returns) }),
        },
      },
    }));
  }

  return { swagger: '2.0', info, paths, definitions: definitions.nodes };
}

/**
 * The response to `/openapi/v3`: the URLs of the documents; `groupVersions` by path (`api/v1`,
 * `apis/apps/v1`) with a hash.
 */
export function openapiV3Index(
  groupVersions: Iterable<readonly [path: string, hash: string]>,
): Node {
  const paths: Node = {};

  for (const [path, hash] of groupVersions) {
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }

  return { paths };
}

/** Path of a group-version's document below `/openapi/v3/`. */
function pathOf({ group, version }: OpenApiResource): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** Group-versions by path. */
type Groups = Map<string, { resources: OpenApiResource[]; hash: string; body: Buffer | undefined }>;

/**
 * The documents of a server, made on request and cached until `invalidate`, which every change of a
 * CRD must call.
 */
export class OpenApiDocuments {
  readonly #resources: () => Iterable<OpenApiResource>;
  #v3: Groups | undefined;
  #v2: Buffer | undefined;
  #v2Protobuf: Promise<Buffer> | undefined;

  /** `resources` returns the resources that are served now. */
  constructor(resources: () => Iterable<OpenApiResource>) {
    this.#resources = resources;
  }

  /** Drops the documents. */
  invalidate(): void {
    this.#v3 = undefined;
    this.#v2 = undefined;
    this.#v2Protobuf = undefined;
  }

  #groups(): Groups {
    if (this.#v3 !== undefined) {
      return this.#v3;
    }

    const groups: Groups = new Map();

    for (const resource of this.#resources()) {
      const path = pathOf(resource);
      const entry = groups.get(path);
      if (entry !== undefined) {
        entry.resources.push(resource);
      } else {
        groups.set(path, { resources: [resource], hash: '', body: undefined });
      }
    }

    for (const entry of groups.values()) {
      // Built-in kinds change with the version only, custom resources with their schema.
      const hash = createHash('sha256').update(info.version);

      for (const { resource, verbs, custom } of entry.resources) {
        hash.update(JSON.stringify([resource, verbs, custom?.schema]));
      }

      entry.hash = hash.digest('hex').slice(0, 32).toUpperCase();
    }

    this.#v3 = groups;

    return groups;
  }

  /** Bytes of the index at `/openapi/v3`. */
  index(): Buffer {
    const entries = [...this.#groups()].map(([path, { hash }]) => [path, hash] as const);
    return Buffer.from(JSON.stringify(openapiV3Index(entries)));
  }

  /**
   * Bytes of the document at `/openapi/v3/<path>`, and their hash; undefined where nothing is
   * served there.
   */
  document(path: string): { body: Buffer; hash: string } | undefined {
    const entry = this.#groups().get(path);
    if (entry === undefined) {
      return undefined;
    }

    entry.body ??= Buffer.from(JSON.stringify(openapiV3(entry.resources)));

    return { body: entry.body, hash: entry.hash };
  }

  /** Bytes of the document at `/openapi/v2`. */
  v2(): Buffer {
    this.#v2 ??= Buffer.from(JSON.stringify(openapiV2(this.#resources())));
    return this.#v2;
  }

  /** The same as protobuf. */
  v2Protobuf(): Promise<Buffer> {
    this.#v2Protobuf ??= encodeDocument(openapiV2(this.#resources()));
    return this.#v2Protobuf;
  }
}
