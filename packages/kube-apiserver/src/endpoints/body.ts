import { badRequest, requestTooLarge, unsupportedMediaType } from '@ks-apiserver/apimachinery/meta/errors';
import { type KubeRequest, readBody } from '@ks-apiserver/client/kube/transport';
import { parse as parseYaml } from 'yaml';
import { decodeProtobuf, PROTOBUF } from '../protobuf/decode.ts';

/** The largest body that is read, in bytes (kube-apiserver's MaxRequestBodyBytes). */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

const ACCEPTED = ['application/json', 'application/yaml', PROTOBUF];

/** The whole body of a request; throws a StatusError 413. */
export async function requestBody(request: KubeRequest): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw requestTooLarge(MAX_BODY_BYTES);
  try {
    return await readBody(request.body, MAX_BODY_BYTES);
  } catch (error) {
    if (error instanceof RangeError) throw requestTooLarge(MAX_BODY_BYTES);
    throw badRequest(`the body of the request could not be read: ${(error as Error).message}`);
  }
}

/** The media type of a request's body without its parameters; JSON where none is named. */
export function contentType(request: KubeRequest): string {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  return type === '' || type === '*/*' ? 'application/json' : type;
}

function shownBytes(body: Buffer): string {
  return body.byteLength === 0 ? '<empty>' : body.subarray(0, 64).toString('hex');
}

/** The value of a JSON, YAML or protobuf body; throws a StatusError 400 or 415. `kind` names what was expected. */
export function parseBody(body: Buffer, mediaType: string, kind: string): unknown {
  if (!ACCEPTED.includes(mediaType)) throw unsupportedMediaType(ACCEPTED);
  if (mediaType === PROTOBUF) return decodeProtobuf(body, kind);
  const text = body.toString('utf8');
  try {
    if (mediaType === 'application/yaml') return parseYaml(text, { maxAliasCount: 100, uniqueKeys: false });
    return JSON.parse(text);
  } catch (error) {
    const why = body.byteLength === 0 ? 'unexpected end of JSON input' : (error as Error).message;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${shownBytes(body)})`,
    );
  }
}
