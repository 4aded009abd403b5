import type {
  JenkinsCall,
  JenkinsCaller,
  JenkinsUser,
} from '@ks-apiserver/upstreams/jenkins/jenkins-user';
import { discard, readText, type UpstreamAnswer } from '@ks-apiserver/upstreams/upstream';
import { answerFailure } from './answer-failure.ts';
import { succeeded, upstreamFailure } from './jenkins-failure.ts';

/** Longest JSON answer that is read, in bytes. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** Calls of one user to Jenkins; they end with the signal. */
export interface CallerOfJenkins extends JenkinsCaller {
  signal: AbortSignal;
}

/** A call, whose answers of any success count alike. */
export type Call = Omit<JenkinsCall, 'signal'>;

/**
 * Makes calls to Jenkins for users. Their failures are JenkinsFailures, or StatusErrors without an
 * answer of Jenkins.
 */
export class JenkinsCalls {
  readonly #jenkins: JenkinsUser;
  readonly #streams: JenkinsUser;

  /**
   * Bodies that are read as slowly as their callers like come from `streams`, so that they leave
   * connections for the others.
   */
  constructor(jenkins: JenkinsUser, streams: JenkinsUser) {
    this.#jenkins = jenkins;
    this.#streams = streams;
  }

  /** Makes a call and parses its JSON answer. Throws 500 for anything else. */
  async json(caller: CallerOfJenkins, call: Call): Promise<unknown> {
    return parseAnswer(await this.text(caller, call));
  }

  /** Makes a call and reads its answer. */
  async text(caller: CallerOfJenkins, call: Call): Promise<string> {
    try {
      const answer = await this.#jenkins.call(caller, { ...call, signal: caller.signal });
      return await readText(await succeeded(answer), { maxBytes: MAX_JSON_BYTES });
    } catch (error) {
      throw upstreamFailure(error);
    }
  }

  /** Makes a call and returns its answer, whatever its status. */
  async any(caller: CallerOfJenkins, call: Call): Promise<{ status: number; text: string }> {
    try {
      const answer = await this.#jenkins.call(caller, { ...call, signal: caller.signal });
      return { status: answer.status, text: await readText(answer, { maxBytes: MAX_JSON_BYTES }) };
    } catch (error) {
      throw upstreamFailure(error);
    }
  }

  /** Makes a call whose body is passed on while it comes. */
  async stream(caller: CallerOfJenkins, call: Call): Promise<UpstreamAnswer> {
    try {
      return await succeeded(await this.#streams.call(caller, { ...call, signal: caller.signal }));
    } catch (error) {
      throw upstreamFailure(error);
    }
  }

  /**
   * Makes a call that Jenkins may also answer with a redirect to the page of what it has started.
   */
  async start(caller: CallerOfJenkins, call: Call): Promise<string> {
    try {
      const answer = await this.#jenkins.call(caller, { ...call, signal: caller.signal });
      if (answer.status >= 300 && answer.status < 400) {
        await discard(answer);
        return '';
      }

      return await readText(await succeeded(answer), { maxBytes: MAX_JSON_BYTES });
    } catch (error) {
      throw upstreamFailure(error);
    }
  }

  /** Makes a call whose answer is passed on as it is, errors and redirects too. */
  async pass(caller: CallerOfJenkins, call: Call): Promise<UpstreamAnswer> {
    return this.#streams.pass(caller, { ...call, signal: caller.signal });
  }
}

/** Parses an answer of Jenkins. Throws 500 in words that say what came instead. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw answerFailure(
      text === '' ? 'an empty answer' : `"${text.trimStart().slice(0, 20)}"`,
      'JSON',
    );
  }
}
