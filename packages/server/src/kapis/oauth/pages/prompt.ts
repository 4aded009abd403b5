import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { RouteReply, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { PageOptions } from '../../../http/html-page.ts';
import type { AuthorizationRequest } from '../../../models/oauth/authorization-request.ts';
import type { LoggedIn } from '../../../models/oauth/codes.ts';
import type { Browser } from '../../../models/oauth/cookies.ts';
import { OAuthError } from '../../../models/oauth/errors.ts';
import { needsConsent } from '../../../models/oauth/user-steps.ts';
import type { Identity } from '../../../models/session/identity.ts';
import { sourceOf } from '../../login-source.ts';
import type { OAuthDependencies } from '../dependencies.ts';
import { typedCredentials } from '../typed-credentials.ts';
import { consentPage, loginPage } from './pages.ts';

/** An authorization request that needs input of a person at a browser. */
export interface Dialog {
  dependencies: OAuthDependencies;
  request: RouteRequest;
  asked: AuthorizationRequest;
  /** The request as the client sent it: every form contains its digest. */
  parameters: URLSearchParams;
  form: URLSearchParams | undefined;
  browser: Browser;
}

/** How the dialog ends: with a code for this user, and cookies to set. */
export type Grant = (user: LoggedIn, cookies?: readonly string[]) => Promise<RouteReply>;

const MEANING: Readonly<Record<string, string>> = {
  openid: 'identify you',
  profile: 'see your name and groups',
  groups: 'see your groups',
  email: 'see your e-mail address',
  offline_access: 'do so while you are not logged in',
  full: 'use KubeSphere with all of your rights',
};

/** The message for all failed log-ins, whatever the reason. */
const WRONG = 'User name or password is wrong.';
const INITIAL =
  'Your password was set by another user: log in to the console and set one of your own first.';

/**
 * Returns the request without its demand for a new log-in, for a browser that comes back from one.
 */
function afterLogin(parameters: URLSearchParams): string {
  const again = new URLSearchParams(parameters);
  const prompt = (again.get('prompt') ?? '')
    .split(' ')
    .filter((word) => word !== 'login' && word !== 'select_account');

  if (prompt.join('') === '') {
    again.delete('prompt');
  } else {
    again.set('prompt', prompt.join(' '));
  }

  return `/oauth/authorize?${again}`;
}

/** Shows the page that asks for name and password. */
export function askLogin(dialog: Dialog, alert?: string, options: PageOptions = {}): RouteReply {
  const { dependencies, asked, parameters, browser } = dialog;
  const query = parameters.toString();
  const { token, cookie } = dependencies.forms.issue(browser, 'login', query);
  const back = encodeURIComponent(afterLogin(parameters));

  const page = {
    client: asked.client.name,
    action: `authorize?${query}`,
    token,
    alert,
    username: (dialog.form?.get('username') ?? '').slice(0, 320),
    providers: dependencies.providers.map((name) => ({
      name,
      link: `login/${encodeURIComponent(name)}?return_to=${back}`,
    })),
  };

  return loginPage(page, { leadsTo: asked.redirectUri, ...options, cookies: [cookie] });
}

/** Shows the page that asks whether the client may have what it asks for. */
export function askConsent(
  dialog: Dialog,
  user: LoggedIn,
  cookies: readonly string[] = [],
): RouteReply {
  const { dependencies, asked, parameters, browser } = dialog;
  const query = parameters.toString();

  const { token, cookie } = dependencies.forms.issue(browser, 'consent', user.session, query);

  const other = new URLSearchParams(parameters);
  other.set('prompt', 'login');

  const page = {
    client: asked.client.name,
    user: user.identity.name,
    scopes: asked.scope.split(' ').map((scope) => MEANING[scope] ?? scope),
    action: `authorize?${query}`,
    token,
    other: `authorize?${other}`,
  };

  return consentPage(page, { leadsTo: asked.redirectUri, cookies: [cookie, ...cookies] });
}

/** Checks name and password of the form; returns the user, or the page that says what is wrong. */
async function checkPassword(
  dialog: Dialog,
  form: URLSearchParams,
): Promise<Identity | RouteReply> {
  const { dependencies, request } = dialog;
  try {
    return await dependencies.login.password(
      typedCredentials(form),
      sourceOf(request, { recordSuccess: true }),
    );
  } catch (error) {
    if (!(error instanceof StatusError) || error.code >= 500) {
      throw error;
    }

    if (error.code === 429) {
      const retryAfterSeconds = error.details?.retryAfterSeconds ?? 1;
      return askLogin(dialog, 'Too many attempts. Try again later.', {
        status: 429,
        retryAfterSeconds,
      });
    }

    if (error.reason === 'OtpRequired') {
      return askLogin(dialog, 'Your one-time code is needed too.', { status: 401 });
    }

    return askLogin(dialog, error.code === 403 ? 'This account is not active.' : WRONG, {
      status: error.code,
    });
  }
}

async function loginSubmitted(
  dialog: Dialog,
  form: URLSearchParams,
  grant: Grant,
): Promise<RouteReply> {
  const { dependencies, parameters, asked, browser } = dialog;
  const { forms, browsers, directory } = dependencies;

  const genuine = forms.accepts(browser, form.get('csrf') ?? '', 'login', parameters.toString());

  if (!genuine) {
    return askLogin(dialog, 'The page was too old. Try again.', { status: 403 });
  }

  const identity = await checkPassword(dialog, form);
  if (!('name' in identity)) {
    return identity;
  }
  if (directory.isUninitialized(identity.name)) {
    return askLogin(dialog, INITIAL, { status: 403 });
  }

  // A former log-in of the browser ends; the new session has another id.
  await browsers.end(browser);

  const { cookie, user } = await browsers.start(identity, browser);

  return needsConsent(asked) ? askConsent(dialog, user, [cookie]) : grant(user, [cookie]);
}

async function consentSubmitted(
  dialog: Dialog,
  form: URLSearchParams,
  grant: Grant,
): Promise<RouteReply> {
  const { dependencies, parameters, browser } = dialog;
  const user = await dependencies.browsers.findUser(browser);
  if (!user) {
    return askLogin(dialog, 'You have been logged out.', { status: 401 });
  }

  const token = form.get('csrf') ?? '';
  if (!dependencies.forms.accepts(browser, token, 'consent', user.session, parameters.toString())) {
    return askLogin(dialog, 'The page was too old. Try again.', { status: 403 });
  }

  if (form.get('consent') !== 'allow') {
    throw new OAuthError('access_denied', 'the user denied the request');
  }

  return grant(user);
}

/** Handles a form of one of the pages. Throws `access_denied` when the user says no. */
export function submitted(
  dialog: Dialog,
  form: URLSearchParams,
  grant: Grant,
): Promise<RouteReply> {
  return form.has('consent')
    ? consentSubmitted(dialog, form, grant)
    : loginSubmitted(dialog, form, grant);
}
