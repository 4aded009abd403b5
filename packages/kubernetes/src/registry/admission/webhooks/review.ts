import { randomUUID } from 'node:crypto';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { type Status, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from '../../resources/resource-type.ts';
import type { Attributes } from '../attributes.ts';

/** The answer of a webhook. */
export interface Verdict {
  allowed: boolean;
  result?: Partial<Status>;
  warnings: readonly string[];
  /** Operations of RFC 6902. */
  patch?: readonly unknown[];
}

/** An invalid answer of a webhook; the message says why in kube-apiserver's words. */
export class InvalidReview extends Error {}

interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** The kind that a write of a resource or subresource carries. */
export function kindOf(type: ResourceType, subresource: string): Kind {
  const own = type.subresources.find(({ name }) => name === subresource);
  if (!own?.kind) {
    return { group: type.group, version: type.version, kind: type.kind };
  }

  return { group: own.group ?? type.group, version: own.version ?? type.version, kind: own.kind };
}

/** An AdmissionReview that asks about a write (admission.k8s.io/v1 and v1beta1). */
export function reviewOf(
  version: 'v1' | 'v1beta1',
  attributes: Attributes,
  as: ResourceType,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): { uid: string; request: Record<string, unknown> } {
  const { type, subresource, name, namespace, operation, context } = attributes;
  const uid = randomUUID();
  const resource = ({ group, version, resource }: ResourceType) => ({ group, version, resource });
  const printed = (kind: Kind) => ({ group: kind.group, version: kind.version, kind: kind.kind });
  const { user } = context;
  const extra = Object.keys(user.extra ?? {}).length > 0 ? { extra: user.extra } : {};

  const request = {
    uid,
    kind: printed(kindOf(as, subresource)),
    resource: resource(as),
    ...(subresource !== '' && { subResource: subresource }),
    requestKind: printed(kindOf(type, subresource)),
    requestResource: resource(type),
    ...(subresource !== '' && { requestSubResource: subresource }),
    ...(name !== '' && { name }),
    ...(namespace !== '' && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...extra,
    },
    object: object ?? null,
    oldObject: old ?? null,
    dryRun: context.dryRun,
    options: context.requestOptions ?? null,
  };

  return {
    uid,
    request: { kind: 'AdmissionReview', apiVersion: `admission.k8s.io/${version}`, request },
  };
}

function decodePatch(text: string): readonly unknown[] {
  let patch: unknown;

  try {
    patch = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch (error) {
    throw new InvalidReview(`received undecodable patch in webhook response: ${messageOf(error)}`);
  }

  if (patch === null) {
    return [];
  }

  if (!Array.isArray(patch)) {
    throw new InvalidReview(
      `received undecodable patch in webhook response: json: cannot unmarshal ${typeof patch} into Go value of type jsonpatch.Patch`,
    );
  }

  return patch;
}

/** Whether a webhook may change objects. */
export type WebhookKind = 'mutating' | 'validating';

/** Reads a webhook's answer; throws an InvalidReview. */
export function verdictOf(
  version: 'v1' | 'v1beta1',
  uid: string,
  kind: WebhookKind,
  answer: unknown,
): Verdict {
  const invalid = (why: string) => new InvalidReview(`received invalid webhook response: ${why}`);

  // biome-ignore lint/suspicious/noExplicitAny: what a webhook answers can be anything.
  const review = answer as any;
  const apiVersion = String(review?.apiVersion ?? '')
    .split('/')
    .pop();

  if (review?.kind !== 'AdmissionReview' || review.apiVersion !== `admission.k8s.io/${version}`) {
    if (!review?.kind) {
      throw new InvalidReview("failed to call webhook: Object 'Kind' is missing in the answer");
    }

    const known = review.kind === 'AdmissionReview' || review.kind === 'Status';

    throw new InvalidReview(
      known
        ? `failed to call webhook: converting (${apiVersion}.${review.kind}) to (${version}.AdmissionReview): unknown conversion`
        : `failed to call webhook: no kind "${review.kind}" is registered for version "${review.apiVersion}"`,
    );
  }

  const response = review?.response;
  if (typeof response !== 'object' || response === null) {
    throw invalid('webhook response was absent');
  }

  const patch =
    typeof response.patch === 'string' && response.patch !== '' ? response.patch : undefined;
  const patchType = response.patchType ?? undefined;

  if (version === 'v1') {
    if ((response.uid ?? '') !== uid) {
      throw invalid(
        `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`,
      );
    }

    if (kind === 'validating' && patch) {
      throw invalid('validating webhook may not return response.patch');
    }
    if (kind === 'validating' && patchType !== undefined) {
      throw invalid('validating webhook may not return response.patchType');
    }
    if (patch && patchType === undefined) {
      throw invalid('webhook returned response.patch but not response.patchType');
    }
    if (!patch && patchType !== undefined) {
      throw invalid('webhook returned response.patchType but not response.patch');
    }
    if (patchType === '') {
      throw invalid('webhook returned invalid response.patchType of ""');
    }
    if (patchType !== undefined && patchType !== 'JSONPatch') {
      throw new InvalidReview(`unsupported patch type ${JSON.stringify(patchType)}`);
    }
  }

  return {
    allowed: response.allowed === true,
    ...(response.status && typeof response.status === 'object' && { result: response.status }),
    warnings: Array.isArray(response.warnings)
      ? response.warnings.filter((item: unknown) => typeof item === 'string')
      : [],
    ...(kind === 'mutating' && patch && response.allowed === true && { patch: decodePatch(patch) }),
  };
}

/** The error that a webhook's refusal becomes. */
export function denialError(name: string, result: Partial<Status> = {}): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const code = result.code !== undefined && result.code >= 400 ? result.code : 400;
  const reason = result.reason ?? '';

  const why = result.message || reason;
  const message = why ? `${by}: ${why}` : `${by} without explanation`;

  return new StatusError(code, reason, message, result.details);
}
