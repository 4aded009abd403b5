import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorization/authorizer.ts';
import { answerFailure } from './answer-failure.ts';
import { type CallerOfJenkins, type JenkinsCalls, parseAnswer } from './jenkins-calls.ts';

const SEARCH = '/blue/rest/search/';

/** Most pipelines that are counted. */
const MAX_COUNTED = 1000;

/** Reading a pipeline, and whatever Jenkins has: the rights that decide. */
const READ_PIPELINE = parseRequestInfo(
  'GET',
  '/kapis/devops.kubesphere.io/v1alpha2/devops/d/pipelines/p',
);
const READ_JENKINS = parseRequestInfo('GET', '/kapis/devops.kubesphere.io/v1alpha2/jenkins/job');

/** Pipelines of one page, and the number of those on all pages. */
export interface FoundPipelines {
  items: readonly unknown[];
  total_count: number;
}

/** Returns the pipelines of an answer; null counts as none. */
function pipelinesOf(text: string): readonly unknown[] {
  const value = parseAnswer(text) ?? [];
  if (!Array.isArray(value)) {
    throw answerFailure(`a value of type ${typeof value}`, 'a list');
  }

  return value;
}

/** Returns the page of a list that a query asks for. */
function pageOf(items: readonly unknown[], query: URLSearchParams): readonly unknown[] {
  const start = Math.max(0, Number.parseInt(query.get('start') ?? '', 10) || 0);
  const limit = Number.parseInt(query.get('limit') ?? '', 10);

  return items.slice(start, limit >= 0 ? start + limit : undefined);
}

/**
 * Searches the pipelines of all projects. Jenkins shows every user all of them, so that those which
 * the caller may not read are left out here.
 */
export class PipelineSearch {
  readonly #jenkins: JenkinsCalls;
  readonly #authorizer: Authorizer;

  constructor(jenkins: JenkinsCalls, authorizer: Authorizer) {
    this.#jenkins = jenkins;
    this.#authorizer = authorizer;
  }

  /** Returns the pipelines that a query finds; `rawQuery` is sent on as it is. */
  async search(caller: CallerOfJenkins, user: UserInfo, rawQuery: string): Promise<FoundPipelines> {
    const query = new URLSearchParams(rawQuery);
    const page = await this.#jenkins.text(caller, {
      method: 'GET',
      path: rawQuery === '' ? SEARCH : `${SEARCH}?${rawQuery}`,
    });

    const counted = new URLSearchParams(query);
    counted.set('start', '0');
    counted.set('limit', String(MAX_COUNTED));
    counted.set('depth', '-1');

    const all = await this.#jenkins.text(caller, { method: 'GET', path: `${SEARCH}?${counted}` });
    const items = pipelinesOf(page);
    const found = pipelinesOf(all);

    if (await this.#permits(user, READ_JENKINS)) {
      return { items, total_count: found.length };
    }

    const readable = await this.#readable(user, found);

    return {
      items:
        readable.length === found.length
          ? await this.#readable(user, items)
          : pageOf(readable, query),
      total_count: readable.length,
    };
  }

  async #readable(user: UserInfo, items: readonly unknown[]): Promise<readonly unknown[]> {
    const readable: unknown[] = [];

    for (const item of items) {
      const info = infoOf(item);
      if (info && (await this.#permits(user, info))) {
        readable.push(item);
      }
    }

    return readable;
  }

  async #permits(user: UserInfo, info: RequestInfo): Promise<boolean> {
    return this.#authorizer.permits(user, info);
  }
}

/**
 * Returns the call that reads a pipeline; undefined for what is in no project. The first folder of
 * its full name is the project.
 */
function infoOf(item: unknown): RequestInfo | undefined {
  const { fullName } = (item ?? {}) as { fullName?: unknown };
  const [devops = '', name = ''] = typeof fullName === 'string' ? fullName.split('/') : [];

  return devops === '' || name === '' ? undefined : { ...READ_PIPELINE, devops, name };
}
