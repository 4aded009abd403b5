import type { IncomingMessage } from 'node:http';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import { attachment, type BinaryKey } from '@ks-apiserver/upstreams/s3/binary-store';
import type { S2iBinaries } from '../../models/devops/s2i/s2i-binaries.ts';
import { usesHttps } from '../../models/oauth/cookies.ts';

function keyOf({ params }: RouteRequest): BinaryKey {
  return { namespace: params.namespace ?? '', name: params.s2ibinary ?? '' };
}

/** URL of the same call, at the host that the caller reached, which asks for the content. */
function contentUrl({ headers, url }: RouteRequest): string {
  const [path = ''] = url.split('?', 1);
  const scheme = usesHttps(headers, { otherwise: false }) ? 'https' : 'http';
  return `${scheme}://${headers.host ?? ''}${path}?content=true`;
}

/** Sends a caller on, with a page for those who do not follow by themselves. */
function redirectTo(location: string): RouteReply {
  const link = location.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const headers = {
    location,
    'cache-control': 'no-store',
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
  };

  return new RouteReply(302, headers, `<a href="${link}">Found</a>.\n\n`);
}

/** Handlers of the files that images are built from. */
export function binaryHandlers(binaries: S2iBinaries) {
  return {
    upload: async (request: RouteRequest) => {
      if (request.dryRun) {
        throw badRequest('dryRun: a file cannot be uploaded on trial, leave it out');
      }
      if (request.body === undefined) {
        throw badRequest('[ServiceError:400] could not get file from form');
      }

      return binaries.upload({
        caller: request.user,
        key: keyOf(request),
        body: request.body as IncomingMessage,
        contentType: request.headers['content-type'] ?? '',
        signal: request.signal,
      });
    },

    /**
     * Sends the caller to where the file is. A file of this server itself is streamed with the
     * caller's own rights, after a redirect all the same: 3.0's console goes only where one leads.
     */
    download: async (request: RouteRequest) => {
      const { params, query } = request;
      const fileName = params.file ?? '';
      const found = await binaries.download(keyOf(request), fileName);

      if ('link' in found) {
        return redirectTo(found.link);
      }
      if (query.get('content') !== 'true') {
        return redirectTo(contentUrl(request));
      }

      const { size, body } = await found.content();

      return new RouteReply(
        200,
        {
          'content-type': 'application/octet-stream',
          'content-length': String(size),
          'content-disposition': attachment(fileName),
        },
        body,
      );
    },
  };
}
