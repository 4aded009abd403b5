import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler, Route, RouteRequest } from '@ks-apiserver/http/routes/route';
import { type Static, Type } from 'typebox';
import { credentialsFor, registriesOf } from '../../models/verification/docker-config.ts';
import { parseImage, parseRepository } from '../../models/verification/image.ts';
import { Registry } from '../../models/verification/registry.ts';
import { pathParameter, queryText } from '../parameters.ts';
import { answering, readSecret, type VerificationDependencies } from '../remote-checks.ts';
import { BASE } from './dependencies.ts';

/** Largest Secret that is read, in bytes. */
const BODY_LIMIT = 256 * 1024;
const TAGS = ['Namespace Resources'];
const NAMESPACE = pathParameter('namespace', 'the name of the project');

const SECRET = queryText(
  'secret',
  'secret of type kubernetes.io/dockerconfigjson; without it nobody logs in',
);

const STATUS = { failed: 400, missing: 404 } as const;

const SecretSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: Type.Optional(
      Type.Object({
        name: Type.Optional(Type.String()),
        annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
      }),
    ),
    type: Type.Optional(Type.String()),
    data: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { $id: 'v1.Secret' },
);

const RepositoryTagsSchema = Type.Object(
  {
    registry: Type.String({ description: 'host of the registry' }),
    repository: Type.String({ description: 'repository in it' }),
    tags: Type.Array(Type.String()),
  },
  { $id: 'v2.RepositoryTags' },
);

/** Returns the Secret that a query names; undefined without one. */
function secretOf(
  dependencies: VerificationDependencies,
  request: RouteRequest,
): Promise<KubeObject> | undefined {
  const name = request.query.get('secret') ?? '';
  return name === ''
    ? undefined
    : readSecret(dependencies, request, request.params.namespace ?? '', name);
}

function verifySecret({ outbound }: VerificationDependencies): Handler {
  return ({ body, params, signal }) =>
    answering({ failed: 400 }, async () => {
      const given = body as Static<typeof SecretSchema>;

      const secret: KubeObject = {
        ...given,
        metadata: { name: params.secret ?? '', ...given.metadata },
      };

      for (const { url, credentials } of registriesOf(secret)) {
        await new Registry(outbound, url, credentials, signal).verify();
      }

      return given;
    });
}

function imageConfig(dependencies: VerificationDependencies): Handler {
  return (request) =>
    answering(STATUS, async () => {
      const image = parseImage(request.query.get('image') ?? '');
      const { url, credentials } = credentialsFor(
        image.registry,
        await secretOf(dependencies, request),
      );
      return (
        await new Registry(dependencies.outbound, url, credentials, request.signal).image(image)
      ).imageBlob;
    });
}

function repositoryTags(dependencies: VerificationDependencies): Handler {
  return (request) =>
    answering(STATUS, async () => {
      const { registry, repository } = parseRepository(request.query.get('repository') ?? '');
      const { url, credentials } = credentialsFor(registry, await secretOf(dependencies, request));
      const tags = await new Registry(dependencies.outbound, url, credentials, request.signal).tags(
        repository,
      );

      return { registry, repository, tags };
    });
}

/** Image registries of a project, as consoles of 3.3 and later use them. */
export function registryRoutes(dependencies: VerificationDependencies): Route[] {
  return [
    {
      method: 'GET',
      path: `${BASE}/namespaces/{namespace}/imageconfig`,
      operationId: 'handleGetImageConfig',
      summary: 'Configuration of an image',
      tags: TAGS,
      parameters: [NAMESPACE, queryText('image', 'reference of the image'), SECRET],
      returns: Type.Unknown(),
      handler: imageConfig(dependencies),
    },
    {
      method: 'GET',
      path: `${BASE}/namespaces/{namespace}/repositorytags`,
      operationId: 'handleGetRepositoryTags',
      summary: 'Tags of a repository of images',
      tags: TAGS,
      parameters: [NAMESPACE, queryText('repository', 'repository, with its registry'), SECRET],
      returns: RepositoryTagsSchema,
      handler: repositoryTags(dependencies),
    },
    {
      method: 'POST',
      path: `${BASE}/namespaces/{namespace}/registrysecrets/{secret}/verify`,
      operationId: 'handleVerifyImageRepositorySecret',
      summary: 'Check the accounts of image registries in a Secret that is sent along',
      tags: TAGS,
      parameters: [NAMESPACE, pathParameter('secret', 'the name of the Secret')],
      body: SecretSchema,
      bodyLimit: BODY_LIMIT,
      returns: SecretSchema,
      handler: verifySecret(dependencies),
    },
  ];
}
