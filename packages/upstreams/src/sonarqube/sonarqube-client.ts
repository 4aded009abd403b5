import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
import { readText, type Upstream } from '../upstream.ts';

/** The measures of a component that are asked for. */
const METRICS = [
  'alert_status',
  'quality_gate_details',
  'bugs',
  'new_bugs',
  'reliability_rating',
  'new_reliability_rating',
  'vulnerabilities',
  'new_vulnerabilities',
  'security_rating',
  'new_security_rating',
  'code_smells',
  'new_code_smells',
  'sqale_rating',
  'new_maintainability_rating',
  'sqale_index',
  'new_technical_debt',
  'coverage',
  'new_coverage',
  'new_lines_to_cover',
  'tests',
  'duplicated_lines_density',
  'new_duplicated_lines_density',
  'duplicated_blocks',
  'ncloc',
  'ncloc_language_distribution',
  'projects',
  'new_lines',
].join(',');

/** Issues of a component that are shown. */
const ISSUES = '10';

/** Longest answer that is read, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** SonarQube has answered with something else than JSON and a status of success. */
export class SonarQubeError extends Error {
  override name = 'SonarQubeError';
}

/** A JSON object of SonarQube's Web API. */
export type SonarQubeObject = Readonly<Record<string, unknown>>;

/** Reads analyses from the Web API of SonarQube. */
export class SonarQubeClient {
  readonly #upstream: Upstream;
  readonly #headers: Readonly<Record<string, string>>;

  /** The token is one of a user of SonarQube. */
  constructor(upstream: Upstream, token: string) {
    this.#upstream = upstream;
    this.#headers = {
      accept: 'application/json',
      ...(token !== '' && { authorization: basicAuthorization(token, '') }),
    };
  }

  /**
   * Returns a task of the compute engine. Rejects with a SonarQubeError, or an UpstreamError
   * without an answer; so do the other methods.
   */
  task(id: string, signal: AbortSignal): Promise<SonarQubeObject> {
    return this.#get('/api/ce/task', { id }, signal);
  }

  /** Returns the measures of a component. */
  measures(component: string, signal: AbortSignal): Promise<SonarQubeObject> {
    return this.#get(
      '/api/measures/component',
      { additionalFields: 'metrics,periods', component, metricKeys: METRICS },
      signal,
    );
  }

  /** Returns the first open issues of a component. */
  issues(component: string, signal: AbortSignal): Promise<SonarQubeObject> {
    return this.#get(
      '/api/issues/search',
      {
        additionalFields: '_all',
        componentKeys: component,
        facets: 'severities,types',
        ps: ISSUES,
        resolved: 'false',
        s: 'FILE_LINE',
      },
      signal,
    );
  }

  async #get(
    path: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SonarQubeObject> {
    const answer = await this.#upstream.call({
      method: 'GET',
      path: `${path}?${new URLSearchParams(parameters)}`,
      headers: this.#headers,
      signal,
    });

    const text = await readText(answer, { maxBytes: MAX_BYTES });
    if (answer.status !== 200) {
      throw new SonarQubeError(`GET ${path}: SonarQube answered ${answer.status}`);
    }

    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return value as SonarQubeObject;
      }
    } catch {
      // As below.
    }

    throw new SonarQubeError(`GET ${path}: SonarQube answered with something else than an object`);
  }
}
