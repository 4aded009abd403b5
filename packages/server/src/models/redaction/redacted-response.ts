import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type KubeBody,
  type KubeRequest,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { frames } from '@ks-apiserver/client/kube/watch-frames';
import { type SecretFields, withoutSecrets } from './redaction.ts';

/**
 * Changes a call so that its answer can be searched: JSON, not compressed. Requests for Tables and
 * metadata keep their form.
 */
export function asReadable(request: KubeRequest): KubeRequest {
  const { 'accept-encoding': _encoding, accept = '', ...headers } = request.headers;
  const json = accept.split(',').filter((part) => /^\s*application\/json\s*(;|$)/i.test(part));

  return {
    ...request,
    headers: { ...headers, accept: json.length > 0 ? json.join(',') : 'application/json' },
  };
}

/** Whether no object in the bytes can have secrets. */
function hasNoSecrets(bytes: Buffer, { mark }: SecretFields): boolean {
  return mark !== undefined && !bytes.includes(mark);
}

/** Yields the events of a watch without secrets, one line of JSON each, without a newline. */
export async function* redactedEvents(
  body: KubeBody,
  fields: SecretFields,
): AsyncGenerator<string> {
  for await (const { type, object } of frames(body)) {
    if (hasNoSecrets(object, fields)) {
      yield `{"type":${JSON.stringify(type)},"object":${object}}`;
      continue;
    }

    yield JSON.stringify({ type, object: withoutSecrets(JSON.parse(object.toString()), fields) });
  }
}

async function* lines(events: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const event of events) {
    yield Buffer.from(`${event}\n`);
  }
}

/**
 * Returns the answer to a call about a kind with secrets without them. `watches` says that a
 * successful answer is a stream of events. Throws 500 for an answer in which secrets cannot be
 * found.
 */
export async function redactedResponse(
  response: KubeResponse,
  fields: SecretFields,
  { watches }: { watches: boolean },
): Promise<KubeResponse> {
  const { 'content-length': _length, 'content-encoding': encoding, ...headers } = response.headers;
  if (encoding !== undefined && encoding !== 'identity') {
    throw internalError(
      'the Kubernetes API sent objects with secrets in an encoding that was not requested',
    );
  }

  if (watches && response.status === 200) {
    return { ...response, headers, body: lines(redactedEvents(response.body, fields)) };
  }

  const bytes = await readBody(response.body);
  if (bytes.byteLength === 0 || hasNoSecrets(bytes, fields)) {
    return { ...response, headers, body: bytes };
  }

  let answer: unknown;

  try {
    answer = JSON.parse(bytes.toString());
  } catch (error) {
    // A proxy has answered with text, which contains no object.
    if (response.status >= 400) {
      return {
        ...response,
        headers,
        body: Buffer.from(`the Kubernetes API answered ${response.status}\n`),
      };
    }

    throw internalError(
      'the Kubernetes API sent objects with secrets in a form other than JSON',
      error,
    );
  }

  return {
    ...response,
    headers,
    body: Buffer.from(JSON.stringify(withoutSecrets(answer, fields))),
  };
}
