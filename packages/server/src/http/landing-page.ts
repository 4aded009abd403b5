import type { Exchange, Filter } from '@ks-apiserver/http/server/exchange';
import { htmlReply } from './html-page.ts';

const CONTENT = `<h1>KubeSphere API server</h1>
<p>This is an API for programs. The console is a separate program; configure it with this address.</p>
<h2>Where to go</h2>
<ul>
<li><a href="docs">Reference of every call</a>, where calls can be tried</li>
<li><a href="kapis/version">Version</a> of this server and of Kubernetes</li>
<li><a href="readyz">Whether it is ready</a></li>
</ul>
<h2>Log in</h2>
<pre>curl ADDRESS/oauth/token -d grant_type=password \\
  -d username=NAME --data-urlencode password=PASSWORD</pre>
<p>Send the access token with each call, as <code>Authorization: Bearer TOKEN</code>.</p>
<h2>kubectl</h2>
<p>Users have a kubeconfig of their own:</p>
<pre>curl -H "Authorization: Bearer TOKEN" \\
  ADDRESS/kapis/resources.kubesphere.io/v1alpha2/users/NAME/kubeconfig</pre>`;

const PAGE = htmlReply('API server', CONTENT, { isWide: true });

/** Returns whether a browser asks for the page. Programs that accept anything do not get it. */
function isBrowser({ req: { method, headers } }: Exchange): boolean {
  return (
    method === 'GET' &&
    headers.authorization === undefined &&
    headers.accept?.includes('text/html') === true
  );
}

/**
 * Answers `GET /` of a browser with a page that says what this server is, the same for everybody.
 * Requests with a credential, and those that do not ask for HTML, go through the rest of the chain.
 */
export const landingPage: Filter = (exchange, next) => {
  if (exchange.info.path !== '/' || !isBrowser(exchange)) {
    return next(exchange);
  }

  const headers = { ...PAGE.headers, 'x-content-type-options': 'nosniff', vary: 'Accept' };
  exchange.res.writeHead(PAGE.status, headers).end(PAGE.body);
};
