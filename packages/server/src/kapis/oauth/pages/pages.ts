import type { RouteReply } from '@ks-apiserver/http/routes/route';
import { escapeHtml, htmlReply, type PageOptions } from '../../../http/html-page.ts';

function alertOf(message: string | undefined): string {
  return message === undefined ? '' : `<p class="alert" role="alert">${escapeHtml(message)}</p>\n`;
}

/** Content of the log-in page. `action` and the links are relative to `/oauth/authorize`. */
export interface LoginPage {
  client: string;
  action: string;
  token: string;
  alert: string | undefined;
  username: string;
  providers: readonly { name: string; link: string }[];
}

/** Returns the page that asks for name and password. */
export function loginPage(page: LoginPage, options: PageOptions): RouteReply {
  const providers = page.providers.map(
    ({ name, link }) =>
      `<a class="button quiet" href="${escapeHtml(link)}">Continue with ${escapeHtml(name)}</a>`,
  );

  const content = `<h1>Log in to KubeSphere</h1>
<p>to continue to <strong>${escapeHtml(page.client)}</strong></p>
${alertOf(page.alert)}<form method="post" action="${escapeHtml(page.action)}">
<input type="hidden" name="csrf" value="${escapeHtml(page.token)}">
<label for="username">User name or e-mail address</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="320" value="${escapeHtml(page.username)}"${page.username === '' ? ' autofocus' : ''}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"${page.username !== '' ? ' autofocus' : ''}>
<label for="otp">One-time code <small>if you have set one up</small></label>
<input id="otp" name="otp" inputmode="numeric" autocomplete="one-time-code" maxlength="16">
<button>Log in</button>
</form>${providers.length > 0 ? `\n<p class="or">or</p>\n${providers.join('\n')}` : ''}`;

  return htmlReply('Log in', content, options);
}

/** Content of the consent page. */
export interface ConsentPage {
  client: string;
  user: string;
  scopes: readonly string[];
  action: string;
  token: string;
  /** Link for a log-in as another user. */
  other: string;
}

/** Returns the page that asks a user whether a client may have what it asks for. */
export function consentPage(page: ConsentPage, options: PageOptions): RouteReply {
  const content = `<h1>Allow ${escapeHtml(page.client)}?</h1>
<p>You are logged in as <strong>${escapeHtml(page.user)}</strong>. It asks to:</p>
<ul>
${page.scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('\n')}
</ul>
<form method="post" action="${escapeHtml(page.action)}">
<input type="hidden" name="csrf" value="${escapeHtml(page.token)}">
<button name="consent" value="allow">Allow</button>
<button class="quiet" name="consent" value="deny">Deny</button>
</form>
<nav><a href="${escapeHtml(page.other)}">Log in as another user</a></nav>`;

  return htmlReply(`Allow ${page.client}`, content, options);
}

/** Returns the page that asks whether to log out; `action` is relative to `/oauth/logout`. */
export function logoutPage(
  page: { user: string; action: string; token: string },
  options: PageOptions,
): RouteReply {
  const content = `<h1>Log out?</h1>
<p>You are logged in as <strong>${escapeHtml(page.user)}</strong>.</p>
<form method="post" action="${escapeHtml(page.action)}">
<input type="hidden" name="csrf" value="${escapeHtml(page.token)}">
<button>Log out</button>
</form>`;

  return htmlReply('Log out', content, options);
}

/** Returns a page with a message. */
export function messagePage(title: string, text: string, options: PageOptions): RouteReply {
  return htmlReply(title, `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>`, options);
}
