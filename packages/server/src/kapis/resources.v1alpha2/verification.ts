import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import type { Static } from 'typebox';
import { OutboundError } from '../../models/outbound/outbound.ts';
import { credentialsFor } from '../../models/verification/docker-config.ts';
import { type Credentials, verifyRepository } from '../../models/verification/git.ts';
import { parseImage, registryUrl } from '../../models/verification/image.ts';
import { Registry } from '../../models/verification/registry.ts';
import { SUCCESS } from '../page-reply.ts';
import { answering, readSecret, type VerificationDependencies } from '../remote-checks.ts';
import type { GitAuthSchema, RegistryCredentialSchema } from './types.ts';

function keyOf(secret: KubeObject, key: string): string {
  const value = getOwn((secret.data ?? {}) as Record<string, string>, key);
  if (value === undefined) {
    throw new OutboundError(`could not get ${key} in secret ${secret.metadata.name}`);
  }

  return Buffer.from(value, 'base64').toString();
}

/**
 * Checks whether a Git repository can be read, with the credentials of a Secret when one is named.
 */
export function verifyGit(dependencies: VerificationDependencies): Handler {
  return (request) =>
    answering({ failed: 500 }, async () => {
      const { remoteUrl, secretRef } = request.body as Static<typeof GitAuthSchema>;
      let credentials: Credentials = { username: '', password: '' };

      if (secretRef) {
        const secret = await readSecret(
          dependencies,
          request,
          secretRef.namespace ?? '',
          secretRef.name ?? '',
        );

        credentials = { username: keyOf(secret, 'username'), password: keyOf(secret, 'password') };
      }

      await verifyRepository(dependencies.outbound, remoteUrl, credentials, request.signal);

      return SUCCESS;
    });
}

/** Logs in to an image registry; an empty answer for success. */
export function verifyRegistry({ outbound }: VerificationDependencies): Handler {
  return ({ body, signal }) =>
    answering({ failed: 400 }, async () => {
      const { username, password, serverhost } = body as Static<typeof RegistryCredentialSchema>;
      await new Registry(
        outbound,
        registryUrl(serverhost),
        { username, password },
        signal,
      ).verify();

      return new RouteReply(200, {});
    });
}

/**
 * Returns manifest and configuration of an image, read with the credentials that a Secret has for
 * its registry.
 */
export function getRegistryBlob(dependencies: VerificationDependencies): Handler {
  return (request) =>
    answering({ failed: 400 }, async () => {
      const { query, signal } = request;
      const image = parseImage(query.get('image') ?? '');
      const name = query.get('secret') ?? '';

      const secret =
        name === ''
          ? undefined
          : await readSecret(dependencies, request, query.get('namespace') ?? '', name);

      const { url, credentials } = credentialsFor(image.registry, secret);

      return new Registry(dependencies.outbound, url, credentials, signal).image(image);
    });
}
