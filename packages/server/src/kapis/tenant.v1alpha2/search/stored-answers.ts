import { RouteReply } from '@ks-apiserver/http/routes/route';
import type { FoundPage } from '@ks-apiserver/search/query/search-backend';
import type { SearchAnswers } from './search-handler.ts';

const COMMA = Buffer.from(',');

/** Returns a page of documents as they were stored, without reading them. */
function pieces({ total, documents }: FoundPage): Uint8Array[] {
  if (documents.length === 0) {
    return [Buffer.from(`{"query":{"total":${total},"records":null}}`)];
  }

  return [
    Buffer.from(`{"query":{"total":${total},"records":[`),
    ...documents.flatMap((document, index) => (index === 0 ? [document] : [COMMA, document])),
    Buffer.from(']}}'),
  ];
}

function replyWith(body: readonly Uint8Array[]): RouteReply {
  const length = body.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const headers = { 'content-type': 'application/json', 'content-length': String(length) };

  return new RouteReply(200, headers, body);
}

/** How searches of events and audit records are answered: with the documents as they are stored. */
export const STORED_ANSWERS: SearchAnswers = {
  pageOptions: ({ order, from, size }) => ({ order, from, size }),
  query: (found) => replyWith(pieces(found)),
  statistics: ({ total, distinct }) => ({ statistics: { resources: distinct, events: total } }),
  histogram: ({ total, buckets }) => ({
    histogram: { total, buckets: buckets.length > 0 ? buckets : null },
  }),
};
