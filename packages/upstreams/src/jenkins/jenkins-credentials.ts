import type { JenkinsAdmin } from './jenkins-admin.ts';
import { isMissing, JenkinsError } from './jenkins-error.ts';
import { folderPath } from './jenkins-items.ts';

/** A credential as Jenkins keeps it in a folder, by KubeSphere's types of Secrets. */
export type CredentialForm =
  | { type: 'basic-auth'; username: string; password: string }
  | { type: 'ssh-auth'; username: string; passphrase: string; privateKey: string }
  | { type: 'secret-text'; secret: string }
  | { type: 'kubeconfig'; content: string };

const SSH = 'com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey';
const KUBECONFIG = 'com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials';

/** Says which class Jenkins makes of a form. */
const CLASS = 'stapler-class';

/** Where a credential is: the folder at the root, and its id. */
export interface CredentialKey {
  folder: string;
  id: string;
}

/**
 * Credentials of Jenkins' folders. Secrets travel in the body of a form and never in a URL, which
 * servers and proxies log; errors do not repeat what Jenkins says about them.
 */
export class JenkinsCredentials {
  readonly #admin: JenkinsAdmin;

  constructor(admin: JenkinsAdmin) {
    this.#admin = admin;
  }

  /** Returns the ids of the credentials of a folder. Rejects as `create`. */
  async idsIn(folder: string, signal?: AbortSignal): Promise<string[]> {
    const path = `${storePath({ folder })}/api/json?tree=credentials[id]`;

    try {
      return idsOf(await this.#admin.get(path, signal));
    } catch (error) {
      if (isMissing(error)) {
        return [];
      }
      throw error;
    }
  }

  /**
   * Creates a credential; returns false when one of that id is there already. Rejects with a
   * JenkinsError or an UpstreamError.
   */
  async create(key: CredentialKey, form: CredentialForm, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#submit(
        `${storePath(key)}/createCredentials`,
        { credentials: submitted(key, form) },
        signal,
      );
      return true;
    } catch (error) {
      if (error instanceof JenkinsError && error.status === 409) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Replaces a credential; returns false when there is none. Rejects with a JenkinsError or an
   * UpstreamError.
   */
  async update(key: CredentialKey, form: CredentialForm, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#submit(`${credentialPath(key)}/updateSubmit`, submitted(key, form), signal);
      return true;
    } catch (error) {
      if (isMissing(error)) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Deletes a credential; does nothing when it is gone already. Rejects with a JenkinsError or an
   * UpstreamError.
   */
  async delete(key: CredentialKey, signal?: AbortSignal): Promise<void> {
    try {
      await this.#admin.post(`${credentialPath(key)}/doDelete`, { ...(signal && { signal }) });
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
    }
  }

  #submit(path: string, form: object, signal: AbortSignal | undefined): Promise<void> {
    return this.#admin.post(path, {
      body: new URLSearchParams({ json: JSON.stringify(form) }).toString(),
      isSecret: true,
      ...(signal && { signal }),
    });
  }
}

function storePath({ folder }: Pick<CredentialKey, 'folder'>): string {
  return `${folderPath(folder)}/credentials/store/folder/domain/_`;
}

function credentialPath(key: CredentialKey): string {
  return `${storePath(key)}/credential/${encodeURIComponent(key.id)}`;
}

function submitted({ id }: CredentialKey, form: CredentialForm): object {
  return { scope: 'GLOBAL', id, description: '', ...fieldsOf(form) };
}

function fieldsOf(form: CredentialForm): object {
  switch (form.type) {
    case 'basic-auth':
      return {
        username: form.username,
        password: form.password,
        [CLASS]: 'com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl',
      };
    case 'ssh-auth':
      return {
        username: form.username,
        passphrase: form.passphrase,
        privateKeySource: {
          [CLASS]: `${SSH}$DirectEntryPrivateKeySource`,
          privateKey: form.privateKey,
        },
        [CLASS]: SSH,
      };
    case 'secret-text':
      return {
        secret: form.secret,
        [CLASS]: 'org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl',
      };
    case 'kubeconfig':
      return {
        kubeconfigSource: {
          [CLASS]: `${KUBECONFIG}$DirectEntryKubeconfigSource`,
          content: form.content,
        },
        [CLASS]: KUBECONFIG,
      };
  }
}

/** Jenkins answers with a list, or with an object whose keys are the ids. */
function idsOf(text: string): string[] {
  let credentials: unknown;

  try {
    credentials = JSON.parse(text)?.credentials;
  } catch {
    return [];
  }

  if (Array.isArray(credentials)) {
    return credentials.map((credential) => String(credential?.id));
  }

  return Object.keys(credentials ?? {});
}
