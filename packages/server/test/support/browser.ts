import { createHash, randomBytes } from 'node:crypto';

/** A page, or a redirect. */
export interface Page {
  status: number;
  headers: Headers;
  html: string;
  /** Target of a redirect. */
  location: URL | undefined;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const text = (html: string) =>
  html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name]!);

/** A minimal browser for the log-in pages: cookies with their paths, forms, no scripts. */
export class Browser {
  readonly origin: string;
  readonly cookies = new Map<string, string>();
  readonly headers: Record<string, string>;

  constructor(origin: string, headers: Record<string, string> = {}) {
    this.origin = origin;
    this.headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', ...headers };
  }

  /** Opens an address of the server. */
  async open(
    url: string | URL,
    init: { form?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    const target = new URL(url, this.origin);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');

    const response = await fetch(target, {
      ...(init.form && { method: 'POST', body: new URLSearchParams(init.form) }),
      headers: {
        ...this.headers,
        ...(cookie !== '' && target.pathname.startsWith('/oauth') && { cookie }),
        ...init.headers,
      },
      redirect: 'manual',
    });

    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '' || /max-age=0/i.test(set)) {
        this.cookies.delete(name);
      } else {
        this.cookies.set(name, value);
      }
    }

    const location = response.headers.get('location');

    const page: Page = {
      status: response.status,
      headers: response.headers,
      html: await response.text(),
      location: location === null ? undefined : new URL(location, target),
    };

    return page;
  }

  /** Submits the form of a page of `/oauth` with the values that a person enters. */
  submit(
    page: Page,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(page.html) ?? [];
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
    const form = { csrf: text(csrf), ...fields };
    return this.open(new URL(text(action), `${this.origin}/oauth/`), { form, headers });
  }
}

/** Returns a PKCE pair (RFC 7636). */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** Returns the query of an authorization request with S256. */
export function authorizeUrl(parameters: Record<string, string>): string {
  return `/oauth/authorize?${new URLSearchParams({ response_type: 'code', code_challenge_method: 'S256', ...parameters })}`;
}
