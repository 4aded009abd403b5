import { conflict, invalid, serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import { timestamp } from '../../registry/metadata.ts';
import { storageKey } from '../../registry/resource-type.ts';
import { builtinSchema } from '../../schemas/builtin.ts';
import { contentType, parseBody, requestBody } from '../body.ts';
import type { Call } from '../call.ts';
import { decodeKind } from '../decode.ts';
import { virtualResponse } from '../respond.ts';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;

/** `POST serviceaccounts/x/token`: a token of the ServiceAccount (Kubernetes authentication/v1 TokenRequest). */
export async function requestToken(call: Call): Promise<KubeResponse> {
  const { api, path, type, now } = call;
  const body = parseBody(await requestBody(call.request), contentType(call.request), 'TokenRequest');
  const request = decodeKind(body, TOKEN_REQUEST, builtinSchema(TOKEN_REQUEST), 'Warn', call.warnings);
  const account = api.store.get(type, path.namespace, path.name).shared<KubeObject>();
  if (!api.tokens.canIssue) throw serviceUnavailable('no key to sign ServiceAccount tokens with is configured');
  const seconds = request.spec?.expirationSeconds ?? DEFAULT_SECONDS;
  if (!Number.isInteger(seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    const why =
      seconds < MIN_SECONDS
        ? 'may not specify a duration less than 10 minutes'
        : 'may not specify a duration larger than 2^32 seconds';
    throw invalid({ group: TOKEN_REQUEST.group, kind: 'TokenRequest', name: '' }, [
      { reason: 'FieldValueInvalid', message: `Invalid value: ${seconds}: ${why}`, field: 'spec.expirationSeconds' },
    ]);
  }
  const bound = request.spec?.boundObjectRef;
  let pod: { name: string; uid: string } | undefined;
  if (bound?.kind === 'Pod') {
    const pods = api.catalog.find('', 'v1', 'pods')!;
    const { metadata } = api.store.get(pods, path.namespace, bound.name ?? '').shared<KubeObject>();
    if (bound.uid && bound.uid !== metadata.uid) {
      throw conflict(
        { resource: 'pods', name: bound.name },
        `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    }
    pod = { name: metadata.name!, uid: metadata.uid! };
  } else if (bound && !api.store.backend.get(storageKey(type, path.namespace, path.name))) {
    throw conflict({ resource: 'serviceaccounts', name: path.name }, 'the bound object is gone');
  }
  const audiences: string[] = request.spec?.audiences ?? [];
  const token = api.tokens.issue({
    namespace: path.namespace,
    name: path.name,
    uid: account.metadata.uid!,
    audiences,
    expirationSeconds: seconds,
    now,
    ...(pod && { pod }),
  });
  const spec = {
    ...request.spec,
    audiences: audiences.length > 0 ? audiences : [api.tokens.issuer],
    expirationSeconds: seconds,
  };
  const status = { token, expirationTimestamp: timestamp(new Date(now.getTime() + seconds * 1000)) };
  const metadata = { name: path.name, namespace: path.namespace, creationTimestamp: timestamp(now) };
  return virtualResponse(call, TOKEN_REQUEST, { metadata, spec, status }, 201);
}
