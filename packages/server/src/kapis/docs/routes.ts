import { acceptsCoding } from '@ks-apiserver/http/response/compression';
import { type Route, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import {
  REFERENCE_FILES,
  type ReferenceFile,
  readCompressedFile,
  readPlainFile,
} from '../../swagger/reference-files.ts';
import { REFERENCE_HEADERS, REFERENCE_PAGE } from './page.ts';

const TAGS = ['Documentation'];

/** Summaries of the files in the reference itself. */
const SUMMARIES: Readonly<Record<ReferenceFile, string>> = {
  'openapi.json': 'OpenAPI 3.1 document of every call',
  'swagger-ui.css': 'Style of the viewer of the reference',
  'swagger-ui-bundle.js': 'Viewer of the reference',
  'docs.css': 'Style of the page of the reference',
  'docs.js': 'Script of the page of the reference',
};

/** Returns a file in the coding that the caller accepts. */
async function replyWithFile(name: ReferenceFile, { headers }: RouteRequest): Promise<RouteReply> {
  const { gzipped, etag } = await readCompressedFile(name);
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

  return new RouteReply(200, common, await readPlainFile(name));
}

/**
 * Routes of the reference and its viewer. Everybody may call them: the files are published with the
 * source and hold nothing about this installation.
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
