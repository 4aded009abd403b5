import { acceptsCoding } from '@ks-apiserver/http/response/compression';
import { type Route, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import {
  compressedFile,
  plainFile,
  REFERENCE_FILES,
  type ReferenceFile,
} from '../../swagger/reference-files.ts';
import { REFERENCE_HEADERS, REFERENCE_PAGE } from './page.ts';

const TAGS = ['Documentation'];

/** What the files are, for the document. */
const SUMMARIES: Readonly<Record<ReferenceFile, string>> = {
  'openapi.json': 'OpenAPI 3.1 document of every call',
  'swagger-ui.css': 'Style of the viewer of the reference',
  'swagger-ui-bundle.js': 'Viewer of the reference',
  'docs.css': 'Style of the page of the reference',
  'docs.js': 'Script of the page of the reference',
};

/** A file, compressed as it lies on the disk where the caller takes that. */
async function replyWithFile(name: ReferenceFile, { headers }: RouteRequest): Promise<RouteReply> {
  const { gzipped, etag } = await compressedFile(name);
  const common = {
    'content-type': REFERENCE_FILES[name],
    // Browsers keep it, and ask each time whether it is still the same.
    'cache-control': 'no-cache',
    'cross-origin-resource-policy': 'same-origin',
    vary: 'Accept-Encoding',
    etag,
  };

  if (acceptsCoding(headers['accept-encoding'], 'gzip')) {
    return new RouteReply(200, { ...common, 'content-encoding': 'gzip' }, gzipped);
  }

  return new RouteReply(200, common, await plainFile(name));
}

/**
 * `/docs`: the reference of every call, and the viewer that shows it. Open to anybody, as it holds
 * what is published with the source and nothing of this installation.
 */
export function docs(): Route[] {
  const page: Route = {
    method: 'GET',
    path: '/docs',
    operationId: 'docs',
    summary: 'Page of the reference, where calls can be tried',
    tags: TAGS,
    produces: ['text/html'],
    handler: () => new RouteReply(200, REFERENCE_HEADERS, REFERENCE_PAGE),
  };

  const files = Object.entries(REFERENCE_FILES).map(
    ([name, type]): Route => ({
      method: 'GET',
      path: `/docs/${name}`,
      operationId: `docs-${name}`,
      summary: SUMMARIES[name as ReferenceFile],
      tags: TAGS,
      produces: [type.replace(/;.*/, '')],
      handler: (request) => replyWithFile(name as ReferenceFile, request),
    }),
  );

  return [page, ...files];
}
