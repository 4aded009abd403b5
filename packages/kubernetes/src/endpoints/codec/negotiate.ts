import { notAcceptable, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { ResourceType } from '../../registry/resources/resource-type.ts';

/** The form of a response: the object itself or a form of meta.k8s.io, and its encoding. */
export interface Form {
  as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** Version of meta.k8s.io for the last three. */
  version: string;
  encoding: 'json' | 'yaml';
}

/** One media range of an Accept header with its parameters. */
export interface MediaRange {
  type: string;
  parameters: ReadonlyMap<string, string>;
}

const MAX_ACCEPT = 4096;

/** The media ranges of an Accept header, best first (RFC 9110 section 12.5.1). */
export function parseAccept(accept: string | undefined): MediaRange[] {
  const text = (accept ?? '').slice(0, MAX_ACCEPT).trim();
  if (text === '') {
    return [{ type: '*/*', parameters: new Map() }];
  }

  const ranges = text.split(',').map((item, order) => {
    const [type = '', ...rest] = item.split(';').map((part) => part.trim());
    const parameters = new Map<string, string>();

    for (const parameter of rest) {
      const at = parameter.indexOf('=');
      if (at > 0) {
        parameters.set(
          parameter.slice(0, at).toLowerCase(),
          parameter.slice(at + 1).replace(/^"|"$/g, ''),
        );
      }
    }

    const quality = Number(parameters.get('q') ?? 1);

    return {
      type: type.toLowerCase(),
      parameters,
      quality: Number.isFinite(quality) ? quality : 0,
      order,
    };
  });

  return ranges
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || a.order - b.order);
}

/** The content of a response: one object of a type, a list of them, or events about them. */
export interface Answered {
  type: ResourceType;
  as: 'object' | 'list' | 'watch';
}

/**
 * Media types that kube-apiserver lists in a refusal; clients that accept protobuf accept JSON too.
 */
export const PRODUCED = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];

const STREAMED = [
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];

function encodingOf(type: string): Form['encoding'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') {
    return 'json';
  }
  return type === 'application/yaml' ? 'yaml' : undefined;
}

/**
 * Throws a StatusError 406 where none of the media types is supported for built-in kinds, whatever
 * its parameters are.
 */
function checkMediaTypes(ranges: readonly MediaRange[], as: Answered['as']): void {
  if (ranges.some(({ type }) => type === '*/*' || PRODUCED.includes(type))) {
    return;
  }

  const available = as === 'object' ? PRODUCED : [...PRODUCED, ...STREAMED];
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`;

  throw new StatusError(406, 'NotAcceptable', message, {});
}

/** The Go type of a response in kube-apiserver's messages. */
function goType({ type, as }: Answered): string {
  const list = as === 'list';

  if (type.custom) {
    return list ? '*unstructured.UnstructuredList' : '*unstructured.Unstructured';
  }

  const name = type.storage.group === '' ? 'core' : type.group.split('.')[0];

  return `*${name}.${list ? type.listKind : type.kind}`;
}

/** PartialObjectMetadataList is for lists only, PartialObjectMetadata for single objects. */
function checkPartial(as: Form['as'], answered: Answered): void {
  if (as === 'PartialObjectMetadata' && answered.as === 'list') {
    const message = `you requested PartialObjectMetadata, but the requested object is a list (${goType(answered)})`;
    throw new StatusError(406, 'NotAcceptable', message);
  }

  if (as === 'PartialObjectMetadataList' && answered.as !== 'list') {
    const message = `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(answered)})`;
    throw new StatusError(406, 'NotAcceptable', message);
  }
}

/** Chooses the form of a response; throws a StatusError 406 when no accepted form is supported. */
export function negotiate(accept: string | undefined, answered: Answered): Form {
  const ranges = parseAccept(accept);

  if (!answered.type.custom) {
    checkMediaTypes(ranges, answered.as);
  }

  for (const { type, parameters } of ranges) {
    const encoding = encodingOf(type);
    if (!encoding) {
      continue;
    }

    const as = parameters.get('as');
    if (as === undefined) {
      return { as: 'object', version: '', encoding };
    }

    const version = parameters.get('v') ?? 'v1';
    if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) {
      continue;
    }

    if (as === 'Table' || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      checkPartial(as, answered);
      return { as, version, encoding };
    }
  }

  throw notAcceptable(PRODUCED);
}
