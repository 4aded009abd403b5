import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole, type KubeBody } from '@ks-apiserver/apimachinery/transport/transport';

/** One event of a watch, with its object still as bytes. */
export interface WatchFrame {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Buffer;
}

/**
 * Longest frame that is accepted, in bytes: objects in etcd have up to 1.5 MB, Tables of them more.
 */
const FRAME_LIMIT = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

/** The beginning of a frame as every Kubernetes API server writes it. */
const HEAD = /^\{"type":"(ADDED|MODIFIED|DELETED|BOOKMARK|ERROR)","object":/;

/**
 * Splits a line into type and object; the object is not parsed when the line has the usual form.
 */
export function parseFrame(line: Buffer): WatchFrame {
  const head = HEAD.exec(line.subarray(0, 40).toString('latin1'));
  const end = line.lastIndexOf('}');
  if (head && end > 0) {
    return { type: head[1] as WatchFrame['type'], object: line.subarray(head[0].length, end) };
  }

  try {
    const frame = JSON.parse(line.toString()) as { type: WatchFrame['type']; object: unknown };
    if (typeof frame.type === 'string' && typeof frame.object === 'object') {
      return { type: frame.type, object: Buffer.from(JSON.stringify(frame.object)) };
    }
  } catch (error) {
    throw internalError('the Kubernetes API sent a watch event that is no JSON', error);
  }

  throw internalError('the Kubernetes API sent a watch event without type or object');
}

/**
 * Yields the lines of a watch's body, one for each event, without line ends. Half a line at the end
 * is dropped: the watch resumes before it.
 */
export async function* watchLines(body: KubeBody): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let size = 0;

  for await (const piece of isWhole(body) ? [body] : body) {
    let chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);

    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE)) {
      const line =
        rest.length === 0
          ? chunk.subarray(0, end)
          : Buffer.concat([...rest, chunk.subarray(0, end)]);

      rest = [];
      size = 0;
      chunk = chunk.subarray(end + 1);

      if (line.byteLength > 0) {
        yield line;
      }
    }

    if (chunk.byteLength > 0) {
      rest.push(chunk);
      size += chunk.byteLength;
      if (size > FRAME_LIMIT) {
        throw internalError(`a watch event is larger than ${FRAME_LIMIT} bytes`);
      }
    }
  }
}

/** Yields the frames of a watch's body. */
export async function* frames(body: KubeBody): AsyncGenerator<WatchFrame> {
  for await (const line of watchLines(body)) {
    yield parseFrame(line);
  }
}
