import {
  badRequest,
  conflict,
  invalid,
  serviceUnavailable,
} from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import { type KubeObject, kindText } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import {
  BOUND_RESOURCES,
  type BoundKind,
  type BoundObject,
} from '../../../registry/authorization/service-account-tokens.ts';
import { storedMetadata } from '../../../registry/resources/stored-metadata.ts';
import { builtinSchema } from '../../../schemas/builtin.ts';
import type { Call } from '../../call.ts';
import { contentType, parseBody, requestBody, SMALL_BODY_BYTES } from '../../codec/body.ts';
import { decodeKind } from '../../codec/decode.ts';
import { virtualResponse } from '../../respond.ts';
import { trackVirtual } from '../write-options.ts';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;

interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  name?: string;
  uid?: string;
}

function isBoundKind(kind: string): kind is BoundKind {
  return Object.hasOwn(BOUND_RESOURCES, kind);
}

/** The object that a token is to be bound to; throws StatusErrors 400, 404 and 409. */
function boundObject(
  { api, path }: Call,
  { apiVersion = '', kind = '', name = '', uid }: ObjectReference,
): BoundObject {
  const known = kind.toLowerCase();
  if (apiVersion !== 'v1' || !isBoundKind(known)) {
    throw badRequest(`cannot bind token to object of type ${kindText({ apiVersion, kind })}`);
  }

  const resource = BOUND_RESOURCES[known];
  const type = api.catalog.require('', 'v1', resource);
  const object = api.store
    .get(type, type.namespaced ? path.namespace : '', name)
    .shared<KubeObject>();
  const { spec } = object;
  const metadata = storedMetadata(object);

  if (known === 'pod' && (spec?.serviceAccountName ?? '') !== path.name) {
    const account = JSON.stringify(path.name);
    throw badRequest(
      `cannot bind token for serviceaccount ${account} to pod running with different serviceaccount name.`,
    );
  }

  if (uid && uid !== metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ resource: type.kind, name }, why);
  }

  return { kind: known, name, uid: metadata.uid };
}

/**
 * `POST serviceaccounts/x/token`: a token of the ServiceAccount (Kubernetes authentication/v1
 * TokenRequest).
 */
export async function requestToken(call: Call): Promise<KubeResponse> {
  const { api, path, type, now } = call;

  const body = parseBody(
    await requestBody(call.request, SMALL_BODY_BYTES),
    contentType(call.request),
    'TokenRequest',
  );

  const request = decodeKind(
    body,
    TOKEN_REQUEST,
    builtinSchema(TOKEN_REQUEST),
    'Warn',
    call.warnings,
  );

  const account = api.store.get(type, path.namespace, path.name).shared<KubeObject>();

  request.spec = {
    ...request.spec,
    expirationSeconds: request.spec?.expirationSeconds ?? DEFAULT_SECONDS,
  };

  trackVirtual(call, TOKEN_REQUEST, request);

  if (!api.tokens.canIssue) {
    throw serviceUnavailable('no key to sign ServiceAccount tokens with is configured');
  }

  const seconds = request.spec.expirationSeconds;
  if (!Number.isInteger(seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    const why =
      seconds < MIN_SECONDS
        ? 'may not specify a duration less than 10 minutes'
        : 'may not specify a duration larger than 2^32 seconds';

    throw invalid({ group: TOKEN_REQUEST.group, kind: 'TokenRequest', name: '' }, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${seconds}: ${why}`,
        field: 'spec.expirationSeconds',
      },
    ]);
  }

  const bound = request.spec?.boundObjectRef && boundObject(call, request.spec.boundObjectRef);
  const audiences: string[] = request.spec?.audiences ?? [];

  const token = api.tokens.issue({
    namespace: path.namespace,
    name: path.name,
    uid: storedMetadata(account).uid,
    audiences,
    expirationSeconds: seconds,
    now,
    ...(bound && { bound }),
  });

  const spec = {
    ...request.spec,
    boundObjectRef: request.spec?.boundObjectRef ?? null,
    audiences: audiences.length > 0 ? audiences : [api.tokens.issuer],
    expirationSeconds: seconds,
  };

  const status = {
    token,
    expirationTimestamp: timestamp(new Date(now.getTime() + seconds * 1000)),
  };

  const { managedFields } = request.metadata;

  const metadata = {
    name: path.name,
    namespace: path.namespace,
    uid: storedMetadata(account).uid,
    creationTimestamp: timestamp(now),
    ...(managedFields && { managedFields }),
  };

  return virtualResponse(call, TOKEN_REQUEST, { metadata, spec, status }, 201);
}
