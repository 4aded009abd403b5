import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { RouteReply, RouteStream, type UpgradeRequest } from '@ks-apiserver/http/routes/route';
import { WebSocketServer } from 'ws';
import { errorFrame } from '../models/live/frames.ts';
import type { Follow, LiveList, LiveLists } from '../models/live/live-lists.ts';
import { EventStreamSink, LineSink, SocketSink } from '../models/live/sink.ts';
import { staleHeaders } from './stale-headers.ts';
import { EVENT_STREAM, wantsEvents } from './watch-request.ts';

const HEADERS = {
  'cache-control': 'no-cache, private',
  'x-content-type-options': 'nosniff',
  // Proxies that buffer answers would hold events back.
  'x-accel-buffering': 'no',
};

/** Longest message that a reader of a live list may send, in bytes: none is expected. */
const MAX_PAYLOAD = 4096;

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: MAX_PAYLOAD,
  perMessageDeflate: false,
});

/**
 * Sends a live list, as lines of JSON or Server-Sent Events. A position that is no longer kept gets
 * 410 as a Status; readers of Server-Sent Events get it as their first and last event, because a
 * browser would not reconnect after an error status.
 */
export async function liveReply(
  live: LiveLists,
  list: LiveList,
  follow: Follow,
  headers: IncomingHttpHeaders,
  stale: string | undefined,
): Promise<RouteStream | RouteReply> {
  const events = wantsEvents(headers);
  const type = events ? `${EVENT_STREAM}; charset=utf-8` : 'application/json';
  let begin: Awaited<ReturnType<LiveLists['open']>>;

  try {
    begin = await live.open(list, follow);
  } catch (error) {
    if (!(error instanceof StatusError)) {
      throw error;
    }

    const status = JSON.stringify(error.status());

    if (!events || error.code !== 410) {
      return new RouteReply(
        error.code,
        { ...retry(error), 'content-type': 'application/json' },
        `${status}\n`,
      );
    }

    const frame = errorFrame(error).toString();

    return new RouteReply(200, { ...HEADERS, 'content-type': type }, `id: \ndata: ${frame}\n`);
  }

  return new RouteStream(({ res, follow: followCaller }) => {
    res.writeHead(200, { ...HEADERS, 'content-type': type, ...staleHeaders(stale) });
    res.flushHeaders();

    const reader = begin(events ? new EventStreamSink(res) : new LineSink(res));
    const forget = followCaller?.(() => reader.end());

    res.once('close', () => forget?.());
  });
}

function retry({ details }: StatusError): Record<string, string> {
  return details?.retryAfterSeconds === undefined
    ? {}
    : { 'retry-after': String(details.retryAfterSeconds) };
}

/**
 * Sends a live list as messages of a WebSocket; throws what is wrong before the connection is
 * upgraded.
 */
export async function liveSocket(
  live: LiveLists,
  list: LiveList,
  follow: Follow,
  { incoming, socket, head, follow: followCaller }: UpgradeRequest,
): Promise<void> {
  const { req } = incoming;
  if (req.headers['sec-websocket-key'] === undefined) {
    throw badRequest('only WebSocket upgrades are served here');
  }

  let begin: Awaited<ReturnType<LiveLists['open']>> | StatusError;

  try {
    begin = await live.open(list, follow);
  } catch (error) {
    // Pages cannot see the status of a refused upgrade: what they can correct is sent as an event.
    if (!(error instanceof StatusError && error.code === 410)) {
      throw error;
    }

    begin = error;
  }

  sockets.handleUpgrade(req, socket, head, (client) => {
    const sink = new SocketSink(client, socket);

    if (begin instanceof StatusError) {
      sink.write([errorFrame(begin)]);
      sink.end();
      return;
    }

    const reader = begin(sink);
    followCaller([incoming.info], () => reader.end());
  });
}
