import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  JENKINS_ADMIN,
  type JenkinsOptions,
  JenkinsServer,
} from '../support/jenkins/jenkins-server.ts';
import { TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

/** Base path of DevOps projects and what is in them. */
export const DEVOPS = '/kapis/devops.kubesphere.io/v1alpha3';

/** Base path of their objects at the Kubernetes API. */
export const OBJECTS = '/apis/devops.kubesphere.io/v1alpha3';

/** Returns a text as data of a Secret. */
export const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Returns a pipeline that holds its Jenkinsfile itself. */
export function pipelineOf(name: string, options: object = {}): object {
  return {
    metadata: { name },
    spec: { type: 'pipeline', pipeline: { name, jenkinsfile: 'node { echo "1" }', ...options } },
  };
}

/** Returns a credential of a name and a password. */
export function credentialOf(name: string, password: string): object {
  return {
    metadata: { name },
    type: 'credential.devops.kubesphere.io/basic-auth',
    data: { username: base64('robot'), password: base64(password) },
  };
}

/** A server that runs with the stub of Jenkins. */
export class DevOpsPlatform {
  readonly platform: TestPlatform;
  readonly jenkins: JenkinsServer;
  readonly config: string;
  readonly #folder: string;

  private constructor(
    platform: TestPlatform,
    jenkins: JenkinsServer,
    config: string,
    folder: string,
  ) {
    this.platform = platform;
    this.jenkins = jenkins;
    this.config = config;
    this.#folder = folder;
  }

  /** Starts both. */
  static async start(options: JenkinsOptions = {}): Promise<DevOpsPlatform> {
    const jenkins = await JenkinsServer.start(options);
    const folder = await mkdtemp(join(tmpdir(), 'ks-devops-'));
    const config = join(folder, 'kubesphere.yaml');
    const devops = { host: jenkins.url, ...JENKINS_ADMIN };

    await writeFile(config, JSON.stringify({ devops }));

    const platform = await TestPlatform.start({ args: ['--config', config] });

    return new DevOpsPlatform(platform, jenkins, config, folder);
  }

  /** Ends both. */
  async stop(): Promise<void> {
    await this.platform.stop();
    await this.jenkins.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Creates a project by the API, and waits until it has its namespace; returns its name. */
  async createProject(workspace: string, generateName: string): Promise<string> {
    const { metadata } = await this.platform.write(`${DEVOPS}/workspaces/${workspace}/devops`, {
      metadata: { generateName },
    });

    await this.untilReady(metadata.name);

    return metadata.name;
  }

  /** Waits until a project has its namespace and its folder, and the roles of its namespace. */
  async untilReady(name: string): Promise<void> {
    await eventually(async () => {
      const project = await this.platform.read(`${OBJECTS}/devopsprojects/${name}`);
      assert.equal(project.status?.adminNamespace, name);
      assert.equal(
        project.metadata.annotations['devopsproject.devops.kubesphere.io/syncstatus'],
        'successful',
      );

      const role = await this.platform.call(
        `/kapis/iam.kubesphere.io/v1alpha2/devops/${name}/roles/viewer`,
      );
      assert.equal(role.status, 200, role.text);
    });
  }

  /** Returns the events about an object, by reason. */
  async eventsOf(namespace: string, name: string): Promise<{ reason: string; message: string }[]> {
    const { items } = await this.platform.read(`/api/v1/namespaces/${namespace}/events`);
    return items.filter(
      ({ involvedObject }: { involvedObject: { name: string } }) => involvedObject.name === name,
    );
  }
}
