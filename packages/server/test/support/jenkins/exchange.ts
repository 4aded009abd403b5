import type { JenkinsState } from './state.ts';

/** A request that the stub has received. */
export interface JenkinsRequest {
  method: string;
  /** As received, with its percent escapes, without the query. */
  path: string;
  /** As received, without the question mark. */
  rawQuery: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Name of the caller, known by password or token; empty for anonymous calls. */
  user: string;
}

/** An answer of the stub. */
export interface JenkinsAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** Answers requests of a method whose path fits a pattern. */
export interface JenkinsRoute {
  method: string;
  /** Is tried on the path as received; its groups are handed over decoded. */
  path: RegExp;
  /** Whether anybody may call, without a password and a crumb. */
  isPublic?: boolean;
  answer: (
    request: JenkinsRequest,
    state: JenkinsState,
    groups: readonly string[],
  ) => JenkinsAnswer | Promise<JenkinsAnswer>;
}

/** Answers with JSON. */
export function json(value: unknown, status = 200): JenkinsAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=utf-8' },
    body: JSON.stringify(value),
  };
}

/** Answers with a page in Jenkins' style. */
export function page(status: number, title: string): JenkinsAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html;charset=utf-8' },
    body: `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
  };
}

/** Answers as Jenkins answers a submitted form: with a redirect to another page. */
export function redirect(location: string): JenkinsAnswer {
  return { status: 302, headers: { location } };
}

/** Answers with an empty body. */
export function done(): JenkinsAnswer {
  return { status: 200 };
}

/** Reads the fields of a submitted form, in the query or in the body. */
export function formOf({ query, headers, body }: JenkinsRequest): URLSearchParams {
  const form = new URLSearchParams(query);

  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body)) {
      form.append(name, value);
    }
  }

  return form;
}
