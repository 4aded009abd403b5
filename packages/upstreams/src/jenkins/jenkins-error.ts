/** Longest explanation of Jenkins that an error repeats, in characters. */
const MAX_REASON = 200;

/** What Jenkins was asked when it refused. */
export interface JenkinsCall {
  method: string;
  /** Without its query. */
  path: string;
}

/**
 * Jenkins answered with a status that means a failure. The message names the call and repeats what
 * Jenkins said, in short; it never contains what was sent.
 */
export class JenkinsError extends Error {
  readonly status: number;

  constructor(status: number, { method, path }: JenkinsCall, reason: string) {
    super(`Jenkins answered ${status} to ${method} ${path}${reason === '' ? '' : `: ${reason}`}`);
    this.name = 'JenkinsError';
    this.status = status;
  }
}

/** Reports whether an error is Jenkins' answer that something does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof JenkinsError && error.status === 404;
}

/** Returns what the body of a failure says: the message of JSON, or the heading of a page. */
export function reasonOf(body: string): string {
  const found =
    messageOfJson(body) ??
    /<title[^>]*>([^<]{1,1000})/i.exec(body)?.[1] ??
    (body.trimStart().startsWith('<') ? '' : body);

  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end up in logs and events.
  const printable = found.replace(/[\u0000-\u001F\u007F]+|\s+/g, ' ').trim();

  return printable.length > MAX_REASON ? `${printable.slice(0, MAX_REASON)} …` : printable;
}

function messageOfJson(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) ?? {};
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
