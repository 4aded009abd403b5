import { endToEndHeaders } from '@ks-apiserver/apimachinery/transport/end-to-end-headers';

/** Headers that tell where a call comes from and who makes it: only this server's own word counts. */
const OF_THE_CALLER =
  /^(forwarded|x-forwarded-.*|x-real-ip|x-client-ip|x-remote-.*|x-kubesphere-.*|impersonate-.*)$/;

/** Headers with which another server would act on this server's own origin. */
const OF_THE_ORIGIN =
  /^(set-cookie2?|strict-transport-security|access-control-.*|clear-site-data|content-security-policy.*|service-worker-allowed|alt-svc|x-accel-.*|x-sendfile)$/;

/**
 * Pages of another server are shown, but run nothing on this server's origin, where scripts could
 * act for the user.
 */
const SANDBOX = { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' };

/** Headers of a message, with names in lower case. */
export type MessageHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Returns the headers of a call that may go on to another server: without credentials, without the
 * cookies of this server, and without those that name users and addresses.
 */
export function headersToPass(headers: MessageHeaders): Record<string, string> {
  const {
    host: _host,
    cookie: _cookie,
    expect: _expect,
    authorization: _authorization,
    ...others
  } = endToEndHeaders(headers);

  return Object.fromEntries(Object.entries(others).filter(([name]) => !OF_THE_CALLER.test(name)));
}

/** A call whose headers go on. */
export interface ForwardedCall {
  headers: MessageHeaders & { authorization?: string | undefined };
  sourceIP: string;
}

/**
 * Returns a call's headers as they go on to another server, with the caller's token, but no
 * password, and with the caller's address.
 */
export function callHeaders({ headers, sourceIP }: ForwardedCall): Record<string, string> {
  const { authorization = '' } = headers;

  return {
    ...headersToPass(headers),
    ...(/^bearer /i.test(authorization) && { authorization }),
    'x-forwarded-for': sourceIP,
  };
}

/** Returns the headers of another server's answer as they go on to the caller. */
export function answerHeaders(headers: MessageHeaders): Record<string, string> {
  const kept = Object.entries(endToEndHeaders(headers)).filter(
    ([name]) => !OF_THE_ORIGIN.test(name),
  );

  return { ...Object.fromEntries(kept), ...SANDBOX };
}
