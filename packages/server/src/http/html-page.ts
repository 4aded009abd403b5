import { createHash } from 'node:crypto';
import { RouteReply } from '@ks-apiserver/http/routes/route';

const STYLE = `:root{color-scheme:light dark;--text:#1b2430;--soft:#566270;--line:#c3cad3;--page:#f2f4f7;--card:#fff;--accent:#00774f;--on:#fff;--bad:#a8201a;--badpage:#fdeceb}
@media (prefers-color-scheme:dark){:root{--text:#e8ecf1;--soft:#a4afbc;--line:#46525f;--page:#12171d;--card:#1c232b;--accent:#4fd1a1;--on:#06251a;--bad:#ff9d94;--badpage:#3a1c1b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:25rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:2rem}
h1{font-size:1.375rem;line-height:1.3;margin:0 0 .25rem}
p{margin:0 0 1.25rem;color:var(--soft);overflow-wrap:anywhere}
strong{color:var(--text)}
label{display:block;font-weight:600;margin:1rem 0 .375rem}
small{font-size:.875rem;font-weight:400;color:var(--soft)}
input{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.625rem .75rem}
button,.button{display:block;width:100%;margin-top:1.25rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;border:1px solid var(--accent);border-radius:.5rem;padding:.625rem .75rem;background:var(--accent);color:var(--on);cursor:pointer}
.quiet{background:none;color:var(--accent);margin-top:.75rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alert{background:var(--badpage);color:var(--bad);border-radius:.5rem;padding:.625rem .75rem;margin:1rem 0 0}
.or{margin:1.5rem 0 0;text-align:center}
ul{margin:0 0 .5rem;padding-left:1.25rem}
nav{margin-top:1.25rem;text-align:center}
a{color:var(--accent)}
.wide{max-width:44rem}
h2{font-size:1.0625rem;margin:1.5rem 0 .375rem}
pre{margin:0 0 .75rem;padding:.75rem;overflow-x:auto;border:1px solid var(--line);border-radius:.5rem;font-size:.8125rem}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Returns text escaped for HTML, also within quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Options of a page. */
export interface PageOptions {
  status?: number;
  cookies?: readonly (string | undefined)[];
  /**
   * Where the answer to a form may redirect besides this server: the redirect URI of the client.
   */
  leadsTo?: string;
  retryAfterSeconds?: number;
  /** Wide enough for paragraphs and commands; pages with a form are narrow. */
  isWide?: boolean;
}

/**
 * Returns a source of a Content Security Policy: the origin of a URI, or its scheme when it has no
 * origin.
 */
function sourceOf(uri: string): string {
  if (!URL.canParse(uri)) {
    return '';
  }

  const { origin, protocol } = new URL(uri);
  return origin === 'null' ? protocol : origin;
}

/** Returns a page without scripts that must not be framed or cached (RFC 9700 section 4.16). */
export function htmlReply(title: string, content: string, options: PageOptions = {}): RouteReply {
  const { status = 200, cookies = [], leadsTo = '', retryAfterSeconds, isWide = false } = options;
  const set = cookies.filter((cookie) => cookie !== undefined);

  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action 'self' ${sourceOf(leadsTo)}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];

  const headers: Record<string, string | string[]> = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    // With no-referrer browsers would send no Origin with forms.
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
    ...(set.length > 0 && { 'set-cookie': set }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  };

  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} – KubeSphere</title>
<style>${STYLE}</style>
</head>
<body>
<main${isWide ? ' class="wide"' : ''}>
${content}
</main>
</body>
</html>
`;

  return new RouteReply(status, headers, page);
}
