import { notAcceptable } from '@ks-apiserver/apimachinery/meta/errors';

/** The form of an answer: the object itself, or what meta.k8s.io makes of it; and its encoding. */
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
  if (text === '') return [{ type: '*/*', parameters: new Map() }];
  const ranges = text.split(',').map((item, order) => {
    const [type = '', ...rest] = item.split(';').map((part) => part.trim());
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const at = parameter.indexOf('=');
      if (at > 0) parameters.set(parameter.slice(0, at).toLowerCase(), parameter.slice(at + 1).replace(/^"|"$/g, ''));
    }
    const quality = Number(parameters.get('q') ?? 1);
    return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0, order };
  });
  return ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality || a.order - b.order);
}

/** Media types that objects are answered in. */
export const PRODUCED = ['application/json', 'application/yaml'] as const;

function encodingOf(type: string): Form['encoding'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

/** Chooses the form of an answer; throws a StatusError 406 when none of the accepted ones can be made. */
export function negotiate(accept: string | undefined): Form {
  for (const { type, parameters } of parseAccept(accept)) {
    const encoding = encodingOf(type);
    if (!encoding) continue;
    const as = parameters.get('as');
    if (as === undefined) return { as: 'object', version: '', encoding };
    const version = parameters.get('v') ?? 'v1';
    if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) continue;
    if (as === 'Table' || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return { as, version, encoding };
    }
  }
  throw notAcceptable(PRODUCED);
}
