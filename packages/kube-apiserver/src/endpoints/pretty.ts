import { isWhole, type KubeRequest, type KubeResponse } from '@ks-apiserver/client/kube/transport';

/** Larger answers stay as they are: nobody reads them by eye. */
const MAX_PRETTY_BYTES = 1024 * 1024;
/** Who is taken for a person at a terminal or a browser (kube-apiserver's isPrettyPrint). */
const PEOPLE = ['curl', 'Wget', 'Mozilla/5.0'];
const TRUE = new Set(['1', 't', 'T', 'true', 'True', 'TRUE']);

/** Whether an answer is for people. */
export function isForPeople(request: KubeRequest, query: URLSearchParams): boolean {
  const asked = query.get('pretty');
  if (asked) return TRUE.has(asked);
  const agent = request.headers['user-agent'] ?? '';
  return PEOPLE.some((name) => agent.startsWith(name));
}

/** Indents a JSON answer for people: where `pretty` asks for it, or the client is one that people read in. */
export function pretty(request: KubeRequest, query: URLSearchParams, response: KubeResponse): KubeResponse {
  const { body, headers } = response;
  if (headers['content-type'] !== 'application/json' || !isWhole(body) || body.byteLength === 0) return response;
  if (body.byteLength > MAX_PRETTY_BYTES || !isForPeople(request, query)) return response;
  const text = JSON.stringify(JSON.parse(Buffer.from(body).toString('utf8')), undefined, 2);
  return { ...response, body: Buffer.from(text) };
}
