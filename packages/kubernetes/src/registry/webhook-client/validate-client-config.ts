import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { invalidValue, required } from '@ks-apiserver/apimachinery/validation/field';
import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { ClientConfig } from './target.ts';

const FORM = '; desired format: https://host[/path]';

function urlCauses(text: string, field: string): StatusCause[] {
  const parts =
    /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^/?#@]*)@)?([^/?#]*)[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(
      text,
    );

  const [, scheme = '', user, host = '', query, fragment] = parts ?? [];
  const causes: StatusCause[] = [];

  if (scheme !== 'https') {
    causes.push(invalidValue(field, scheme, `'https' is the only allowed URL scheme${FORM}`));
  }
  if (host === '') {
    causes.push(invalidValue(field, host, `host must be specified${FORM}`));
  }
  if (user !== undefined) {
    causes.push(invalidValue(field, user, 'user information is not permitted in the URL'));
  }
  if (fragment) {
    causes.push(invalidValue(field, fragment, 'fragments are not permitted in the URL'));
  }
  if (query) {
    causes.push(invalidValue(field, query, 'query parameters are not permitted in the URL'));
  }

  return causes;
}

function pathCauses(path: string, field: string): StatusCause[] {
  if (path === '' || path === '/') {
    return [];
  }
  if (path === '//') {
    return [invalidValue(field, path, 'segment[0] may not be empty')];
  }

  const causes = path.startsWith('/') ? [] : [invalidValue(field, path, "must start with a '/'")];

  for (const [index, segment] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (segment === '') {
      causes.push(invalidValue(field, path, `segment[${index}] may not be empty`));
    } else {
      for (const error of dnsSubdomainErrors(segment)) {
        causes.push(invalidValue(field, path, `segment[${index}]: ${error}`));
      }
    }
  }

  return causes;
}

/** What is wrong with a WebhookClientConfig (k8s.io/apiserver util/webhook). */
export function clientConfigCauses({ url, service }: ClientConfig, field: string): StatusCause[] {
  if (url !== undefined && service === undefined) {
    return urlCauses(url, `${field}.url`);
  }
  if (url !== undefined || service === undefined) {
    return [required(field, 'exactly one of url or service is required')];
  }

  const { name, namespace, port = 443, path } = service;
  const at = `${field}.service`;

  return [
    ...(name ? [] : [required(`${at}.name`)]),
    ...(namespace ? [] : [required(`${at}.namespace`)]),
    ...(port >= 1 && port <= 65535
      ? []
      : [
          invalidValue(
            `${at}.port`,
            port,
            'port is not valid: must be between 1 and 65535, inclusive',
          ),
        ]),
    ...(path === undefined ? [] : pathCauses(path, `${at}.path`)),
  ];
}
