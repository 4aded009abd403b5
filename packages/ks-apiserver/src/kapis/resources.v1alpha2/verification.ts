import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/apiserver/routes/route';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Static } from 'typebox';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { requireSecretAccess, SECRETS } from '../../models/authorization/secret-access.ts';
import { type Outbound, OutboundError } from '../../models/outbound/outbound.ts';
import { credentialsFor } from '../../models/verification/docker-config.ts';
import { type Credentials, verifyRepository } from '../../models/verification/git.ts';
import { parseImage, registryUrl } from '../../models/verification/image.ts';
import { Registry } from '../../models/verification/registry.ts';
import { SUCCESS } from '../page-reply.ts';
import type { GitAuthSchema, RegistryCredentialSchema } from './types.ts';

/** What the handlers work with. */
export interface VerificationParts {
  client: KubeReader;
  authorizer: Authorizer;
  outbound: Outbound;
}

/** Turns what went wrong with a server that the caller named into a status of 3.0; other errors stay as they are. */
async function answering<T>(status: 400 | 500, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutboundError || error instanceof SyntaxError)
      throw new StatusError(status, status === 400 ? 'BadRequest' : 'InternalError', error.message);
    throw error;
  }
}

/** Reads a Secret for a caller who may read it himself: its contents are sent to a server of his choice. */
function readSecret({ client, authorizer }: VerificationParts, request: RouteRequest, namespace: string, name: string) {
  if (namespace === '' || name === '')
    throw new StatusError(400, 'BadRequest', 'name and namespace of the secret are required');
  requireSecretAccess(authorizer, request.user, namespace, name);
  return client.get<KubeObject>({ resource: SECRETS, namespace, name }, request.signal);
}

function keyOf(secret: KubeObject, key: string): string {
  const data = (secret.data ?? {}) as Record<string, string>;
  if (!Object.hasOwn(data, key)) throw new OutboundError(`could not get ${key} in secret ${secret.metadata.name}`);
  return Buffer.from(data[key]!, 'base64').toString();
}

/** Says whether a Git repository may be read, with the credentials of a Secret where one is named. */
export function verifyGit(parts: VerificationParts): Handler {
  return (request) =>
    answering(500, async () => {
      const { remoteUrl, secretRef } = request.body as Static<typeof GitAuthSchema>;
      let credentials: Credentials = { username: '', password: '' };
      if (secretRef) {
        const secret = await readSecret(parts, request, secretRef.namespace ?? '', secretRef.name ?? '');
        credentials = { username: keyOf(secret, 'username'), password: keyOf(secret, 'password') };
      }
      await verifyRepository(parts.outbound, remoteUrl, credentials, request.signal);
      return SUCCESS;
    });
}

/** Logs in to an image registry; an empty answer for success. */
export function verifyRegistry({ outbound }: VerificationParts): Handler {
  return ({ body, signal }) =>
    answering(400, async () => {
      const { username, password, serverhost } = body as Static<typeof RegistryCredentialSchema>;
      await new Registry(outbound, registryUrl(serverhost), { username, password }, signal).verify();
      return new RouteReply(200, {});
    });
}

/** Manifest and configuration of an image, with the credentials that a Secret has for its registry. */
export function getRegistryBlob(parts: VerificationParts): Handler {
  return (request) =>
    answering(400, async () => {
      const { query, signal } = request;
      const image = parseImage(query.get('image') ?? '');
      const name = query.get('secret') ?? '';
      const secret = name === '' ? undefined : await readSecret(parts, request, query.get('namespace') ?? '', name);
      const { url, credentials } = credentialsFor(image.registry, secret);
      return new Registry(parts.outbound, url, credentials, signal).image(image);
    });
}
