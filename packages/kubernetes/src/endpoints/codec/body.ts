import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  badRequest,
  requestTooLarge,
  StatusError,
  unsupportedMediaType,
} from '@ks-apiserver/apimachinery/meta/errors';
import { jsonTypeName } from '@ks-apiserver/apimachinery/patch/merge-patch';
import { type KubeRequest, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { JsonError } from '../../json/json-faults.ts';
import { decodeProtobuf, PROTOBUF } from '../../protobuf/decode.ts';
import { LARGE_BYTES, yieldBetweenLargeSteps } from '../../registry/store/large-work.ts';
import { type ParsedText, parseJson, parseJsonAsYaml } from './json-text.ts';
import { parseYaml } from './yaml-text.ts';

/** The largest body that is read, in bytes (kube-apiserver's MaxRequestBodyBytes). */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The largest body of an object that is not stored, such as a review or a Scale, in bytes. */
export const SMALL_BODY_BYTES = 256 * 1024;

/**
 * The largest body of YAML that is not JSON, in bytes: parsing it takes a hundred times the memory.
 */
export const MAX_YAML_BYTES = 1024 * 1024;

const OPEN_BRACE = 0x7b;
const ACCEPTED = ['application/json', 'application/yaml', PROTOBUF];

/** Reads the body of a request; throws a StatusError 413. For a large one, waits for its turn. */
export async function requestBody(request: KubeRequest, limit = MAX_BODY_BYTES): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    throw requestTooLarge(limit);
  }

  try {
    const body = await readBody(request.body, limit);
    if (body.byteLength > limit) {
      throw new RangeError();
    }
    if (isLarge(body)) {
      await yieldBetweenLargeSteps();
    }

    return body;
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }
    if (error instanceof RangeError) {
      throw requestTooLarge(limit);
    }

    throw badRequest(`the body of the request could not be read: ${messageOf(error)}`);
  }
}

/** Whether the object in a body is processed in steps. */
export function isLarge(body: Buffer): boolean {
  return body.byteLength > LARGE_BYTES;
}

/** The media type of a request's body without its parameters; JSON where none is named. */
export function contentType(request: KubeRequest): string {
  const type = (request.headers['content-type'] ?? '').replace(/;.*/s, '').trim().toLowerCase();
  return type === '' ? 'application/json' : type;
}

const PROTOBUF_PREFIX = Buffer.from('k8s\0');
const SHOWN_BYTES = 30;

/** The beginning of a body as Kubernetes prints it: as text where it looks like JSON. */
function formatBytes(body: Buffer): string {
  if (body.byteLength === 0) {
    return '<empty>';
  }

  const start = body.subarray(0, SHOWN_BYTES);

  return (
    start.toString(body[0] === OPEN_BRACE ? 'utf8' : 'hex') +
    (body.byteLength > SHOWN_BYTES ? ' ...' : '')
  );
}

function whyNoKind(value: unknown): string | undefined {
  if (value !== null && !isObject(value)) {
    return `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeName(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
  }

  const { kind = null, apiVersion = null } = (value ?? {}) as Record<string, unknown>;
  for (const [field, given] of Object.entries({ apiVersion, kind })) {
    if (given === null || typeof given === 'string') {
      continue;
    }
    return `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeName(given)} into Go struct field .${field} of type string`;
  }

  if (apiVersion !== null && String(apiVersion).split('/').length > 2) {
    return `unexpected GroupVersion string: ${apiVersion}`;
  }

  return undefined;
}

/**
 * Parses a body of type YAML. Most are JSON, as kubectl sends it, and are parsed as JSON. Throws a
 * StatusError 413 for YAML of more than MAX_YAML_BYTES, else an error in libyaml's words.
 */
export function parseYamlBody(body: Buffer): ParsedText {
  if (/^\s*[{[]/.test(body.toString('latin1', 0, SHOWN_BYTES))) {
    try {
      return parseJsonAsYaml(body);
    } catch (error) {
      // It may be YAML in flow style, or invalid YAML, whose error is the one to report.
      if (!(error instanceof JsonError)) {
        throw error;
      }
    }
  }

  if (body.byteLength > MAX_YAML_BYTES) {
    throw requestTooLarge(MAX_YAML_BYTES);
  }

  return parseYaml(body.toString('utf8'));
}

/**
 * Parses a JSON, YAML or protobuf body and finds its repeated fields; throws a StatusError 400 or
 * 415. `kind` is the expected kind.
 */
export function readText(body: Buffer, mediaType: string, kind: string): ParsedText {
  if (!ACCEPTED.includes(mediaType)) {
    throw unsupportedMediaType(ACCEPTED);
  }

  const unrecognized = (why: string) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${why} (${formatBytes(body)})`,
    );

  if (mediaType === PROTOBUF) {
    if (body.subarray(0, PROTOBUF_PREFIX.length).equals(PROTOBUF_PREFIX)) {
      return { value: decodeProtobuf(body, kind) };
    }

    const prefix = `[${PROTOBUF_PREFIX.join(' ')}]`;

    throw unrecognized(
      `provided data does not appear to be a protobuf message, expected prefix ${prefix}`,
    );
  }

  let parsed: ParsedText;
  const isYaml = mediaType === 'application/yaml';

  try {
    parsed = isYaml ? parseYamlBody(body) : parseJson(body);
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }

    const message = messageOf(error);

    throw unrecognized(
      isYaml ? `yaml: ${message}` : `couldn't get version/kind; json parse error: ${message}`,
    );
  }

  const why = whyNoKind(parsed.value);
  if (why !== undefined) {
    throw unrecognized(why);
  }

  return { ...parsed, value: parsed.value ?? {} };
}

/**
 * Parses a JSON, YAML or protobuf body; throws a StatusError 400 or 415. `kind` is the expected
 * kind.
 */
export function parseBody(body: Buffer, mediaType: string, kind: string): unknown {
  return readText(body, mediaType, kind).value;
}
