import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JenkinsRequest } from './jenkins/exchange.ts';
import type { JenkinsFailure } from './jenkins/failures.ts';
import { JENKINS_ADMIN, JenkinsServer } from './jenkins/jenkins-server.ts';
import { JenkinsRuns, USER_CRUMB } from './jenkins/runs.ts';
import { PATHS, TestPlatform } from './test-platform.ts';
import type { Answer, Call } from './test-server.ts';

/** Base of the API of pipelines. */
export const DEVOPS = '/kapis/devops.kubesphere.io/v1alpha2';

/** A job that runs to its end, and one that asks before. */
export const JOB = { _class: 'org.jenkinsci.plugins.workflow.job.WorkflowJob', config: '<a/>' };
export const ASKING_JOB = { ...JOB, config: '<a><input/></a>' };
export const MULTI_BRANCH_JOB = {
  _class: 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject',
  config: '<a/>',
};

/** Whether a password is a token of the user who sends it, as Jenkins finds out by asking. */
export function isTokenOf(name: string, password: string): boolean {
  const [, claims = ''] = password.split('.');

  try {
    return JSON.parse(Buffer.from(claims, 'base64url').toString()).username === name;
  } catch {
    return false;
  }
}

const ADMIN = `Basic ${btoa(`${JENKINS_ADMIN.username}:${JENKINS_ADMIN.password}`)}`;

function isOfUser({ headers }: JenkinsRequest): boolean {
  return headers.authorization !== ADMIN;
}

/** A server whose configuration names a stub of Jenkins. */
export class PipelinesPlatform {
  readonly platform: TestPlatform;
  readonly jenkins: JenkinsServer;
  readonly runs: JenkinsRuns;
  readonly #folder: string;

  private constructor(
    platform: TestPlatform,
    jenkins: JenkinsServer,
    runs: JenkinsRuns,
    folder: string,
  ) {
    this.platform = platform;
    this.jenkins = jenkins;
    this.runs = runs;
    this.#folder = folder;
  }

  /** Starts both; `sections` are added to the configuration. */
  static async start(sections: Record<string, unknown> = {}): Promise<PipelinesPlatform> {
    const runs = new JenkinsRuns();
    const jenkins = await JenkinsServer.start({ authenticate: isTokenOf, routes: runs.routes });
    const folder = await mkdtemp(join(tmpdir(), 'ks-devops-'));
    const config = join(folder, 'kubesphere.yaml');
    const devops = { host: jenkins.url, ...JENKINS_ADMIN, maxConnections: 20 };

    await writeFile(config, JSON.stringify({ devops, ...sections }));

    const platform = await TestPlatform.start({ args: ['--config', config] });

    return new PipelinesPlatform(platform, jenkins, runs, folder);
  }

  /** The calls to Jenkins that were not made by controllers, which go on all the time. */
  get callsOfUsers(): JenkinsRequest[] {
    return this.jenkins.calls.filter(isOfUser);
  }

  /** Orders a failure of the next call of a user. */
  failNext(failure: JenkinsFailure): void {
    this.jenkins.failures.add({ ...failure, times: 1, when: isOfUser });
  }

  /** Calls the API of pipelines, with the crumb, as the administrator unless given a token. */
  call(path: string, { headers, ...options }: Call = {}): Promise<Answer> {
    return this.platform.call(DEVOPS + path, {
      ...options,
      headers: { 'jenkins-crumb': USER_CRUMB, ...headers },
    });
  }

  /** Creates a DevOps project of a workspace, with a folder in Jenkins. */
  async createProject(name: string, workspace: string): Promise<void> {
    await this.platform.write(PATHS.devops, {
      apiVersion: 'devops.kubesphere.io/v1alpha3',
      kind: 'DevOpsProject',
      metadata: { name, labels: { 'kubesphere.io/workspace': workspace } },
    });

    if (!this.jenkins.state.find(name)) {
      this.jenkins.state.addFolder(name);
    }
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    await this.jenkins.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
