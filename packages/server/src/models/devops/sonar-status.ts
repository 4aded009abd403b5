import {
  JenkinsReadError,
  type JenkinsReader,
} from '@ks-apiserver/upstreams/jenkins/jenkins-reader';
import type {
  SonarQubeClient,
  SonarQubeObject,
} from '@ks-apiserver/upstreams/sonarqube/sonarqube-client';
import { plainFailure, upstreamFailure } from './jenkins-failure.ts';
import { jobPath, type PathNames } from './jenkins-paths.ts';

const ANALYSIS = 'hudson.plugins.sonar.action.SonarAnalysisAction';

/** Analyses of one build that are looked up. */
const MAX_ANALYSES = 20;

/** What SonarQube found in one analysis of a build. */
export interface SonarStatus {
  measures: SonarQubeObject;
  issues: SonarQubeObject;
  task: SonarQubeObject;
  /** What Jenkins keeps of the analysis; links lead to SonarQube's own pages. */
  jenkinsAction: SonarQubeObject;
}

interface Analysis extends SonarQubeObject {
  ceTaskId: string;
}

/** The builds in which an analysis is looked for, in this order. */
const BUILDS = ['lastBuild', 'lastCompletedBuild'] as const;

function analysesOf(build: unknown): Analysis[] {
  const { actions } = (build ?? {}) as { actions?: unknown };

  return (Array.isArray(actions) ? actions : []).filter(
    (action): action is Analysis =>
      action?._class === ANALYSIS && typeof action.ceTaskId === 'string',
  );
}

function componentOf(task: SonarQubeObject): string | undefined {
  const { componentKey } = (task.task ?? {}) as { componentKey?: unknown };
  return typeof componentKey === 'string' ? componentKey : undefined;
}

/** Adds the names under which 3.0 answers the fields of a metric. */
function withGoNames(metric: SonarQubeObject): SonarQubeObject {
  const { key, name, domain, type, description } = metric;
  return { ...metric, Key: key, Name: name, Domain: domain, Type: type, Description: description };
}

function withMetrics(measures: SonarQubeObject): SonarQubeObject {
  const { metrics } = measures;
  return Array.isArray(metrics) ? { ...measures, metrics: metrics.map(withGoNames) } : measures;
}

/** Finds what SonarQube says of the last build of a pipeline or branch. */
export class SonarStatuses {
  readonly #jenkins: JenkinsReader;
  readonly #sonarqube: SonarQubeClient;

  constructor(jenkins: JenkinsReader, sonarqube: SonarQubeClient) {
    this.#jenkins = jenkins;
    this.#sonarqube = sonarqube;
  }

  /**
   * Returns the analyses of the last build that has some; null where Jenkins has no such job or
   * build. Analyses that SonarQube does not know are left out. Rejects with 500 when Jenkins fails.
   */
  async of(names: PathNames, signal: AbortSignal): Promise<readonly SonarStatus[] | null> {
    const job = jobPath(names);

    try {
      for (const which of BUILDS) {
        const found = (await this.#jenkins.json(`${job}/api/json`, signal)) ?? {};
        const { number } = ((found as SonarQubeObject)[which] ?? {}) as { number?: unknown };
        if (!Number.isSafeInteger(number)) {
          return null;
        }

        const build = await this.#jenkins.json(`${job}/${number}/api/json?depth=1`, signal);
        const analyses = analysesOf(build);
        if (analyses.length > 0) {
          return await this.#statusesOf(analyses.slice(0, MAX_ANALYSES), signal);
        }
      }
    } catch (error) {
      if (!(error instanceof JenkinsReadError)) {
        throw upstreamFailure(error);
      }
      if (error.status === 404) {
        return null;
      }

      // In 3.0's words.
      const prefix = `[ServiceError:${error.status}] `;
      throw plainFailure(prefix + prefix + error.message, error);
    }

    return [];
  }

  async #statusesOf(analyses: readonly Analysis[], signal: AbortSignal): Promise<SonarStatus[]> {
    const statuses: SonarStatus[] = [];

    for (const jenkinsAction of analyses) {
      const status = await this.#statusOf(jenkinsAction, signal);
      if (status) {
        statuses.push(status);
      }
    }

    return statuses;
  }

  async #statusOf(action: Analysis, signal: AbortSignal): Promise<SonarStatus | undefined> {
    try {
      const task = await this.#sonarqube.task(action.ceTaskId, signal);
      const component = componentOf(task);
      if (component === undefined) {
        return undefined;
      }

      const measures = await this.#sonarqube.measures(component, signal);
      const issues = await this.#sonarqube.issues(component, signal);

      return { measures: withMetrics(measures), issues, task, jenkinsAction: action };
    } catch (error) {
      if (signal.aborted) {
        throw error;
      }

      return undefined;
    }
  }
}
