import {
  isWhole,
  type KubeBody,
  type KubeResponse,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { Exchange } from '../server/exchange.ts';
import { writeKubeResponse } from './respond.ts';

/** Whether the pieces of a body are still to come. */
export function isStream(body: KubeBody): boolean {
  return !isWhole(body) && Symbol.asyncIterator in body;
}

/**
 * Sends an answer whose body is still to come, such as a log. It is cut when the caller's session or
 * right ends; when the server stops, it is completed.
 */
export function sendStream({ res, follow }: Exchange, response: KubeResponse): Promise<void> {
  const forget = follow?.((why) => {
    if (why !== 'stopping') {
      res.destroy();
    }
  });

  return Promise.resolve(writeKubeResponse(res, response)).finally(forget);
}
