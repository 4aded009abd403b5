import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { isWhole, type KubeBody } from '@ks-apiserver/apimachinery/transport/transport';

/** Content codings of answers; `identity` is none. */
export type Coding = 'identity' | 'gzip' | 'zstd';

/**
 * Shorter bodies are sent uncompressed, unless the caller refuses that; in bytes, as in
 * kube-apiserver.
 */
export const COMPRESSION_THRESHOLD = 128 * 1024;

/** Bytes that are given to the compressor at once: the pieces of lists are much smaller. */
const CHUNK = 64 * 1024;

/**
 * How many answers are compressed at the same time; others are sent uncompressed, because the
 * thread pool is shared with other work.
 */
const MAX_RUNNING = 16;

/** The fastest level: bandwidth is the first limit, then the processor. */
const LEVEL = 1;

/** Part of Node since 22.15. */
const { createZstdCompress } = zlib as unknown as {
  createZstdCompress?: (options: { params: Record<number, number> }) => Transform;
};
const ZSTD_LEVEL = (zlib.constants as Record<string, number>).ZSTD_c_compressionLevel ?? 100;

/** Codings in the order in which they are preferred at the same weight. */
const SUPPORTED: readonly Coding[] = createZstdCompress ? ['zstd', 'gzip'] : ['gzip'];

let running = 0;

function weightOf(q = '1'): number {
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : 0;
}

/**
 * Parses the weights of a header such as `gzip;q=0.5, *;q=0` (RFC 9110, 12.5.3); weights that
 * cannot be read count as 0.
 */
function weightsOf(header: string): Map<string, number> {
  const weights = new Map<string, number>();

  for (const item of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');

    if (coding !== '') {
      weights.set(coding === 'x-gzip' ? 'gzip' : coding, weightOf(q));
    }
  }

  return weights;
}

/** Returns whether `Accept-Encoding` allows a coding. Without the header only identity is. */
export function acceptsCoding(header: string | undefined, coding: Coding): boolean {
  const weights = weightsOf(header ?? 'identity');

  return (weights.get(coding) ?? weights.get('*') ?? 0) > 0;
}

/**
 * Returns the coding for a body of `size` bytes; undefined when the caller accepts none that there
 * is, not even identity.
 */
export function codingFor(header: string | undefined, size: number): Coding | undefined {
  // Most calls end here: a caller that does not mention identity gets small bodies uncompressed.
  if (header === undefined || (size < COMPRESSION_THRESHOLD && !/identity|\*/i.test(header))) {
    return 'identity';
  }

  const weights = weightsOf(header);
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get('*') ?? 0;
  const plain = weights.get('identity') ?? (weights.get('*') === 0 ? 0 : undefined);
  let best: Coding | undefined;

  for (const coding of SUPPORTED) {
    if (weightOf(coding) > 0 && (best === undefined || weightOf(coding) > weightOf(best))) {
      best = coding;
    }
  }

  const mayBePlain = plain === undefined || plain > 0;

  if (best === undefined) {
    return mayBePlain ? 'identity' : undefined;
  }
  if (!mayBePlain) {
    return best;
  }

  const tooSmall = size < COMPRESSION_THRESHOLD;
  const preferred = plain !== undefined && plain > weightOf(best);

  return tooSmall || preferred || running >= MAX_RUNNING ? 'identity' : best;
}

/** Joins pieces of a body to chunks that are long enough for one call of the compressor. */
async function* chunksOf(body: KubeBody): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;

  for await (const piece of isWhole(body) ? [body] : body) {
    waiting.push(piece);
    size += piece.byteLength;
    if (size < CHUNK) {
      continue;
    }

    yield Buffer.concat(waiting, size);
    waiting = [];
    size = 0;
  }

  if (size > 0) {
    yield Buffer.concat(waiting, size);
  }
}

/** Returns a body in another coding, compressed off the event loop while it is read. */
export async function* encoded(
  body: KubeBody,
  coding: Exclude<Coding, 'identity'>,
): AsyncGenerator<Uint8Array> {
  const coder: Transform =
    coding === 'zstd' && createZstdCompress
      ? createZstdCompress({ params: { [ZSTD_LEVEL]: LEVEL } })
      : zlib.createGzip({ level: LEVEL, chunkSize: CHUNK });

  running += 1;

  try {
    // Errors appear at the compressor's end; a reader that stops early ends both.
    pipeline(Readable.from(chunksOf(body)), coder, () => {});
    yield* coder as AsyncIterable<Uint8Array>;
  } finally {
    running -= 1;
  }
}
